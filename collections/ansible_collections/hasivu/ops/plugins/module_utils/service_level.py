# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""When an application is good again for good: a series of samples without a bad one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.http_counters import COUNTED, FAILED, matching, rise
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_objectives import instant, written

Counters = dict[str, float]


@dataclass(frozen=True)
class Sample:
    """One look at the application: whether it answered well, and the counters of its answers where it has them."""

    at: datetime
    good: bool
    why: str = ""
    counters: Counters = field(default_factory=dict)


@dataclass
class Series:
    """Samples since the last bad one."""

    most_share: float
    first: Sample | None = None
    last: Sample | None = None
    samples: int = 0
    restarts: int = 0
    why: str = "nothing was sampled yet"

    def take(self, sample: Sample) -> None:
        """Go on with the series, or begin it anew after a bad sample or too many errors."""
        self.samples += 1
        trouble = sample.why if not sample.good else self.errors_since_first(sample)
        if trouble:
            self.restarts += self.first is not None
            self.first, self.last, self.why = None, None, trouble
            if not sample.good:
                return
        self.first, self.last = self.first or sample, sample

    def errors_since_first(self, sample: Sample) -> str:
        """Say when more answers than allowed were errors since the series began."""
        if self.first is None or not self.first.counters or not sample.counters:
            return ""
        answers = rise(self.first.counters, sample.counters, matching(COUNTED))
        errors = rise(self.first.counters, sample.counters, matching(FAILED))
        return f"{errors} of {answers} answers were errors" if errors > self.most_share * answers else ""

    def sustained(self) -> timedelta:
        """Return how long the series has lasted."""
        return self.last.at - self.first.at if self.first and self.last else timedelta(0)

    def as_dictionary(self) -> dict[str, Any]:
        """Return the series as JSON holds it."""
        first = self.first
        return {
            "good_since": written(first.at) if first else None,
            "counters": first.counters if first else {},
            "sustained_s": round(self.sustained().total_seconds(), 6),
            "samples": self.samples,
            "restarts": self.restarts,
        }


def series_from(kept: dict[str, Any], most_share: float) -> Series:
    """Return the series that an earlier look began; one that had counters is judged over the whole time since.

    A look without counters proves nothing of the time between, so that its series begins anew.
    """
    if not kept.get("good_since") or not kept.get("counters"):
        return Series(most_share)
    first = Sample(instant(kept["good_since"]), good=True, counters=kept["counters"])
    return Series(most_share, first, first, kept.get("samples", 1), kept.get("restarts", 0))
