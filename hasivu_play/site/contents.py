"""Everything that the pages tell, read from the project and its records."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from hasivu_play.coverage import Procedure, Row, load_not_yet_covered, read_procedures, rows
from hasivu_play.coverage_check import problems
from hasivu_play.coverage_problem import Problem
from hasivu_play.coverage_view import counts
from hasivu_play.header import Header
from hasivu_play.manual import Manual, load_register
from hasivu_play.project import Project
from hasivu_play.site.calendars import Agenda, agendas
from hasivu_play.site.controls import Control, controls
from hasivu_play.site.runs import Told

BROKE_OFF = (4, 5, 7)


@dataclass(frozen=True)
class Section:
    """A section of the manual with its blocks, and who does their work."""

    name: str
    rows: list[Row]


@dataclass(frozen=True)
class Contents:
    """What the pages tell; runs are the newest first."""

    now: datetime
    manual: str
    procedures: list[Procedure]
    runs: list[Told]
    controls: list[Control]
    coverage: list[Section]
    counts: dict[str, int]
    problems: list[Problem]
    agendas: list[Agenda]

    def runs_of(self, procedure: str) -> list[Told]:
        """Return the runs of a procedure."""
        return [told for told in self.runs if told.run.procedure == procedure]

    @property
    def incidents(self) -> list[Told]:
        """Return the runs that a person had to look at: not ended well, beside the rules, or not verified."""
        return [told for told in self.runs if (told.ended and is_incident(told)) or told.run.state == "unreadable"]

    @property
    def headers(self) -> dict[str, Header]:
        """Return the headers by the ids of their procedures."""
        return {procedure.header.id: procedure.header for procedure in self.procedures}


def is_incident(told: Told) -> bool:
    """Tell whether a run broke off, broke glass, was taken back, or has a record that does not verify."""
    run = told.run
    broke_off = run.exit_code in BROKE_OFF and not run.check
    return bool(broke_off or run.break_glass or told.kind == "rollback" or told.problems)


def read(project: Project, tell_runs: Callable[[], list[Told]], now: datetime) -> Contents:
    """Read everything; the calendars come from other programs, so the runs are told meanwhile."""
    procedures = read_procedures(project)
    headers = [procedure.header for procedure in procedures]
    with ThreadPoolExecutor(1) as beside:
        calendars = beside.submit(agendas, project, headers, now)
        runs = tell_runs()
    manual, listed = load_register(), load_not_yet_covered()
    found = rows(manual, procedures, listed)
    return Contents(
        now=now,
        manual=f"{manual.title}, version {manual.version}",
        procedures=procedures,
        runs=runs,
        controls=controls(headers, runs, now),
        coverage=sections(manual, found),
        counts=counts(found),
        problems=problems(manual, procedures, found, listed),
        agendas=calendars.result(),
    )


def sections(manual: Manual, found: list[Row]) -> list[Section]:
    """Return the blocks under their sections."""
    groups = groupby(found, key=lambda row: row.block.section)
    return [Section(manual.section_of[key].name, list(group)) for key, group in groups]
