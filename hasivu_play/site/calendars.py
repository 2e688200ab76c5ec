"""The calendars of the environments: the times ahead, what is wrong with them, and what was missed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from hasivu_play.errors import PlayError
from hasivu_play.header import Header
from hasivu_play.project import Project
from hasivu_play.schedule_check import Checked, calendar_of, check
from hasivu_play.schedule_slot import INDIA, Slot
from hasivu_play.schedule_view import agenda

DAYS = 35


@dataclass(frozen=True)
class Agenda:
    """One environment: its times ahead and its findings, or why its inventory could not be read."""

    environment: str
    slots: list[Slot] = field(default_factory=list)
    checked: Checked | None = None
    problem: str = ""

    @property
    def by_day(self) -> dict[str, list[Slot]]:
        """Return the slots under the day on which they start in India."""
        days: dict[str, list[Slot]] = {}
        for slot in self.slots:
            days.setdefault(format(slot.start.astimezone(INDIA), "%A %d %B %Y"), []).append(slot)
        return days


def agendas(project: Project, headers: list[Header], now: datetime) -> list[Agenda]:
    """Return the calendar of every environment that starts something by time."""

    def look(environment: str) -> Agenda:
        return agenda_of(project, environment, headers, now)

    with ThreadPoolExecutor() as pool:  # each waits for a program that reads its inventory
        found = list(pool.map(look, project.environments()))
    return [one for one in found if one.problem or (one.checked and one.checked.since)]


def agenda_of(project: Project, environment: str, headers: list[Header], now: datetime) -> Agenda:
    """Return the calendar of an environment."""
    try:
        calendar = calendar_of(project, environment, headers)
    except PlayError as error:
        return Agenda(environment, problem=str(error))
    return Agenda(environment, agenda(calendar.entries, now, DAYS), check(calendar, environment, now, DAYS))
