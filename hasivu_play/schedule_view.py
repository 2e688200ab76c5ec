"""Times of schedules in words and as JSON: in India's time, and in UTC beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from hasivu_play.console import aligned
from hasivu_play.schedule import next_time
from hasivu_play.schedule_check import Checked
from hasivu_play.schedule_missed import Due
from hasivu_play.schedule_problem import Problem
from hasivu_play.schedule_slot import Entry, Slot, slots

TITLES = ("INDIA", "UTC", "ID", "EXPECTED END", "LATEST END", "RISK OR KIND")
FORM = "%a %d %b %Y %H:%M"


def agenda(entries: Iterable[Entry], begin: datetime, days: int) -> list[Slot]:
    """Return the slots of the days ahead, and of each entry that has none in them the next one."""
    found: list[Slot] = []
    for entry in entries:
        following = next_time(entry.schedule, begin - timedelta(microseconds=1))
        if following is not None:
            end = max(begin + timedelta(days=days), following + timedelta(minutes=1))
            found += slots(entry, begin, end)
    return sorted(found, key=lambda slot: (slot.start, slot.entry.name))


def as_table(found: list[Slot], on_demand: list[str]) -> str:
    """Return an agenda as lines under headings, and below it what has no time."""
    lines = [aligned([TITLES, *(row(slot) for slot in found)])]
    return "\n".join([*lines, *(["", f"On demand: {', '.join(on_demand)}"] if on_demand else [])])


def row(slot: Slot) -> tuple[str, ...]:
    """Return the cells of a slot."""
    ends = [
        format(end, "%H:%M" if end.date() == slot.start.date() else FORM)
        for end in (slot.expected_end, slot.latest_end)
    ]
    return (
        format(slot.start, FORM),
        format(slot.start.astimezone(UTC), FORM),
        slot.entry.name,
        *ends,
        kind(slot.entry),
    )


def kind(entry: Entry) -> str:
    """Return the risk of a procedure, or the kind of what somebody else starts."""
    return entry.risk if entry.kind == "procedure" else entry.kind


def as_dictionary(slot: Slot) -> dict[str, Any]:
    """Return a slot as JSON holds it."""
    return {
        "id": slot.entry.name,
        "kind": slot.entry.kind,
        "at": slot.start.isoformat(),
        "at_utc": utc(slot.start),
        "expected_end": slot.expected_end.isoformat(),
        "latest_end": slot.latest_end.isoformat(),
        "risk": slot.entry.risk if slot.entry.kind == "procedure" else None,
        "resources": list(slot.entry.resources),
    }


def utc(moment: datetime) -> str:
    """Return a moment as RFC 3339 writes it in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def problem_as_dictionary(problem: Problem) -> dict[str, Any]:
    """Return a problem as JSON holds it."""
    at = problem.at.isoformat() if problem.at else None
    return {**asdict(problem), "at": at, "at_utc": utc(problem.at) if problem.at else None}


def due_as_dictionary(due: Due) -> dict[str, Any]:
    """Return a due time as JSON holds it."""
    return {**asdict(due), "at": due.at.isoformat(), "at_utc": utc(due.at), "ok": due.ok}


def checked_as_dictionary(environment: str, found: Checked) -> dict[str, Any]:
    """Return what a check found as JSON holds it."""
    return {
        "environment": environment,
        "ok": found.ok,
        "since": found.since.isoformat() if found.since else None,
        "problems": [problem_as_dictionary(problem) for problem in found.problems],
        "due": [due_as_dictionary(due) for due in found.dues],
    }


def report(found: Checked) -> str:
    """Return what a check found, each finding with its mend."""
    wrong = [(one.in_words, one.mend) for one in found.problems if not one.accepted]
    wrong += [(due.in_words, mend(due)) for due in found.dues if not due.ok]
    fine = [(one.in_words, f"Accepted: {one.accepted}") for one in found.problems if one.accepted]
    lines = [f"WRONG  {says}\n       {do}" for says, do in wrong] + [
        f"ok     {says}\n       {why}" for says, why in fine
    ]
    return "\n".join([*lines, f"ok     {served_in_words(found)}"])


def served_in_words(found: Checked) -> str:
    """Return how many due times were served."""
    if found.since is None:
        return "Nothing starts by time here, so nothing is missed."
    if not found.dues:
        return f"Due times count from {found.since:%d %b %Y} on; there was none yet."
    good = sum(due.ok for due in found.dues)
    return f"{good} of {len(found.dues)} due times since {found.since:%d %b %Y} were served or may still be."


def mend(due: Due) -> str:
    """Return what to do about a due time that was not served."""
    if due.runs:
        return f"Look at it with `hasivu-play runs show {due.runs[-1]}`; resume it, or run {due.procedure} again."
    return f"Run {due.procedure} now if its window allows, and find out why nothing started it."
