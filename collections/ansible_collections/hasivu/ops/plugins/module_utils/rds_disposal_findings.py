# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is to be told of instances that outlived their day, and of what outlives them."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

Fields = dict[str, Any]


def overdue_finding(gone: Fields) -> dict[str, str]:
    """Return the finding of an instance that was there after its day, and was deleted for that."""
    return finding(
        what=f"{gone['id']} of {gone['run']} was to be deleted by {gone['delete_after']}, and was still there.",
        where=gone["id"],
        why="A copy of all data that nobody looks after costs money, and may be read.",
        do=f"Nothing more; see with hasivu-play runs show {gone['run']} why it was left.",
        severity="medium",
        key="drill-overdue",
    )


def kept_finding(kept: Fields) -> dict[str, str]:
    """Return the finding of an overdue instance that may not be deleted."""
    return finding(
        what=f"{kept['id']} is overdue and may not be deleted: {'; '.join(kept['why'])}.",
        where=kept["id"],
        why="It bears the tag of a copy that is to be deleted, and something speaks against that.",
        do="Find out what it is. Take the tag hasivu-purpose away if it is to stay; delete it by hand if not.",
        severity="high",
        key="drill-not-removed",
    )


def snapshot_finding(snapshot: Fields) -> dict[str, str]:
    """Return the finding of a snapshot that outlives its instance."""
    return finding(
        what=f"The snapshot {snapshot['id']} of {snapshot['of']} is left.",
        where=snapshot["id"],
        why="Somebody took it by hand; it holds all data.",
        do="Delete it when nobody needs it.",
        severity="high",
        key="drill-snapshot-left",
    )
