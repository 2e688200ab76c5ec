# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who holds back the removal of dead rows, and whether a vacuum will achieve less because of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_policy import minutes

MENDS = {
    "session": "Ask its owner to end it, or end it through the policy of db_sessions.",
    "prepared transaction": "Ask its coordinator, then COMMIT PREPARED or ROLLBACK PREPARED.",
    "replication slot": "Bring its consumer back, or drop the slot when nobody uses it any more.",
    "standby": "End the long query on the standby, or set hot_standby_feedback off there.",
}


@dataclass(frozen=True)
class HolderLimits:
    """When a holder limits a vacuum: after this time, or these transactions where its time is not known."""

    seconds: float = 1800
    transactions: int = 1_000_000


def judge_holders(holders: list[dict[str, Any]], limits: HolderLimits) -> list[dict[str, Any]]:
    """Return the holders, each with whether it limits a vacuum and why."""
    return [{**holder, **judge_holder(holder, limits)} for holder in holders]


def judge_holder(holder: dict[str, Any], limits: HolderLimits) -> dict[str, Any]:
    """Return whether one holder limits a vacuum, and why."""
    reason = reason_of(holder, limits)
    held = f" and holds back {holder['xid_age']} transactions" if holder["xid_age"] is not None else ""
    name = f"{holder['kind']} {holder['id']} of {holder['who']}"
    return {"limits": bool(reason), "reason": f"The {name} {reason or 'is young'}{held}."}


def reason_of(holder: dict[str, Any], limits: HolderLimits) -> str:
    """Return why a holder is too old, or nothing when it is not."""
    if holder["seconds"] is not None:
        return f"has lasted {minutes(holder['seconds'])}" if holder["seconds"] >= limits.seconds else ""
    if not holder["active"]:
        return "is inactive, nobody knows since when,"
    if (holder["xid_age"] or 0) >= limits.transactions:
        return "has lasted an unknown time"
    return ""


def horizon_limited(holders: list[dict[str, Any]]) -> bool:
    """Tell whether a holder keeps the dead rows of ordinary tables."""
    return any(holder["limits"] and holder["scope"] == "tables" for holder in holders)


def holder_findings(holders: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return a finding for each holder that limits a vacuum."""
    return [
        finding(
            what=holder["reason"],
            where=f"{holder['kind']} {holder['id']}",
            why=WHY[holder["scope"]],
            do=MENDS[holder["kind"]],
            severity="medium",
        )
        for holder in holders
        if holder["limits"]
    ]


WHY = {
    "tables": "Dead rows younger than it cannot be removed, so the effect of a vacuum is limited.",
    "catalogs": "Dead rows of the catalogs cannot be removed, and the server keeps WAL for it.",
    "wal": "The server keeps WAL for it until the storage is full.",
}
