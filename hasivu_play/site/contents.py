"""Everything that the pages tell, read from the project and its records."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from hasivu_play.coverage import Row, load_not_yet_covered, read_procedures, rows
from hasivu_play.coverage_check import problems
from hasivu_play.coverage_problem import Problem
from hasivu_play.coverage_view import counts
from hasivu_play.document import Step, steps
from hasivu_play.header import Header, header_of, read_plays
from hasivu_play.manual import load_register
from hasivu_play.project import Project
from hasivu_play.site.calendars import Agenda, agendas
from hasivu_play.site.controls import Control, controls
from hasivu_play.site.runs import Told

BROKE_OFF = (4, 5, 7)


@dataclass(frozen=True)
class Document:
    """A procedure as a person reads it."""

    header: Header
    steps: list[Step]


@dataclass(frozen=True)
class Block:
    """Commands of the manual, and who does their work."""

    row: Row

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the commands."""
        return self.row.block.lines

    @property
    def anchor(self) -> str:
        """Return a name for a link to it."""
        return self.row.block.key.replace("/", "-")


@dataclass(frozen=True)
class Section:
    """A section of the manual with its blocks."""

    name: str
    blocks: list[Block]


@dataclass(frozen=True)
class Contents:
    """What the pages tell; runs are the newest first."""

    now: datetime
    manual: str
    documents: list[Document]
    runs: list[Told]
    controls: list[Control]
    coverage: list[Section]
    counts: dict[str, int]
    problems: list[Problem]
    agendas: list[Agenda] = field(default_factory=list)

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
        return {document.header.id: document.header for document in self.documents}


def is_incident(told: Told) -> bool:
    """Tell whether a run broke off, broke glass, was taken back, or has a record that does not verify."""
    run = told.run
    broke_off = run.exit_code in BROKE_OFF and not run.check
    return bool(broke_off or run.break_glass or told.kind == "rollback" or told.problems)


def read(project: Project, tell_runs: Callable[[], list[Told]], now: datetime) -> Contents:
    """Read everything; the calendars come from other programs, so the runs are told meanwhile."""
    documents = [document(project, procedure) for procedure in project.procedures()]
    headers = [one.header for one in documents]
    with ThreadPoolExecutor(1) as beside:
        calendars = beside.submit(agendas, project, headers, now)
        runs = tell_runs()
    manual, procedures, listed = load_register(), read_procedures(project), load_not_yet_covered()
    found = rows(manual, procedures, listed)
    sections = [
        Section(manual.section_of[key].name, [Block(row) for row in group])
        for key, group in groupby(found, key=lambda row: row.block.section)
    ]
    fields: dict[str, Any] = {"coverage": sections, "counts": counts(found), "agendas": calendars.result()}
    fields["problems"] = problems(manual, procedures, found, listed)
    fields["controls"] = controls(headers, runs, now)
    return Contents(now, f"{manual.title}, version {manual.version}", documents, runs, **fields)


def document(project: Project, procedure: str) -> Document:
    """Return a procedure with its steps."""
    path = project.playbook(procedure)
    plays = read_plays(path)
    return Document(header_of(plays, path.name), list(steps(plays)))
