"""Claim: one more step of ours costs a tenth of what the shelf module for the same job costs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median

from benchmarks import engine, trial_playbook
from benchmarks.clock import Series, alternate
from benchmarks.engine import Engine
from benchmarks.figure import Figure
from benchmarks.miniature import Miniature, miniature

AIM = 0.1
FEW, MANY = 1, 9
SHELF = {
    "postgresql": "community.postgresql.postgresql_query",
    "aws": "amazon.aws.aws_caller_info",
    "kubernetes": "kubernetes.core.k8s_info",
}


def measure(rounds: int) -> list[Figure]:
    """Take the difference between a playbook of one step and one of nine, for each service and way."""
    figures: list[Figure] = []
    with miniature() as world:
        for service, name in SHELF.items():
            each = cost_of_a_step(world, service, rounds)
            claim = f"One more {service} step"
            figures.append(Figure(f"{claim} against {name}", each["ours"], each["shelf"], aim=AIM))
            figures.append(Figure(f"{claim} against our module the ordinary way", each["ours"], each["ordinary"]))
    return figures


def cost_of_a_step(world: Miniature, service: str, rounds: int) -> dict[str, float]:
    """Return the seconds that one more step adds to a playbook, by way."""
    ways: dict[str, Callable[[], None]] = {
        **both_lengths(world, service, "ours", "ours", engine.in_worker()),
        **both_lengths(world, service, "shelf", "shelf", engine.in_worker()),
        **both_lengths(world, service, "ordinary", "ours", engine.ordinary()),
    }
    series = alternate(ways, rounds)
    return {way: difference(series, service, way) for way in ("ours", "shelf", "ordinary")}


def both_lengths(
    world: Miniature, service: str, way: str, modules: str, chosen: Engine
) -> dict[str, Callable[[], None]]:
    """Return the runs of the short and the long playbook of one way."""
    runs: dict[str, Callable[[], None]] = {}
    for count in (FEW, MANY):
        path = world.home / f"{service}-{modules}-{count}.yml"
        trial_playbook.write(path, [trial_playbook.NAMES[modules][service]] * count)
        runs[label(service, way, count)] = partial(chosen.run, world, path)
    return runs


def difference(series: Series, service: str, way: str) -> float:
    """Return the cost of one step: the median of the differences of the rounds."""
    few, many = (series[label(service, way, count)] for count in (FEW, MANY))
    return median((long - short) / (MANY - FEW) for short, long in zip(few, many, strict=True))


def label(service: str, way: str, count: int) -> str:
    """Name one run."""
    return f"{service} {way} {count}"
