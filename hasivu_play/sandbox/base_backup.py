"""`python -m hasivu_play.sandbox.base_backup ROOT PORT`: take a base backup, out of the way of everybody else."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from hasivu_play.sandbox.layout import Layout, write_private
from hasivu_play.sandbox.postgresql import SUPERUSER, run_program
from hasivu_play.sandbox.postgresql_programs import programs_directory

NICENESS = 15
FORM = "%Y%m%dT%H%M%SZ"
Run = Callable[..., None]


def take(layout: Layout, directory: Path, port: int, run: Run = run_program) -> Path:
    """Take a base backup under the time of its start; one that was cut short never bears the final name."""
    folder = directory / "base_backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    for leftover in folder.glob("*.part"):
        shutil.rmtree(leftover)
    final = free_name(folder)
    copy(layout, final.with_suffix(".part"), port, run)
    write_private(final.with_suffix(".json"), json.dumps({"ended": time.time()}) + "\n")
    return final.with_suffix(".part").rename(final)


def free_name(folder: Path) -> Path:
    """Return the name of a backup that starts now."""
    while (path := folder / datetime.now(UTC).strftime(FORM)).exists():
        time.sleep(0.1)
    return path


def copy(layout: Layout, target: Path, port: int, run: Run = run_program) -> None:
    """Copy a running server into a folder, with the log that makes the copy consistent."""
    from psycopg.conninfo import make_conninfo

    connection = make_conninfo(host="127.0.0.1", port=port, user=SUPERUSER, passfile=str(layout.credential("pgpass")))
    program = programs_directory() / "pg_basebackup"
    run(program, "-d", connection, "-D", target, "-X", "fetch", "-c", "fast", "--no-sync")


def complete(directory: Path) -> list[Path]:
    """Return the complete base backups of a server, oldest first."""
    return sorted((directory / "base_backups").glob("*Z"))


def started(backup: Path) -> float:
    """Return when a base backup began, as seconds since 1970."""
    return datetime.strptime(backup.name, FORM).replace(tzinfo=UTC).timestamp()


def ended(backup: Path) -> float:
    """Return when a base backup was complete: a restore can reach no earlier moment from it."""
    try:
        found: float = json.loads(backup.with_suffix(".json").read_text(encoding="utf-8"))["ended"]
    except FileNotFoundError:
        return backup.stat().st_mtime
    return found


if __name__ == "__main__":
    os.nice(NICENESS)
    root = Layout(Path(sys.argv[1]))
    take(root, root.part("postgresql"), int(sys.argv[2]))
