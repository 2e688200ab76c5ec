"""What has to be over before something else starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fnmatch import fnmatch

from hasivu_play.schedule_calendar import MEND, Calendar
from hasivu_play.schedule_problem import Problem
from hasivu_play.schedule_slot import Entry, Slot


def orders(calendar: Calendar, taken: dict[Entry, list[Slot]]) -> Iterator[Problem]:
    """Find what starts on a day before another one, which has to be over by then, has ended."""
    for order in calendar.orders:
        firsts, thens = named(taken, order["first"]), named(taken, order["then"])
        yield from (unknown(order[end]) for end, known in (("first", firsts), ("then", thens)) if known is None)
        earlier = [slot for entry in firsts or [] for slot in taken[entry]]
        for entry in thens or []:
            for slot in taken[entry]:
                yield from out_of_order(order["first"], earlier, slot)


def out_of_order(first: str, earlier: list[Slot], slot: Slot) -> Iterator[Problem]:
    """Say when nothing of that day was before a slot, or when it may still run."""
    names, mend = (first, slot.entry.name), "Change the schedule of one of them."
    today = [one for one in earlier if one.start.date() == slot.start.date()]
    if not today:
        yield Problem("order", names, f"{slot.entry.name} has no {first} before it on its day.", mend, slot.start)
    elif any(one.latest_end > slot.start for one in today):
        says = f"{slot.entry.name} starts before {first} must be over."
        yield Problem("order", names, says, mend, slot.start)


def backups(calendar: Calendar, taken: dict[Entry, list[Slot]]) -> Iterator[Problem]:
    """Find what starts without a backup of what it takes that is young enough."""
    saved = [slot for entry, own in taken.items() if entry.kind == "backup" for slot in own]
    for promise in calendar.backups_before:
        known = named(taken, promise["procedure"])
        if known is None:
            yield unknown(promise["procedure"])
        for slot in (slot for entry in known or [] for slot in taken[entry]):
            oldest = slot.start - timedelta(hours=float(promise["hours"]))
            of_it = [one for one in saved if set(one.entry.resources) & set(slot.entry.resources)]
            if not any(oldest < one.start and one.latest_end <= slot.start for one in of_it):
                says = f"{slot.entry.name} has no backup of the {promise['hours']} hours before it."
                yield Problem("backup", (slot.entry.name,), says, "Add a backup before it.", slot.start)


def named(taken: dict[Entry, list[Slot]], pattern: str) -> list[Entry] | None:
    """Return the entries that a name means; a name that has no * and means none is a mistake."""
    found = [entry for entry in taken if fnmatch(entry.name, pattern)]
    return found if found or "*" in pattern else None


def unknown(name: str) -> Problem:
    """Say that a rule names what is not in the calendar."""
    return Problem("name", (name,), f"A rule of the calendar names '{name}', which starts at no time here.", MEND)
