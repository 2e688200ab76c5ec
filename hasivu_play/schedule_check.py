"""The calendar of an environment held against its rules and against the records of runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from hasivu_play.doctor_environment import read_variables
from hasivu_play.errors import UsageError
from hasivu_play.header import Header
from hasivu_play.project import Project
from hasivu_play.records import close_interrupted
from hasivu_play.schedule_calendar import Calendar, read_calendar
from hasivu_play.schedule_lint import lint
from hasivu_play.schedule_missed import Due, due_times, real_runs
from hasivu_play.schedule_problem import Problem


@dataclass(frozen=True)
class Checked:
    """What a look at a calendar found; due times there are only where something starts by time."""

    since: datetime | None
    problems: list[Problem]
    dues: list[Due] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Tell whether nobody needs to act."""
        return all(problem.accepted for problem in self.problems) and all(due.ok for due in self.dues)


def check(calendar: Calendar, environment: str, now: datetime, days: int) -> Checked:
    """Look at the times of the days ahead in a calendar, and at what came of those that are past."""
    return Checked(calendar.since, lint(calendar, now, days), served(calendar, environment, now))


def calendar_of(project: Project, environment: str, headers: list[Header] | None = None) -> Calendar:
    """Return the calendar of an environment as its inventory declares it; headers are read unless given."""
    inventory = project.inventory(environment)
    _host, variables, problem = read_variables(project, inventory)
    if problem:
        raise UsageError(f"The inventory of {environment} cannot be read: {problem} Mend {inventory}.")
    return read_calendar(project, variables, headers)


def served(calendar: Calendar, environment: str, now: datetime) -> list[Due]:
    """Return what came of the times that are past, where anything starts by time."""
    if calendar.since is None or calendar.since > now:
        return []
    close_interrupted()
    ours = [entry for entry in calendar.entries if entry.kind == "procedure"]
    return due_times(ours, real_runs(environment, calendar.since), calendar.since, now)
