# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which holders of the removal horizon limit a vacuum."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_holders import (
    HolderLimits,
    holder_findings,
    horizon_limited,
    judge_holders,
)


def holder(kind: str = "session", **more: Any) -> dict[str, Any]:
    given = {"id": "7", "who": "app", "seconds": None, "xid_age": 10, "scope": "tables", "active": True}
    return {"kind": kind, **given, **more}


@pytest.mark.parametrize(
    ("given", "limited"),
    [
        (holder(seconds=1799), False),
        (holder(seconds=1800), True),
        (holder("prepared transaction", seconds=86400), True),
        (holder("standby", xid_age=999_999), False),
        (holder("standby", xid_age=1_000_000), True),
        (holder("replication slot", active=False), True),
        (holder("replication slot", active=False, seconds=60.0), False),
        (holder("replication slot", active=True), False),
    ],
)
def test_a_holder_limits_a_vacuum_when_it_is_old_or_nobody_knows_how_old(given, limited):
    judged = judge_holders([given], HolderLimits())
    assert judged[0]["limits"] is limited
    assert horizon_limited(judged) is limited
    assert len(holder_findings(judged)) == limited


@pytest.mark.parametrize("scope", ["catalogs", "wal"])
def test_a_logical_slot_is_a_finding_but_holds_back_no_rows_of_tables(scope):
    judged = judge_holders([holder("replication slot", active=False, scope=scope)], HolderLimits())
    assert not horizon_limited(judged)
    assert "WAL" in holder_findings(judged)[0]["why"]
