"""What takes the same resource at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations, pairwise

from hasivu_play.schedule_problem import Problem
from hasivu_play.schedule_slot import Entry, Slot

MOVE = "Change the schedule of one of them, or its minutes."


def collisions(taken: dict[Entry, list[Slot]]) -> Iterator[Problem]:
    """Find what runs at the same time and takes the same resource, or what is not over when it comes again."""
    for one, other in combinations(taken, 2):
        shared = sorted(set(one.resources) & set(other.resources))
        if shared:
            yield from meetings(taken[one], taken[other], shared)
    for entry, own in taken.items():
        for slot, following in pairwise(own):
            if slot.latest_end > following.start:
                says = f"{entry.name} may not be over when it comes again."
                yield Problem("again", (entry.name,), says, "Lower its abort_after_minutes.", following.start)


def meetings(ours: list[Slot], theirs: list[Slot], shared: list[str]) -> Iterator[Problem]:
    """Return a problem for each pair of slots that meet; both lists are in the order of time."""
    position = 0
    longest = max((slot.latest_end - slot.start for slot in theirs), default=timedelta())
    for slot in ours:
        while position < len(theirs) and theirs[position].start + longest <= slot.start:
            position += 1
        for index in range(position, len(theirs)):
            other = theirs[index]
            if other.start >= slot.latest_end:
                break
            if other.latest_end > slot.start:
                first, second = sorted((slot, other), key=lambda one: one.start)
                yield meeting(first, second, shared)


def meeting(first: Slot, second: Slot, shared: list[str]) -> Problem:
    """Say that two slots meet, for certain or only when the first one takes longer than expected."""
    names = (first.entry.name, second.entry.name)
    if second.start == first.start:
        says = f"{first.entry.name} and {second.entry.name} start together, and both take {', '.join(shared)}."
        return Problem("collision", names, says, MOVE, second.start)
    if second.start < first.expected_end:
        says = f"{second.entry.name} starts while {first.entry.name} runs, and both take {', '.join(shared)}."
        return Problem("collision", names, says, MOVE, second.start)
    says = f"{second.entry.name} starts when {first.entry.name} may still run, and both take {', '.join(shared)}."
    return Problem("late collision", names, says, MOVE, second.start)
