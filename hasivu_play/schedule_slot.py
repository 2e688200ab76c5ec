"""What starts by time, and the slots of time that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hasivu_play.schedule import times

INDIA = ZoneInfo("Asia/Kolkata")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Entry:
    """A procedure, or a job that somebody else starts: when, for how long, and what it takes for itself."""

    name: str
    kind: str  # procedure, backup, maintenance or job
    schedule: dict[str, Any] = field(hash=False)
    expected_minutes: int
    latest_minutes: int
    resources: tuple[str, ...] = ()
    risk: str = "read"
    hard_stop: str = ""  # the clock in India at which it ends, whatever is left
    multi_az: bool = False  # whether a backup is taken from the standby, so that nobody waits for it


@dataclass(frozen=True)
class Slot:
    """One time of an entry: its start, the end that is expected, and the end that it cannot pass."""

    entry: Entry
    start: datetime
    expected_end: datetime
    latest_end: datetime


def slots(entry: Entry, begin: datetime, end: datetime) -> Iterator[Slot]:
    """Return the slots of an entry that start in a stretch of time, in India's time."""
    for moment in times(entry.schedule, begin, end):
        start = moment.astimezone(INDIA)
        latest = start + timedelta(minutes=entry.latest_minutes)
        stop = next_clock(start, entry.hard_stop) if entry.hard_stop else latest
        yield Slot(entry, start, start + timedelta(minutes=entry.expected_minutes), min(latest, stop))


def next_clock(after: datetime, clock: str) -> datetime:
    """Return when India's clocks show a time for the first time after a moment."""
    moment = at(after.date(), clock)
    return moment if moment > after else moment + timedelta(days=1)


def at(day: date, clock: str) -> datetime:
    """Return a time of a day in India; `24:00` is the midnight at its end."""
    hours, minutes = clock.split(":")
    return datetime(day.year, day.month, day.day, tzinfo=INDIA) + timedelta(hours=int(hours), minutes=int(minutes))


def closed(window: dict[str, Any], slot: Slot) -> list[tuple[datetime, datetime]]:
    """Return begin and end of a window on the days that a slot touches; a window may end on the next day."""
    found = []
    for number in range(-1, (slot.latest_end.date() - slot.start.date()).days + 1):
        day = slot.start.date() + timedelta(days=number)
        if DAYS[day.weekday()] in (window.get("days") or DAYS):
            begin, end = at(day, str(window["from"])), at(day, str(window["to"]))
            found.append((begin, end if end > begin else end + timedelta(days=1)))
    return found
