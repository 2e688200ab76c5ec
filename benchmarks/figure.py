"""What a benchmark found out: one claim, both times, and whether the aim was met."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Figure:
    """How long ours took against something else, in one run on one machine."""

    claim: str
    ours: float
    other: float
    unit: str = "s"
    aim: float | None = None

    @property
    def ratio(self) -> float:
        """Return ours as a share of the other."""
        return self.ours / self.other

    @property
    def met(self) -> bool | None:
        """Tell whether the ratio is at the aim or below it; nothing where there is no aim."""
        return None if self.aim is None else self.ratio <= self.aim

    def as_json(self) -> dict[str, Any]:
        """Return the figure for a program to read."""
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


def compare(claim: str, ours: list[float], other: list[float], **details: Any) -> Figure:
    """Make a figure of the medians of two series."""
    return Figure(claim, median(ours), median(other), **details)
