"""Claim: of 300 tables 30 need work, and doing only these takes a fifth of the time and is not felt by orders."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from statistics import median

from benchmarks import traffic, wide_database
from benchmarks.clock import tell
from benchmarks.figure import Figure, compare
from benchmarks.manual import LINES
from benchmarks.miniature import WEEKLY_DB, Miniature, miniature
from benchmarks.wide_database import NAME

TIME_AIM = 0.2
WAIT_AIM = 1.1
QUIET_SECONDS = 15
STEP = "hasivu.ops.db_vacuum"


@dataclass(frozen=True)
class Round:
    """What one way took in one round, and how many milliseconds each order waited meanwhile; of its vacuum step too."""

    seconds: float
    waits: list[float]
    step_seconds: float = 0.0
    step_waits: list[float] = field(default_factory=list)


def measure(rounds: int) -> list[Figure]:
    """Compare weekly-db and its vacuum step with `VACUUM ANALYZE; ANALYZE;`, while orders go on."""
    with miniature() as world:
        wide_database.create(world)
        weekly_db(world)
        ways = {"quiet": quiet, "weekly-db": run_weekly_db, "psql": run_psql}
        found: dict[str, list[Round]] = {name: [] for name in ways}
        for number in range(rounds):
            for name in list(ways) if number % 2 == 0 else reversed(list(ways)):
                wide_database.wear(world)
                found[name].append(ways[name](world))
                tell(f"  round {number + 1} of {rounds}, {name}: {found[name][-1].seconds:.2f} s")
    return [*times(found), *waits(found)]


def quiet(world: Miniature) -> Round:
    """Let orders go on and do nothing else."""
    began, ended, waited = traffic.during(world, NAME, partial(time.sleep, QUIET_SECONDS))
    return Round(ended - began, waited.between(began, ended))


def run_psql(world: Miniature) -> Round:
    """Do the manual's two lines of maintenance."""
    began, ended, waited = traffic.during(world, NAME, lambda: world.psql("hasivu_admin", NAME, *LINES[:2]))
    wide_database.check_vacuumed(world)
    return Round(ended - began, waited.between(began, ended))


def run_weekly_db(world: Miniature) -> Round:
    """Do the whole procedure, and look up in its record when its vacuum step began and ended."""
    began, ended, waited = traffic.during(world, NAME, partial(weekly_db, world))
    wide_database.check_vacuumed(world)
    step_began, step_ended = span_of_vacuum(world)
    return Round(
        seconds=ended - began,
        waits=waited.between(began, ended),
        step_seconds=step_ended - step_began,
        step_waits=waited.between(step_began, step_ended),
    )


def weekly_db(world: Miniature) -> None:
    """Run weekly-db on the wide database."""
    world.ansible_playbook(WEEKLY_DB, "-e", f"database_name={NAME}")


def span_of_vacuum(world: Miniature) -> tuple[float, float]:
    """Return when the vacuum step of the latest run began and ended, in seconds since 1970."""
    latest = max((world.home / "runs").iterdir(), key=lambda run: run.stat().st_mtime)
    lines = [json.loads(line) for line in (latest / "record.jsonl").read_text(encoding="utf-8").splitlines()]
    started = next(line for line in lines if line["event"] == "step_started" and line["action"] == STEP)
    finished = next(line for line in lines if line["event"] == "step_finished" and line["step"] == started["step"])
    began, ended = (datetime.fromisoformat(line["at"]).timestamp() for line in (started, finished))
    return began, ended


def times(found: dict[str, list[Round]]) -> list[Figure]:
    """Compare the times."""
    manual = [one.seconds for one in found["psql"]]
    step = [one.step_seconds for one in found["weekly-db"]]
    whole = [one.seconds for one in found["weekly-db"]]
    other = "against VACUUM ANALYZE; ANALYZE; on 300 tables, 30 in need"
    return [
        compare(f"The step db_vacuum {other}", step, manual, aim=TIME_AIM),
        compare(f"The whole of weekly-db {other}", whole, manual, aim=TIME_AIM),
    ]


def waits(found: dict[str, list[Round]]) -> list[Figure]:
    """Compare what orders waited; the median of the rounds, for one disturbed round would decide over all orders."""
    calm = percentile_99(found["quiet"], lambda one: one.waits)
    step = percentile_99(found["weekly-db"], lambda one: one.step_waits)
    whole = percentile_99(found["weekly-db"], lambda one: one.waits)
    manual = percentile_99(found["psql"], lambda one: one.waits)
    return [
        Figure("p99 of pgbench during db_vacuum against quiet", step, calm, unit="ms", aim=WAIT_AIM),
        Figure("p99 of pgbench during the whole of weekly-db against quiet", whole, calm, unit="ms", aim=WAIT_AIM),
        Figure("p99 of pgbench during VACUUM ANALYZE; ANALYZE; against quiet", manual, calm, unit="ms"),
    ]


def percentile_99(rounds: list[Round], pick: Callable[[Round], list[float]]) -> float:
    """Return the wait that one order in a hundred exceeds, in the middle one of the rounds."""
    return median(traffic.percentile_99(pick(one)) for one in rounds)
