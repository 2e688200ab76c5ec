"""What is untrue in headers about the manual, and which of its blocks nobody answers for."""

from __future__ import annotations

from collections import Counter

from hasivu_play.coverage import Procedure, Row
from hasivu_play.coverage_departures import departure_problems
from hasivu_play.coverage_problem import Problem
from hasivu_play.coverage_truth import truth_problems
from hasivu_play.manual import Manual, is_below


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
    return [
        *section_problems(manual, procedure),
        *cover_problems(manual, procedure),
        *truth_problems(procedure),
        *departure_problems(manual, procedure),
    ]


def section_problems(manual: Manual, procedure: Procedure) -> list[Problem]:
    """Return what is wrong about the sections that a procedure says it comes from."""
    header, known = procedure.header, manual.section_of
    if not header.sections:
        return [Problem(header.id, "names no section of the manual.", "Give its header `sections`.")]
    unknown = [key for key in header.sections if key not in known]
    if unknown:
        return [
            Problem(header.id, f"comes from '{key}', which the manual does not have.", "Mend `sections`.")
            for key in unknown
        ]
    title = known[header.sections[0]].titles[-1].split(" (")[0]
    wanted = [f"Operations Manual {manual.version},", title]
    return [
        Problem(header.id, f"its source does not name '{words}'.", "Let `source` name the first of `sections`.")
        for words in wanted
        if words not in header.source
    ]


def cover_problems(manual: Manual, procedure: Procedure) -> list[Problem]:
    """Return what is wrong about the blocks that a procedure says it does."""
    header, known = procedure.header, manual.block_of
    keys = [item["block"] for item in header.covers]
    found = [
        Problem(header.id, f"covers '{key}', which the manual does not have.", "Mend `covers`.")
        for key in keys
        if key not in known
    ]
    found += [
        Problem(header.id, f"covers '{key}', but does not come from its section.", "Name the section in `sections`.")
        for key in keys
        if key in known and not any(is_below(known[key].section, section) for section in header.sections)
    ]
    return found + [
        Problem(header.id, f"covers '{key}' twice.", "Put its steps together.")
        for key, count in Counter(keys).items()
        if count > 1
    ]
