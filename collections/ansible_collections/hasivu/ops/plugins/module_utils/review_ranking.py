# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The parts of a review as one: every finding ranked, none lost, and one sentence for whoever must act."""

from __future__ import annotations

from datetime import date
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import (
    ADVICE,
    SEVERITIES,
    deadline,
    finding,
    most_severe_first,
)
from ansible_collections.hasivu.ops.plugins.module_utils.review_exceptions import Waiver, settle, unused

NAMED_IN_SENTENCE = 5


def rank(parts: list[dict[str, Any]], waivers: list[Waiver], today: date) -> dict[str, Any]:
    """Return the findings of all parts: `findings` most severe first, `accepted`, `failing`, `sentence` and `sections`.

    Args:
        parts: Each with `name` and `result`; a result without `findings` is a review that was not made.
        waivers: The exceptions of the environment.
        today: The day in India.
    """
    found = [{**one, "part": part["name"]} for part in parts for one in findings_of(part, today)]
    counting, accepted = settle(found, waivers, today)
    counting += [stale_waiver(one) for one in unused(waivers, found)]
    ranked = most_severe_first(counting)
    failing = [one for one in ranked if one["severity"] != ADVICE]
    return {
        "findings": ranked,
        "accepted": accepted,
        "failing": len(failing),
        "sentence": sentence(failing, len(accepted)),
        "sections": [section for part in parts for section in sections_of(part)] + accepted_section(accepted),
        "notes": [note for part in parts for note in part["result"].get("notes", [])],
    }


def findings_of(part: dict[str, Any], today: date) -> list[dict[str, Any]]:
    """Return the findings of a part; a part that gave none of its own was not made, and that is one."""
    if "findings" in part["result"]:
        findings: list[dict[str, Any]] = part["result"]["findings"]
        return findings
    return [
        finding(
            what=f"The review of {part['name']} was not made.",
            where=part["name"],
            why="What nobody looked at may be anything.",
            do="See in the record which step failed, mend it, then run again.",
            severity="high",
            key="review-not-made",
            deadline=deadline("high", today) or "",
        )
    ]


def stale_waiver(waiver: Waiver) -> dict[str, Any]:
    """Return the advice to take out an exception that covers nothing."""
    return finding(
        what=f"The exception for {waiver.key} covers no finding any more.",
        where=waiver.where,
        why="It would hide the same finding when it comes back.",
        do=f"Ask {waiver.owner}, then take it out of the inventory.",
        key="exception-unused",
    )


def sentence(failing: list[dict[str, Any]], accepted: int) -> str:
    """Return how many findings there are and the most severe of them."""
    beside = f" Exceptions cover {accepted} more." if accepted else ""
    if not failing:
        return f"Nothing was found that must be mended.{beside}"
    counts = {severity: sum(one["severity"] == severity for one in failing) for severity in SEVERITIES}
    numbers = ", ".join(f"{count} {severity}" for severity, count in counts.items() if count)
    named = " ".join(f"({place}) {one['what']}" for place, one in enumerate(failing[:NAMED_IN_SENTENCE], 1))
    more = len(failing) - NAMED_IN_SENTENCE
    rest = f" and {more} more, all in the report." if more > 0 else ""
    noun = "finding" if len(failing) == 1 else "findings"
    return f"{len(failing)} {noun} must be mended ({numbers}): {named}{rest}{beside}"


def sections_of(part: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sections of a part, each under the name of the part, after the facts of the part."""
    result, name = part["result"], part["name"]
    first = [{"title": name, "facts": result["facts"]}] if result.get("facts") else []
    return first + [{**one, "title": f"{name}: {one['title']}"} for one in result.get("sections", [])]


def accepted_section(accepted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the section that shows what exceptions cover."""
    if not accepted:
        return []
    columns = [
        {"key": "what", "label": "Finding"},
        {"key": "where", "label": "Where"},
        {"key": "owner", "label": "Answers for it"},
        {"key": "reason", "label": "Reason"},
        {"key": "until", "label": "Until"},
    ]
    table = {"caption": "Findings with an exception in force", "columns": columns, "rows": accepted}
    return [{"title": "Exceptions", "table": table}]
