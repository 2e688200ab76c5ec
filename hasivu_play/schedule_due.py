"""Whether a procedure is due now, for timers that may start it too often or twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hasivu_play.errors import UsageError
from hasivu_play.header import Header
from hasivu_play.records import Run
from hasivu_play.schedule import describe, in_words, times
from hasivu_play.schedule_missed import EARLY, NOT_BEGUN, is_between

START_WITHIN = timedelta(minutes=10)  # what timers are told; the rest is for pulling an image and the like
LATE = timedelta(minutes=30)


@dataclass(frozen=True)
class Verdict:
    """Whether a procedure is to be started now, and why not."""

    due: bool
    says: str


def verdict(header: Header, runs: list[Run], now: datetime) -> Verdict:
    """Tell whether a time of the schedule has just come and no run was started for it yet."""
    if "rrule" not in header.schedule:
        raise UsageError(f"{header.id} runs on demand, so it is never due. Start it with: hasivu-play run {header.id}")
    found = times(header.schedule, now - LATE, now + EARLY + timedelta(microseconds=1))
    if not found:
        return Verdict(
            due=False, says=f"{header.id} is not due now. It is next due on {describe(header.schedule, now)}."
        )
    started = [run for run in runs if run.procedure == header.id and is_between(run, found[-1], None)]
    begun = [run for run in started if run.state not in NOT_BEGUN]
    if begun:
        says = f"{header.id}, due on {in_words(found[-1])}, was started already: {begun[0].id}."
        return Verdict(due=False, says=says)
    return Verdict(due=True, says=f"{header.id} was due on {in_words(found[-1])}.")
