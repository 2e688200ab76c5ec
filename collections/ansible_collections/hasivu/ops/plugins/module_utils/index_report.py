# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The health of indexes as findings: advice, the largest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.index_advice import Statistics
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

REVIEW = "Review it, then DROP INDEX CONCURRENTLY; keep its definition: {definition}"
MENDS = {
    "wait": "Look again when the work on the table has ended.",
    "attach": "Create the missing indexes of the partitions and attach them.",
    "drop": "Drop it with DROP INDEX CONCURRENTLY, or let db_index_repair do it.",
    "reindex": "Rebuild it with REINDEX INDEX CONCURRENTLY, or let db_index_repair do it.",
}

WHY: dict[str, str] = {
    "invalid": "An invalid index costs writes and storage, and helps no query.",
    "duplicates": "Each write pays for both.",
    "redundant": "Each write pays for both.",
    "unused": "Each write pays for it.",
    "missing_fk": "Each delete or key change in the other table reads the whole table.",
    "bloat": "Queries read, and the cache holds, pages that are mostly empty.",
}


def index_findings(health: dict[str, list[dict[str, Any]]]) -> list[dict[str, str]]:
    """Return a finding for each entry of each list, the one with the most bytes first."""
    entries = [(kind, item) for kind in WHY for item in health[kind] if item.get("worth_a_word", True)]
    entries.sort(key=lambda pair: pair[1]["bytes"], reverse=True)
    return [
        finding(
            what=item["reason"],
            where=item.get("index") or item.get("name") or item["table"],
            why=WHY[kind],
            do=DO[kind](item),
        )
        for kind, item in entries
    ]


def shorten(health: dict[str, list[dict[str, Any]]], limit: int) -> list[str]:
    """Keep the largest entries of each list, and return a note on each that had more."""
    notes = []
    for kind, entries in health.items():
        entries.sort(key=lambda item: item["bytes"], reverse=True)
        if len(entries) > limit:
            notes.append(
                f"{len(entries) - limit} more of {kind} are not listed; none is larger than the last one listed."
            )
            del entries[limit:]
    return notes


def review(item: dict[str, Any]) -> str:
    """Return how an index that may go is removed and brought back."""
    return REVIEW.format(**item)


def create(item: dict[str, Any]) -> str:
    """Return how a missing index is made."""
    return f"Create an index on {item['table']} ({', '.join(item['columns'])}) with CREATE INDEX CONCURRENTLY."


def rebuild(item: dict[str, Any]) -> str:
    """Return how a bloated table or index is packed again."""
    if item["kind"] == "index":
        return "Rebuild it with REINDEX INDEX CONCURRENTLY in a quiet hour."
    return "New rows will fill it; if it must shrink, plan a rewrite with pg_repack, never VACUUM FULL in service."


DO: dict[str, Callable[[dict[str, Any]], str]] = {
    "invalid": lambda item: MENDS[item["mend"]],
    "duplicates": review,
    "redundant": review,
    "unused": review,
    "missing_fk": create,
    "bloat": rebuild,
}


def bloat_reason(found: dict[str, Any]) -> str:
    """Say how empty a table or index is, and how well that is known."""
    known = found["confirmed_bytes"] is not None
    empty = found["confirmed_bytes"] if known else found["estimated_bytes"]
    share = round(100 * empty / found["bytes"])
    verb = "is" if known else "is estimated to be"
    note = f" ({found['note']})" if found["note"] else ""
    return f"The {found['kind']} {found['name']} {verb} {share} % empty: {empty / 1048576:.1f} MiB{note}."


def statistics_notes(statistics: Statistics) -> list[str]:
    """Say when the statistics are too young to call an index unused."""
    if statistics.old_enough:
        return []
    text = (
        f"Use has been counted for {statistics.days:.0f} days, too short a time to tell which indexes are unused; "
        f"{statistics.wanted_days} are needed."
    )
    return [text]
