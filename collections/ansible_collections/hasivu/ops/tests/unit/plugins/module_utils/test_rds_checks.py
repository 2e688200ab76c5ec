# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a database can be restored now; what is not known is never ok."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.rds_checks import checks

SOURCE = {"Engine": "postgres", "EngineVersion": "18.3", "AllocatedStorage": 100, "KmsKeyId": "k"}
FACTS: dict[str, Any] = {
    "source": SOURCE,
    "kms_key": {"id": "k", "state": "Enabled"},
    "quotas": {
        "DBInstances": {"used": 1, "max": 40, "free": 39},
        "AllocatedStorage": {"used": 1, "max": 400, "free": 399},
    },
    "subnets": [{"id": "subnet-1", "zone": "a", "free_addresses": 12}],
    "parameter_group": {"name": "hasivu", "family": "postgres18", "user_modified": {}},
    "option_group": {"OptionGroupName": "hasivu"},
    "snapshots": [{"id": "s", "status": "available"}],
    "backups": [],
    "window": {"earliest": "2026-11-01T00:00:00Z", "latest": "2026-11-26T10:00:00Z", "backups_arn": "a"},
    "target": None,
    "findings": [],
}


def wrong(time: str | None = None, **more: Any) -> list[str]:
    """Return the names of the checks that are not ok."""
    found = checks({**FACTS, **more}, "new", time, "run-1")
    return [one["name"] for one in found if not one["ok"]]


def test_a_database_in_order_can_be_restored() -> None:
    assert wrong("2026-11-26T09:00:00Z") == []


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"kms_key": {"id": "k", "state": "PendingDeletion"}}, "key_enabled"),
        ({"kms_key": None}, "key_enabled"),
        ({"quotas": None}, "quota_DBInstances"),
        ({"quotas": {**FACTS["quotas"], "DBInstances": {"used": 40, "max": 40, "free": 0}}}, "quota_DBInstances"),
        ({"quotas": {"AllocatedStorage": {"used": 1, "max": 100, "free": 99}}}, "quota_AllocatedStorage"),
        ({"subnets": None}, "subnet_addresses"),
        ({"subnets": [{"id": "subnet-1", "zone": "a", "free_addresses": 1}]}, "subnet_addresses"),
        ({"parameter_group": None}, "groups"),
        ({"parameter_group": {"name": "hasivu", "family": "postgres15"}}, "groups"),
        ({"option_group": None}, "groups"),
        ({"snapshots": None, "window": {"earliest": None, "latest": None}}, "backups"),
        ({"target": {"TagList": []}}, "name_free"),
        ({"target": {"TagList": [{"Key": "hasivu-run", "Value": "another"}]}}, "name_free"),
        ({"findings": [{"what": "The name new could not be read: away"}]}, "name_free"),
    ],
)  # fmt: skip
def test_what_is_wrong_or_not_known_is_not_ok(more: dict[str, Any], name: str) -> None:
    assert name in wrong(**more)


def test_a_target_of_this_run_is_ours() -> None:
    assert wrong(target={"TagList": [{"Key": "hasivu-run", "Value": "run-1"}]}) == []


@pytest.mark.parametrize("time", ["2026-10-31T00:00:00Z", "2026-11-26T10:00:01Z"])
def test_a_moment_outside_of_the_window_is_not_ok(time: str) -> None:
    assert wrong(time) == ["restore_time"]
