"""Claim: the driver costs next to nothing over bare ansible-playbook for the same playbook."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.clock import Series, alternate
from benchmarks.figure import Figure, compare
from benchmarks.miniature import WEEKLY_DB, Miniature, miniature
from benchmarks.wear import wear

AIM = 1.05


def measure(rounds: int) -> list[Figure]:
    """Compare both launchers on a database in need, and on one where there is nothing to do."""
    with miniature() as world:
        world.play("run", "weekly-db")
        worn = launchers(world, rounds, lambda: wear(world))
        world.play("run", "weekly-db")
        tidy = launchers(world, rounds)
    return [figure("a database in need", worn), figure("nothing to do", tidy)]


def launchers(world: Miniature, rounds: int, prepare: Callable[[], object] | None = None) -> Series:
    """Time weekly-db under the driver and under bare ansible-playbook."""
    ways = {
        "hasivu-play": lambda: world.play("run", "weekly-db"),
        "ansible-playbook": lambda: world.ansible_playbook(WEEKLY_DB),
    }
    return alternate(ways, rounds, prepare)


def figure(what: str, series: Series) -> Figure:
    """Make the figure of one comparison."""
    ours, other = series["hasivu-play"], series["ansible-playbook"]
    return compare(f"hasivu-play run weekly-db against ansible-playbook, {what}", ours, other, aim=AIM)
