# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which instances may be deleted: what is not certain is an objection."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import rds_disposal as decide

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TAGS = {"hasivu-purpose": "drill", "hasivu-run": "run-1", "hasivu-delete-after": "2026-11-26T11:59:59Z"}
COPY: dict[str, Any] = {
    "DBInstanceIdentifier": "hasivu-d-1",
    "DbiResourceId": "db-1",
    "DBInstanceStatus": "available",
    "DeletionProtection": False,
    "Endpoint": {"Address": "copy.rds", "Port": 5432},
    "TagList": [{"Key": key, "Value": value} for key, value in TAGS.items()],
}


def tagged(**changes: str | None) -> dict[str, Any]:
    """Return the copy with other tags; nothing takes one away."""
    tags = {**TAGS, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return {**COPY, "TagList": [{"Key": key, "Value": value} for key, value in tags.items() if value is not None]}


def objections(shown: dict[str, Any], never: str = "hasivu-production", **content: Any) -> list[str]:
    used = (decide.use_of("hasivu/application", {"host": "live.rds", "port": 5432, **content}),)
    found: list[str] = decide.Rules("drill", (never,), used).objections(shown)
    return found


def test_a_copy_of_a_drill_may_be_deleted() -> None:
    assert objections(COPY) == []


@pytest.mark.parametrize(
    "shown",
    [
        tagged(hasivu_purpose=None),
        tagged(hasivu_purpose="recovery"),
        tagged(hasivu_run=None),
        {**COPY, "TagList": []},
        {**COPY, "DeletionProtection": True},
        {name: value for name, value in COPY.items() if name != "DeletionProtection"},
        {**COPY, "ReadReplicaDBInstanceIdentifiers": ["replica"]},
        {**COPY, "DBClusterIdentifier": "cluster"},
    ],
)
def test_what_lacks_a_tag_or_is_protected_or_needed_may_not(shown: dict[str, Any]) -> None:
    assert len(objections(shown)) == 1


def test_the_database_of_the_inventory_may_never_be_deleted() -> None:
    assert objections(COPY, never="hasivu-d-1") == ["it is the database of the inventory"]


@pytest.mark.parametrize(
    ("content", "refused"),
    [
        ({"host": "copy.rds"}, True),
        ({"host": "copy.rds", "port": "5432"}, True),
        ({"host": "copy.rds", "port": None}, True),
        ({"host": "copy.rds", "port": 5433}, False),  # on loopback the port tells the servers apart
        ({"dbInstanceIdentifier": "hasivu-d-1"}, True),
        ({"host": None, "port": None}, False),
    ],
)
def test_where_a_secret_sends_its_users_nothing_is_deleted(content: dict[str, Any], refused: bool) -> None:
    assert bool(objections(COPY, **content)) is refused


@pytest.mark.parametrize(
    ("day", "late"),
    [
        ("2026-11-26T11:59:59Z", True),
        ("2026-11-26T12:00:01Z", False),
        ("2026-11-27", False),
        ("some day", True),  # told, and not deleted
        (None, True),
    ],
)
def test_only_what_is_past_its_day_is_overdue(day: str | None, late: bool) -> None:
    shown = tagged(hasivu_delete_after=day)
    assert bool(decide.overdue([shown], "drill", NOW)) is late
    assert decide.overdue([shown], "recovery", NOW) == []


def test_the_instances_of_a_run_are_known_by_its_tag() -> None:
    assert decide.of_run([COPY, tagged(hasivu_run="run-2")], "run-1") == [COPY]
