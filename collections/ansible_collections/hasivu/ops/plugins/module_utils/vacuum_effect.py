# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a vacuum that succeeded also had its effect, and what kept it from it."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_need import Thresholds
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Job

LEFT_FRACTION = 0.9
NOBODY = "unknown: nothing that this role can see holds the xmin horizon"


def counted(job: Job, after: dict[str, Any]) -> bool:
    """Tell whether the server's own counters confirm that the statement did its work."""
    counter = "analyze_count" if job.need.kind == "analyze" else "vacuum_count"
    return bool(after[counter] > getattr(job.table, counter))


def is_ineffective(job: Job, after: dict[str, Any], thresholds: Thresholds) -> bool:
    """Tell whether the table is as much in need as before."""
    if job.need.kind == "freeze":
        age = max(after["xid_age"], after["mxid_age"])
        urgency = max(after["xid_age"] / job.table.xid_limit, after["mxid_age"] / job.table.mxid_limit)
        return urgency >= thresholds.freeze_fraction or (job.need.emergency and age >= thresholds.emergency_age)
    return job.need.for_dead_rows and after["dead"] >= LEFT_FRACTION * job.table.dead


def effect_message(job: Job, after: dict[str, Any]) -> str:
    """Say what is left."""
    if job.need.kind == "freeze":
        return f"Its oldest transaction is still {after['xid_age']:,} transactions old."
    return f"{after['dead']:,} of {job.table.dead:,} dead rows cannot be removed yet."


def blocker_sentence(holders: list[dict[str, Any]]) -> str:
    """Name the oldest of what holds the horizon."""
    if not holders:
        return NOBODY
    oldest = holders[0]
    since = "" if oldest["seconds"] is None else f", for {oldest['seconds']:,} s"
    who = f" of {oldest['who']}" if oldest["who"] else ""
    detail = f" ({oldest['detail']})" if oldest["detail"] else ""
    return f"{oldest['kind']} {oldest['id']}{who}{detail}{since}, {oldest['xid_age']:,} transactions old"
