# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the account keeps a trail of every region that nobody can alter unseen."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import Finding, found


def trail_findings(client: Any) -> list[Finding]:
    """Return what is missing in the trails of the account."""
    trails = [one for one in client.describe_trails(includeShadowTrails=True)["trailList"] if is_whole(client, one)]
    if not trails:
        return [found("no-trail", "No trail that logs now records every region.", "CloudTrail trails")]
    return [
        found("trail-without-validation", f"The trail {one['Name']} writes no digests.", f"trail/{one['Name']}")
        for one in trails
        if not one.get("LogFileValidationEnabled")
    ]


def is_whole(client: Any, trail: dict[str, Any]) -> bool:
    """Tell whether a trail records every region, with the global services, and logs now."""
    wide = trail.get("IsMultiRegionTrail") and trail.get("IncludeGlobalServiceEvents")
    return bool(wide) and bool(client.get_trail_status(Name=trail["TrailARN"])["IsLogging"])
