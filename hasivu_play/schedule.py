"""When a procedure runs, by the recurrence rule in its header."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from hasivu_play.errors import UsageError

# A rule that counts intervals counts them from here, a Monday and the first day of a quarter.
FIRST_DAY = datetime(2024, 1, 1)


def next_time(schedule: dict[str, Any], after: datetime | None = None) -> datetime | None:
    """Return the next time of a schedule in its own zone, or nothing when it runs on demand."""
    if "rrule" not in schedule:
        return None
    zone = ZoneInfo(schedule["timezone"])
    local = (after or datetime.now(UTC)).astimezone(zone).replace(tzinfo=None)
    found = recurrence(schedule["rrule"], local).after(local)
    return None if found is None else found.replace(tzinfo=zone)


def times(schedule: dict[str, Any], begin: datetime, end: datetime) -> list[datetime]:
    """Return every time of a schedule from the beginning to just before the end, in its own zone."""
    if "rrule" not in schedule:
        return []
    zone = ZoneInfo(schedule["timezone"])
    first, last = (moment.astimezone(zone).replace(tzinfo=None) for moment in (begin, end))
    found = recurrence(schedule["rrule"], first).between(first, last, inc=True)
    return [moment.replace(tzinfo=zone) for moment in found if moment < last]


def recurrence(rule: str, local: datetime) -> Any:
    """Return the rule as dateutil computes it; only a rule with an interval needs its far beginning."""
    from dateutil.rrule import rrulestr

    start = FIRST_DAY if "INTERVAL=" in rule else local.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return rrulestr(rule, dtstart=start)
    except ValueError as error:
        raise UsageError(f"'{rule}' is no recurrence rule: {error}. Write it as RFC 5545 does.") from error


def describe(schedule: dict[str, Any], after: datetime | None = None) -> str:
    """Return the next time as a person reads it, such as `Sun 29 Nov 2026 02:00 IST`."""
    moment = next_time(schedule, after)
    return "on demand" if moment is None else in_words(moment)


def in_words(moment: datetime) -> str:
    """Return a moment as a person reads it in its zone."""
    return moment.strftime("%a %d %b %Y %H:%M %Z")
