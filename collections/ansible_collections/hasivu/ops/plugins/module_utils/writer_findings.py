# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is to be said of the writers that were found."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

Captured = dict[str, dict[str, dict[str, Any]]]


def listed(captured: Captured) -> list[dict[str, str]]:
    """Return each writer with its kind and the reason why it counts as one."""
    return [
        {"kind": kind, "name": name, "why": one.get("why") or f"works for {one.get('function') or 'a writer'}"}
        for kind, entries in captured.items()
        for name, one in entries.items()
    ]


def missing(captured: Captured, declared: dict[str, list[str]]) -> list[str]:
    """Return the declared writers that do not exist."""
    return [
        f"{kind}/{name}"
        for kind, names in declared.items()
        for name in names or []
        if name not in captured.get(kind, {})
    ]


def findings_of(captured: Captured, sampled: bool) -> list[dict[str, str]]:
    """Return what could not be read, and what will work against the procedure."""
    found = [kept_elsewhere(name, one["manager"]) for name, one in captured["deployments"].items() if one["manager"]]
    return found if sampled else [*found, not_sampled()]


def kept_elsewhere(name: str, manager: str) -> dict[str, str]:
    """Return the finding of a Deployment that somebody else puts back to what stands elsewhere."""
    return finding(
        f"{name} is kept by {manager}, which may put its replicas back while it is to be at rest.",
        f"Deployment {name}",
        "A writer that comes back during a recovery writes into the abandoned database.",
        f"Suspend {manager} for this application before it is brought to rest, and let it go on afterwards.",
        "medium",
        key="writer-kept-elsewhere",
    )


def not_sampled() -> dict[str, str]:
    """Return the finding of a database that could not be asked who is logged in."""
    return finding(
        "Who is logged in to the database could not be read.",
        "pg_stat_activity",
        "A client that nobody declared is not seen, and could go on writing when the database answers again.",
        "Compare recovery_writers with the connection logs of the last day; fence the database as soon as it answers.",
        "high",
        key="sessions-not-read",
    )


def not_counted() -> dict[str, str]:
    """Return the finding of a database whose sessions and rows could not be counted."""
    return finding(
        "Whether anybody still writes could not be read from the database.",
        "pg_stat_user_tables",
        "Only the known writers were looked at; an unknown one may write when the database answers again.",
        "Fence the database as soon as it answers, and look then.",
        "high",
        key="rows-not-counted",
    )
