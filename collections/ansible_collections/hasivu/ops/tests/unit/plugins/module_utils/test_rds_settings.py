# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is changed of a restored instance, and in what it may differ from the old one."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import rds_settings as decide

CAPTURED: dict[str, Any] = {
    "DBInstanceIdentifier": "old",
    "DbiResourceId": "db-1",
    "DBInstanceClass": "db.r6g.large",
    "MultiAZ": True,
    "DeletionProtection": False,
    "AutoMinorVersionUpgrade": True,
    "MonitoringInterval": 60,
    "MonitoringRoleArn": "arn:role",
    "PerformanceInsightsEnabled": True,
    "PerformanceInsightsRetentionPeriod": 7,
    "MaxAllocatedStorage": 500,
    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}],
    "DBParameterGroups": [{"DBParameterGroupName": "hasivu", "ParameterApplyStatus": "in-sync"}],
    "EnabledCloudwatchLogsExports": ["upgrade", "postgresql"],
    "TagList": [{"Key": "team", "Value": "ops"}],
    "Endpoint": {"Address": "a", "Port": 5432},
}
RESTORED = {
    **CAPTURED,
    "DBInstanceIdentifier": "new",
    "DbiResourceId": "db-2",
    "MultiAZ": False,
    "DeletionProtection": True,
    "AutoMinorVersionUpgrade": False,
    "EnabledCloudwatchLogsExports": ["postgresql", "upgrade"],
    "TagList": [{"Key": "team", "Value": "ops"}, {"Key": "hasivu-run", "Value": "r"}, {"Key": "a", "Value": "b"}],
    "Endpoint": {"Address": "b", "Port": 5432},
}
BARE = {**RESTORED, "MonitoringInterval": 0, "PerformanceInsightsEnabled": False, "MaxAllocatedStorage": None}
BARE = {name: value for name, value in BARE.items() if not name.startswith(("MonitoringRole", "PerformanceInsightsR"))}


def unexplained(actual: dict[str, Any], **more: Any) -> list[str]:
    """Return the fields that differ without a reason."""
    found = decide.differences(CAPTURED, actual, more.get("explained", {}), more.get("chosen", {}))
    return [one["field"] for one in found if not one["explained"]]


def test_what_a_restore_cannot_carry_is_brought() -> None:
    sent = decide.request(BARE, decide.wanted(CAPTURED, {}, None))
    assert sent == {
        "MonitoringInterval": 60,
        "MonitoringRoleArn": "arn:role",
        "EnablePerformanceInsights": True,
        "PerformanceInsightsRetentionPeriod": 7,
        "MaxAllocatedStorage": 500,
    }


def test_an_instance_that_has_it_all_is_not_changed() -> None:
    assert decide.request(RESTORED, decide.wanted(CAPTURED, {}, ["sg-1"])) == {}


def test_parameters_that_rds_takes_together_are_sent_together() -> None:
    half = {**RESTORED, "PerformanceInsightsRetentionPeriod": 31, "MonitoringInterval": 1}
    sent = decide.request(half, decide.wanted(CAPTURED, {}, None))
    assert sent["EnablePerformanceInsights"] is True
    assert sent["MonitoringRoleArn"] == "arn:role"


def test_what_somebody_chose_counts_before_what_was_captured() -> None:
    goal = decide.wanted(CAPTURED, {"MultiAZ": True, "MonitoringInterval": 30}, ["sg-fence"])
    assert decide.request(RESTORED, goal).items() >= {"MultiAZ": True, "MonitoringInterval": 30}.items()
    assert goal["VpcSecurityGroupIds"] == ["sg-fence"]


def test_a_group_that_is_being_added_or_a_password_that_waits_is_not_in_force() -> None:
    adding = {**RESTORED, "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "adding"}]}
    waiting = {**RESTORED, "PendingModifiedValues": {"MasterUserPassword": "****"}}
    goal = {"VpcSecurityGroupIds": ["sg-1"]}
    assert decide.is_same(RESTORED, goal)
    assert not decide.is_same(adding, goal)
    assert not decide.is_same(waiting, goal)


def test_a_complete_instance_differs_in_nothing_that_is_not_explained() -> None:
    assert unexplained(RESTORED) == []


def test_a_forgotten_setting_is_a_difference_without_a_reason() -> None:
    assert unexplained({**RESTORED, "DBParameterGroups": [{"DBParameterGroupName": "default.postgres18"}]}) == [
        "DBParameterGroups"
    ]
    assert unexplained({**RESTORED, "TagList": []}) == ["TagList"]
    assert unexplained({**RESTORED, "VpcSecurityGroups": []}) == ["VpcSecurityGroups"]
    assert unexplained({**RESTORED, "MultiAZ": True, "DeletionProtection": None, "MonitoringInterval": 0}) == [
        "MonitoringInterval"
    ]


def test_a_difference_is_explained_by_a_choice_or_by_a_reason() -> None:
    other = {**RESTORED, "DBInstanceClass": "db.r6g.4xlarge"}
    assert unexplained(other) == ["DBInstanceClass"]
    assert unexplained(other, chosen={"DBInstanceClass": "db.r6g.4xlarge"}) == []
    assert unexplained(other, explained={"DBInstanceClass": "no capacity"}) == []


def test_only_pending_reboot_asks_for_a_restart() -> None:
    group = {"DBParameterGroupName": "hasivu"}
    assert decide.pending_reboot({"DBParameterGroups": [{**group, "ParameterApplyStatus": "pending-reboot"}]})
    assert not decide.pending_reboot({"DBParameterGroups": [{**group, "ParameterApplyStatus": "applying"}]})
