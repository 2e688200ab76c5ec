"""What is untrue in headers about the manual, and which of its blocks nobody answers for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hasivu_play.coverage import Procedure, Row
from hasivu_play.coverage_departures import departure_problems
from hasivu_play.coverage_problem import Problem
from hasivu_play.manual import Manual, is_below

CHANGING = ("safe", "disruptive", "destructive")


@dataclass(frozen=True)
class Subject:
    """One procedure beside the manual that it is held against."""

    manual: Manual
    procedure: Procedure

    def problem(self, what: str, mend: str) -> Problem:
        """Return a problem of this procedure."""
        return Problem(self.procedure.header.id, what, mend)


def problems(manual: Manual, procedures: list[Procedure], found: list[Row], listed: dict[str, str]) -> list[Problem]:
    """Return everything that is wrong, first with the procedures and then with the list of what is left."""
    existing = {procedure.header.id for procedure in procedures}
    wrong = [problem for procedure in procedures for problem in procedure_problems(manual, procedure)]
    wrong += [problem for row in found for problem in row_problems(row, existing)]
    unknown = [key for key in listed if key not in manual.block_of]
    return wrong + [Problem(key, "stands in the list, but not in the manual.", "Delete the line.") for key in unknown]


def row_problems(row: Row, existing: set[str]) -> list[Problem]:
    """Return why the list of blocks not yet covered is wrong about a block, if it is."""
    claimed = ", ".join(claim.procedure for claim in row.claims)
    if not row.claims and row.planned is None:
        mend = "Name it in `covers` of a header, or in data/not_yet_covered.json with the procedure that will."
        return [Problem(row.block.key, "has neither a step nor a line in the list of blocks not yet covered.", mend)]
    if row.claims and row.planned is not None:
        return [Problem(row.block.key, f"is listed as not yet covered, but {claimed} covers it.", "Delete the line.")]
    if row.planned in existing:
        mend = f"Name the block in `covers` of {row.planned}, or another procedure in the list."
        return [Problem(row.block.key, f"is left to {row.planned}, which exists and does not cover it.", mend)]
    return []


def procedure_problems(manual: Manual, procedure: Procedure) -> list[Problem]:
    """Return what a header says that is not so."""
    subject = Subject(manual, procedure)
    return [
        *section_problems(subject),
        *cover_problems(subject),
        *step_problems(subject),
        *role_problems(subject),
        *departure_problems(manual, procedure),
    ]


def section_problems(subject: Subject) -> list[Problem]:
    """Return what is wrong about the sections that a procedure says it comes from."""
    header, known = subject.procedure.header, subject.manual.section_of
    if not header.sections:
        return [subject.problem("names no section of the manual.", "Give its header `sections`.")]
    unknown = [key for key in header.sections if key not in known]
    if unknown:
        return [
            subject.problem(f"comes from '{key}', which the manual does not have.", "Mend `sections`.")
            for key in unknown
        ]
    title = known[header.sections[0]].titles[-1].split(" (")[0]
    wanted = [f"Operations Manual {subject.manual.version},", title]
    return [
        subject.problem(f"its source does not name '{words}'.", "Let `source` name the first of `sections`.")
        for words in wanted
        if words not in header.source
    ]


def cover_problems(subject: Subject) -> list[Problem]:
    """Return what is wrong about the blocks that a procedure says it does."""
    header, known = subject.procedure.header, subject.manual.block_of
    keys = [item["block"] for item in header.covers]
    found = [
        subject.problem(f"covers '{key}', which the manual does not have.", "Mend `covers`.")
        for key in keys
        if key not in known
    ]
    found += [
        subject.problem(f"covers '{key}', but does not come from its section.", "Name the section in `sections`.")
        for key in keys
        if key in known and not any(is_below(known[key].section, section) for section in header.sections)
    ]
    return found + [
        subject.problem(f"covers '{key}' twice.", "Put its steps together.")
        for key, count in Counter(keys).items()
        if count > 1
    ]


def step_problems(subject: Subject) -> list[Problem]:
    """Return the steps that a header names and the playbook does not have."""
    header = subject.procedure.header
    named = [(f"covers '{item['block']}' by", step) for item in header.covers for step in item["steps"]]
    named += [(f"has for {control['id']} the evidence", control["evidence"]) for control in header.controls]
    named += [("begins a phase with", phase["begins"]) for phase in header.phases]
    named += [("cannot go back from", header.point_of_no_return)] if header.point_of_no_return else []
    return [
        subject.problem(f"{words} '{step}', which is no step of it.", "Name a step word for word.")
        for words, step in named
        if step not in subject.procedure.steps
    ]


def role_problems(subject: Subject) -> list[Problem]:
    """Return where the risk in a header and the roles that the playbook calls contradict each other."""
    header, roles = subject.procedure.header, subject.procedure.roles
    if "change_guard" not in roles:
        return [subject.problem("does not call change_guard, as all do.", "Include the role among its guards.")]
    if header.risk in CHANGING and "resource_lock" not in roles:
        return [
            subject.problem(f"says that it is {header.risk}, but holds no lock.", "Include the role resource_lock.")
        ]
    if header.risk not in CHANGING and "resource_lock" in roles:
        return [subject.problem("says that it only reads, but holds a lock.", "Mend `risk`, or leave the lock out.")]
    return []
