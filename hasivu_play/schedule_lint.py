"""Which times of a calendar meet, and which break its rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hasivu_play.errors import UsageError
from hasivu_play.schedule_calendar import MEND, Calendar
from hasivu_play.schedule_collision import collisions
from hasivu_play.schedule_pattern import pattern_of
from hasivu_play.schedule_problem import Problem
from hasivu_play.schedule_sequence import backups, orders
from hasivu_play.schedule_slot import Entry, slots
from hasivu_play.schedule_window import busy, frozen, too_short

DAYS_AHEAD = 400  # every first Sunday of a year meets every other rule at least once


def lint(calendar: Calendar, begin: datetime, days: int = DAYS_AHEAD) -> list[Problem]:
    """Return everything that is wrong with a calendar from a moment on; what was accepted says so."""
    end = begin + timedelta(days=days)
    known = [entry for entry in calendar.entries if not rule_problem(entry)]
    # What began on the day before may still run; it is looked at, but no time of it is judged.
    taken = {entry: list(slots(entry, begin - timedelta(days=2), end)) for entry in known}
    found = [
        *(problem for entry in calendar.entries if (problem := rule_problem(entry))),
        *collisions(taken),
        *frozen(calendar, taken),
        *busy(calendar, taken),
        *orders(calendar, taken),
        *backups(calendar, taken),
        *too_short(taken),
    ]
    late_enough = [one for one in found if one.at is None or one.at >= begin]
    judged = [accept(calendar, problem) for problem in together(late_enough)]
    return judged + forgotten(calendar, found) if days >= DAYS_AHEAD else judged


def together(problems: Iterable[Problem]) -> list[Problem]:
    """Return each problem once, with its first time and how often it comes."""
    found: dict[tuple[Any, ...], Problem] = {}
    for one in problems:
        key = (one.rule, one.names, one.says)
        before = found.get(key)
        if before is None:
            found[key] = one
        else:
            times = [moment for moment in (before.at, one.at) if moment]
            found[key] = replace(before, at=min(times, default=None), times=before.times + 1)
    return sorted(found.values(), key=lambda one: (one.at.timestamp() if one.at else 0.0, one.names))


def accept(calendar: Calendar, problem: Problem) -> Problem:
    """Return a problem with the reason for which somebody accepted it, if anybody did."""
    reasons = [str(one["reason"]) for one in calendar.accepted if meant(one) == (problem.rule, set(problem.names))]
    return replace(problem, accepted=reasons[0]) if reasons else problem


def forgotten(calendar: Calendar, found: list[Problem]) -> list[Problem]:
    """Return what was accepted and is no longer there."""
    met = [(one.rule, set(one.names)) for one in found]
    gone = [one for one in calendar.accepted if meant(one) not in met]
    return [
        Problem(
            "accepted",
            tuple(one["names"]),
            f"A {one['rule']} of {' and '.join(one['names'])} is accepted, and there is none.",
            MEND,
        )
        for one in gone
    ]


def meant(accepted: dict[str, Any]) -> tuple[str, set[str]]:
    """Return the rule and the names for which somebody accepted a problem."""
    return str(accepted["rule"]), set(accepted["names"])


def rule_problem(entry: Entry) -> Problem | None:
    """Say when a recurrence rule is wrong, or has no equal in the timers that start it."""
    try:
        pattern_of(entry.schedule["rrule"])
    except UsageError as error:
        return Problem(
            "rule", (entry.name,), f"The schedule of {entry.name} cannot be used: {error}", "Change its rrule."
        )
    return None
