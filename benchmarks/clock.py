"""Timing several ways of doing the same, turn and turn about, so that a busy machine is busy for all of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping

Series = dict[str, list[float]]


def alternate(
    ways: Mapping[str, Callable[[], object]], rounds: int, prepare: Callable[[], object] | None = None
) -> Series:
    """Time each way once in every round, in reverse order in every second one.

    Args:
        ways: What to time, by name.
        rounds: How often.
        prepare: What to do before each, outside the time.
    """
    series: Series = {name: [] for name in ways}
    for number in range(rounds):
        for name in list(ways) if number % 2 == 0 else reversed(list(ways)):
            if prepare:
                prepare()
            series[name].append(seconds(ways[name]))
            tell(f"  round {number + 1} of {rounds}, {name}: {series[name][-1]:.2f} s")
    return series


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def tell(line: str) -> None:
    """Say on stderr how far the benchmarks are."""
    print(line, file=sys.stderr, flush=True)
