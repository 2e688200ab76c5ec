"""Whether the departures of a header are complete, and quote what the manual says."""

from __future__ import annotations

import re
from typing import Any

from hasivu_play.coverage import Procedure, departures_from
from hasivu_play.coverage_problem import Problem
from hasivu_play.manual import Manual, is_below

# Names, numbers and options are words of the manual and of nobody else; other words may be ours.
QUOTED = re.compile(r"--[a-z][a-z-]+|[\w./:$-]*[\d_$][\w./:$-]*")


def departure_problems(manual: Manual, procedure: Procedure) -> list[Problem]:
    """Return the departures that are missing, that nothing in the manual stands behind, or that misquote it."""
    found = [problem for item in procedure.header.covers for problem in missing(procedure, item)]
    for departure in procedure.header.departures:
        found += origin_problems(manual, procedure, departure) or quote_problems(manual, procedure, departure)
    return found


def missing(procedure: Procedure, item: dict[str, Any]) -> list[Problem]:
    """Return a problem when nobody says how a covered block is done otherwise, or when two things are said."""
    told = departures_from(item["block"], procedure)
    written = item.get("as_written", False)
    if told and written:
        what = f"does '{item['block']}' as written, and tells a departure from it."
        return [Problem(procedure.header.id, what, "Leave `as_written` out.")]
    if not told and not written:
        mend = "Say in `departures` what is done otherwise, or `as_written: true`."
        return [Problem(procedure.header.id, f"covers '{item['block']}' without a departure from it.", mend)]
    return []


def origin_problems(manual: Manual, procedure: Procedure, departure: dict[str, Any]) -> list[Problem]:
    """Return what is wrong about the place in the manual that a departure names."""
    header, keys = procedure.header, departure.get("from", [])
    about = f"its departure from '{departure['manual']}'"
    if not keys:
        return [Problem(header.id, f"{about} names no block or section.", "Give it `from`.")]
    unknown = [key for key in keys if key not in manual.block_of and key not in manual.section_of]
    found = [
        Problem(header.id, f"{about} names '{key}', which the manual does not have.", "Mend `from`.") for key in unknown
    ]
    foreign = [
        key for key in keys if key not in unknown and not any(is_below(key, section) for section in header.sections)
    ]
    return found + [
        Problem(
            header.id, f"{about} names '{key}', which is in none of its sections.", "Name the section in `sections`."
        )
        for key in foreign
    ]


def quote_problems(manual: Manual, procedure: Procedure, departure: dict[str, Any]) -> list[Problem]:
    """Return names and numbers that a departure puts into the manual's mouth; prose is not kept, and not asked."""
    if not all(key in manual.block_of for key in departure["from"]):
        return []
    lines = "\n".join(line for key in departure["from"] for line in manual.block_of[key].lines)
    words = [word.strip(".,:;") for word in QUOTED.findall(departure["manual"])]
    return [
        Problem(
            procedure.header.id,
            f"quotes '{word}', which {', '.join(departure['from'])} does not say.",
            "Quote it as it is.",
        )
        for word in words
        if word not in lines
    ]
