# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The time that a maintenance run has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Window:
    """When the run must have ended, and what sets that time."""

    deadline: datetime
    reason: str

    def remaining(self) -> float:
        """Return the seconds that are left, never less than none."""
        return max(0.0, (self.deadline - datetime.now(UTC)).total_seconds())


def open_window(
    started: str | None, budget_minutes: int, deadline: str | None, hard_stop: str | None, timezone: str
) -> Window:
    """Take the earliest of the limits; all of them count from the start of the window, which a resumed run inherits.

    Raises:
        ValueError: A time is not written as it must be, or the time zone is unknown.
    """
    start = parse_instant(started) if started else datetime.now(UTC)
    limits = [Window(start + timedelta(minutes=budget_minutes), f"the budget of {budget_minutes} minutes")]
    if deadline:
        limits.append(Window(parse_instant(deadline), "the deadline of the run"))
    if hard_stop:
        limits.append(Window(next_time(start, hard_stop, timezone), f"the hard stop at {hard_stop} {timezone}"))
    return min(limits, key=lambda limit: limit.deadline)


def parse_instant(text: str) -> datetime:
    """Read an instant in RFC 3339, which names its offset."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"the time {text!r} has no offset from UTC")
    return instant.astimezone(UTC)


def next_time(start: datetime, clock: str, timezone: str) -> datetime:
    """Return when a clock in a time zone shows a time for the first time after the start."""
    local = start.astimezone(ZoneInfo(timezone))
    stop = datetime.combine(local.date(), time.fromisoformat(clock), ZoneInfo(timezone))
    if stop <= local:
        stop = datetime.combine(local.date() + timedelta(days=1), time.fromisoformat(clock), ZoneInfo(timezone))
    return stop.astimezone(UTC)
