"""What runs in a window in which it must not, or longer than its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hasivu_play.schedule_calendar import Calendar
from hasivu_play.schedule_problem import Problem
from hasivu_play.schedule_slot import Entry, Slot, closed


def frozen(calendar: Calendar, taken: dict[Entry, list[Slot]]) -> Iterator[Problem]:
    """Find changes that start in a freeze window, or may not be over when one begins."""
    for slot in (slot for entry, own in taken.items() if entry.kind == "procedure" for slot in own):
        for window in calendar.freezes if slot.entry.risk != "read" else []:
            if touches(window, slot):
                says = f"{slot.entry.name} may run while changes are frozen ({window['name']})."
                mend = "Change its schedule or its abort_after_minutes."
                yield Problem("freeze", (slot.entry.name, window["name"]), says, mend, slot.start)


def busy(calendar: Calendar, taken: dict[Entry, list[Slot]]) -> Iterator[Problem]:
    """Find backups while users are busiest; one that a standby takes is felt by nobody."""
    for slot in (slot for entry, own in taken.items() if entry.kind in ("backup", "maintenance") for slot in own):
        for window in calendar.busy if not slot.entry.multi_az else []:
            if touches(window, slot):
                says = f"{slot.entry.name} runs when users are busiest ({window['name']})."
                mend = "Move it, or set multi_az where a standby takes it."
                yield Problem("busy", (slot.entry.name, window["name"]), says, mend, slot.start)


def touches(window: dict[str, Any], slot: Slot) -> bool:
    """Tell whether a slot and a window have time in common."""
    return any(begin < slot.latest_end and slot.start < end for begin, end in closed(window, slot))


def too_short(taken: dict[Entry, list[Slot]]) -> Iterator[Problem]:
    """Find what a hard stop ends before its expected end."""
    for slot in (slot for own in taken.values() for slot in own if slot.latest_end < slot.expected_end):
        says = f"{slot.entry.name} is stopped at {slot.latest_end:%H:%M}, before its expected end."
        yield Problem("hard stop", (slot.entry.name,), says, "Let it start earlier.", slot.start)
