"""The coverage of the manual as a page for a person and as JSON for a program."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from hasivu_play.console import wrapped
from hasivu_play.coverage import Claim, Procedure, Row
from hasivu_play.coverage_problem import Problem
from hasivu_play.manual import Manual

INDENT = " " * 4


def as_dictionary(
    manual: Manual, procedures: list[Procedure], found: list[Row], wrong: list[Problem]
) -> dict[str, Any]:
    """Return the coverage as JSON holds it."""
    return {
        "manual": {"title": manual.title, "version": manual.version},
        "summary": counts(found),
        "blocks": [block(manual, row) for row in found],
        "sections": [
            {"key": section.key, "titles": section.titles, "procedures": from_section(section.key, procedures)}
            for section in manual.sections
        ],
        "controls": [control for procedure in procedures for control in evidence(procedure)],
        "problems": [{"where": item.where, "what": item.what, "mend": item.mend} for item in wrong],
    }


def counts(found: list[Row]) -> dict[str, int]:
    """Return how many blocks there are, and how many of them have steps."""
    covered = sum(bool(row.claims) for row in found)
    listed = sum(not row.claims and row.planned is not None for row in found)
    return {"blocks": len(found), "covered": covered, "not_yet": listed, "unanswered": len(found) - covered - listed}


def block(manual: Manual, row: Row) -> dict[str, Any]:
    """Return one block with who does its work."""
    return {
        "key": row.block.key,
        "section": row.block.section,
        "titles": manual.section_of[row.block.section].titles,
        "lines": row.block.lines,
        "covered_by": [vars(claim) for claim in row.claims],
        "planned": row.planned,
    }


def from_section(key: str, procedures: list[Procedure]) -> list[str]:
    """Return the procedures that say that they come from a section."""
    return [procedure.header.id for procedure in procedures if key in procedure.header.sections]


def evidence(procedure: Procedure) -> list[dict[str, Any]]:
    """Return the controls of a procedure, each with the step that is its evidence."""
    header = procedure.header
    return [{"procedure": header.id, **control} for control in header.controls]


def as_page(manual: Manual, found: list[Row], wrong: list[Problem]) -> str:
    """Return the coverage section by section, and below it what is wrong."""
    parts = [f"{manual.title}, version {manual.version}"]
    for key, group in groupby(found, key=lambda row: row.block.section):
        parts.append("\n".join([manual.section_of[key].name, *(row_text(row) for row in group)]))
    if wrong:
        parts.append("\n".join(["Wrong", *(wrapped(str(problem), INDENT, "  - ") for problem in wrong)]))
    return "\n\n".join([*parts, summary(found)])


def row_text(row: Row) -> str:
    """Return a block as the manual writes it, and who does its work."""
    first = "\n".join(f"  {line}" for line in row.block.lines)
    if row.claims:
        return "\n".join([first, *(claim_text(claim) for claim in row.claims)])
    left = f"not yet covered; left to {row.planned}" if row.planned else "neither covered nor listed"
    return f"{first}\n{INDENT}{left}"


def claim_text(claim: Claim) -> str:
    """Return the steps of a procedure that do the work of a block, and how they depart from it."""
    deep = INDENT + "  "
    told = ["as the manual writes it"] if claim.as_written else [item["here"] for item in claim.departures]
    steps = [wrapped(step, deep + "  ", f"{deep}- ") for step in claim.steps]
    return "\n".join(
        [f"{INDENT}{claim.procedure}", *steps, *(wrapped(text, deep + "  ", f"{deep}~ ") for text in told)]
    )


def summary(found: list[Row]) -> str:
    """Return the counts in one sentence."""
    number = counts(found)
    answer = f"{number['covered']} of {number['blocks']} blocks have steps"
    answer += f", {number['not_yet']} are listed as not yet covered"
    return f"{answer}, {number['unanswered']} have neither." if number["unanswered"] else f"{answer}."
