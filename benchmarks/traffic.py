"""Orders that go on while the database is maintained: pgbench at a steady pace, and how long each had to wait."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.miniature import SUPERUSER, Miniature
from benchmarks.programs import BenchmarkError, run

CLIENTS, PER_SECOND, SCALE = 4, 100, 5
LONGEST_SECONDS = 600
# pgbench writes its log in blocks, and the last one only when it is full.
SETTLE_SECONDS, FLUSH_SECONDS = 1.0, 2.0
# An order is read and written; pgbench's own scripts would grow a table that maintenance would then find in need.
SCRIPT = r"""
\set account random(1, 100000 * :scale)
BEGIN;
SELECT abalance FROM pgbench_accounts WHERE aid = :account;
UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :account;
END;
"""


@dataclass(frozen=True)
class Waits:
    """When each transaction ended, in seconds since 1970, and how many milliseconds it took from when it was due."""

    ends: list[float]
    milliseconds: list[float]

    def between(self, start: float, end: float) -> list[float]:
        """Return the milliseconds of the transactions that ended in a span of time."""
        return [wait for at, wait in zip(self.ends, self.milliseconds, strict=True) if start <= at <= end]


def percentile_99(waits: list[float]) -> float:
    """Return the wait that one transaction in a hundred exceeds."""
    if len(waits) < 100:
        raise BenchmarkError(f"Only {len(waits)} transactions ended in that time, too few for a percentile.")
    return sorted(waits)[int(len(waits) * 0.99)]


def create_tables(world: Miniature, database: str) -> None:
    """Fill the tables of pgbench."""
    environment = world.environment(PGPASSFILE=str(world.password_file(SUPERUSER)))
    run(*world.program("pgbench", SUPERUSER, database), "-i", "-q", "-s", str(SCALE), environment=environment)
    (world.home / "order.sql").write_text(SCRIPT, encoding="utf-8")


def during(world: Miniature, database: str, work: Callable[[], object]) -> tuple[float, float, Waits]:
    """Do a piece of work while orders go on; return when it began, when it ended, and how long orders waited."""
    logs = world.home / "pgbench"
    process = start(world, database, logs)
    try:
        time.sleep(SETTLE_SECONDS)
        began = time.time()
        work()
        ended = time.time()
        time.sleep(FLUSH_SECONDS)
        if process.poll() is not None:
            raise BenchmarkError(f"pgbench ended by itself with {process.returncode}, so nothing is measured.")
    finally:
        process.terminate()
        process.wait()
    return began, ended, read(logs)


def start(world: Miniature, database: str, logs: Path) -> subprocess.Popen[bytes]:
    """Start pgbench at a steady pace, so that a slow database is seen as waits and not as fewer orders."""
    for old in logs.parent.glob(f"{logs.name}.*"):
        old.unlink()
    command = [
        *world.program("pgbench", SUPERUSER, database),
        *("-n", "-s", str(SCALE), "-c", str(CLIENTS), "-R", str(PER_SECOND), "-T", str(LONGEST_SECONDS)),
        *("-f", str(world.home / "order.sql"), "-l", "--log-prefix", str(logs)),
    ]
    environment = world.environment(PGPASSFILE=str(world.password_file(SUPERUSER)))
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def read(logs: Path) -> Waits:
    """Read pgbench's log: client, transaction, microseconds, script, seconds, microseconds of the second, lag."""
    waits = Waits([], [])
    for path in logs.parent.glob(f"{logs.name}.*"):
        whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
        for line in whole.splitlines():
            fields = line.split()
            waits.ends.append(int(fields[4]) + int(fields[5]) / 1_000_000)
            waits.milliseconds.append(int(fields[2]) / 1000)
    return waits
