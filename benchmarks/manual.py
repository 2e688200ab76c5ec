"""Claim: how long the whole procedure, with guards, lock, record and report, takes against the manual's three lines."""

from __future__ import annotations

from benchmarks.clock import alternate
from benchmarks.figure import Figure, compare
from benchmarks.miniature import Miniature, miniature
from benchmarks.wear import wear

LINES = (
    "VACUUM ANALYZE;",
    "ANALYZE;",
    """SELECT pid, now() - pg_stat_activity.query_start AS duration, query FROM pg_stat_activity
        WHERE state = 'active' AND now() - pg_stat_activity.query_start > interval '5 minutes';""",
)


def measure(rounds: int) -> list[Figure]:
    """Compare `hasivu-play run weekly-db` with three psql on the same wear of the seeded database."""
    with miniature() as world:
        world.play("run", "weekly-db")
        ways = {
            "hasivu-play run weekly-db": lambda: world.play("run", "weekly-db"),
            "the manual's lines": lambda: lines_of_the_manual(world, world.postgresql["database"]),
        }
        ours, other = alternate(ways, rounds, prepare=lambda: wear(world)).values()
    return [compare("hasivu-play run weekly-db against the manual's three psql lines", ours, other)]


def lines_of_the_manual(world: Miniature, database: str) -> None:
    """Do what the manual says, one psql for each line."""
    world.psql("hasivu_admin", database, *LINES)
