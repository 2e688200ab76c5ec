"""What is known of a run before it begins: its phases, how long they took before, its point of no return, its clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

ON_TIME, AT_RISK, MISSED, MET = "on time", "at risk", "missed", "met"
RISKY_SHARE = 0.75


@dataclass(frozen=True)
class Phase:
    """A phase, the step with which it begins, and the seconds that it took before, where that is known."""

    name: str
    begins: str
    seconds: float | None = None


@dataclass(frozen=True)
class Clock:
    """The clock of the recovery time: when it began, its target, and the phase and step with which it stops."""

    began: datetime
    target: timedelta
    last_phase: int
    until: str | None = None


@dataclass(frozen=True)
class Plan:
    """What a run is going to do, as far as a person at the helm wants to know."""

    expected: timedelta
    phases: list[Phase] = field(default_factory=list)
    point_of_no_return: str | None = None
    step_before: str | None = None
    clock: Clock | None = None

    def remaining(self, current: int, spent: timedelta, last: int | None = None) -> timedelta | None:
        """Return how long is left to the end of a phase, by default the last, or nothing when it is not known.

        Args:
            current: Number of the current phase from 0, -1 before the first.
            spent: The time that it has lasted.
            last: Number of the phase to whose end it is.
        """
        left = [phase.seconds for phase in self.phases[max(current, 0) : None if last is None else last + 1]]
        known = [seconds for seconds in left if seconds is not None]
        if len(known) < len(left) or not self.phases:
            return None
        beyond = known[0] - spent.total_seconds() if known and current >= 0 else 0.0
        rest = sum(known[1:]) if current >= 0 else sum(known)
        return timedelta(seconds=max(beyond, 0.0) + rest)


def clock_state(elapsed: timedelta, target: timedelta, end: timedelta | None, *, stopped: bool) -> str:
    """Return whether the target is met or missed, or while the clock runs whether it will be.

    Args:
        elapsed: What the clock shows.
        target: What it must not show.
        end: What it will show at the expected end, where that is known.
        stopped: Whether service is back.
    """
    if elapsed > target:
        return MISSED
    if stopped:
        return MET
    late = end is not None and end > target
    return AT_RISK if late or elapsed > RISKY_SHARE * target else ON_TIME
