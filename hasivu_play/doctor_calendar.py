"""Whether the times of the procedures and of all that starts beside them agree with each other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from hasivu_play.doctor_check import Check
from hasivu_play.errors import UsageError
from hasivu_play.project import Project
from hasivu_play.schedule_calendar import read_calendar
from hasivu_play.schedule_lint import DAYS_AHEAD, lint

NAME = "calendar"


def check_calendar(project: Project, variables: dict[str, Any]) -> Iterator[Check]:
    """Hold the calendar against its rules; `schedule check` also tells what was missed."""
    try:
        calendar = read_calendar(project, variables)
        problems = lint(calendar, datetime.now(UTC))
    except UsageError as error:
        yield Check(NAME, ok=False, says=str(error), mend="Then look again with: hasivu-play schedule check")
        return
    for problem in problems:
        mend = f"Accepted: {problem.accepted}" if problem.accepted else problem.mend
        yield Check(NAME, ok=bool(problem.accepted), says=problem.in_words, mend=mend)
    if all(problem.accepted for problem in problems):
        says = f"entries: {len(calendar.entries)}; none breaks a rule for {DAYS_AHEAD} days, but for what was accepted"
        yield Check(NAME, ok=True, says=says)
