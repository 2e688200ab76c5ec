# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which calls begin a restore, with which parameters, and where each comes from."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import rds_restore
from ansible_collections.hasivu.ops.plugins.module_utils.rds_parameters import group_names, left_for_later
from botocore.stub import Stubber

CAPTURED: dict[str, Any] = {
    "DBInstanceIdentifier": "hasivu-production",
    "DBInstanceClass": "db.r6g.large",
    "Engine": "postgres",
    "DBSubnetGroup": {"DBSubnetGroupName": "hasivu"},
    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-2"}, {"VpcSecurityGroupId": "sg-1"}],
    "DBParameterGroups": [{"DBParameterGroupName": "hasivu-postgres18", "ParameterApplyStatus": "in-sync"}],
    "OptionGroupMemberships": [{"OptionGroupName": "hasivu-18"}],
    "StorageType": "gp3",
    "Iops": 3000,
    "StorageThroughput": 125,
    "AllocatedStorage": 100,
    "MaxAllocatedStorage": 500,
    "Endpoint": {"Address": "a.example", "Port": 5432},
    "IAMDatabaseAuthenticationEnabled": True,
    "EnabledCloudwatchLogsExports": ["postgresql"],
    "CACertificateIdentifier": "rds-ca-rsa2048-g1",
    "BackupRetentionPeriod": 35,
    "PreferredBackupWindow": "22:00-22:30",
    "CopyTagsToSnapshot": True,
    "MultiAZ": True,
    "PubliclyAccessible": True,
    "DeletionProtection": False,
    "AutoMinorVersionUpgrade": True,
    "MonitoringInterval": 60,
    "MonitoringRoleArn": "arn:aws:iam::1:role/m",
    "PerformanceInsightsEnabled": True,
    "TagList": [
        {"Key": "team", "Value": "ops"},
        {"Key": "hasivu-run", "Value": "an-older-run"},
        {"Key": "aws:cloudformation:stack-name", "Value": "x"},
    ],
}


def options(**more: Any) -> dict[str, Any]:
    """Return the options of the module."""
    source = {} if {"snapshot_id", "source_resource_id"} & more.keys() else {"source_instance": "hasivu-production"}
    return {"instance_id": "new", "captured": CAPTURED, "run_id": "run-1", **source, **more}


def arguments(**more: Any) -> dict[str, Any]:
    """Return the arguments of the one call."""
    (call,) = rds_restore.calls(options(**more))
    return call.arguments


def origins(**more: Any) -> dict[str, str]:
    """Return the origin of each parameter of the one call."""
    (call,) = rds_restore.calls(options(**more))
    return {one["name"]: one["origin"] for one in call.parameters}


def test_every_parameter_of_the_captured_instance_is_carried_over() -> None:
    told = arguments(restore_time="2026-11-26T14:12:09Z")
    assert told["SourceDBInstanceIdentifier"] == "hasivu-production"
    assert told["RestoreTime"] == "2026-11-26T14:12:09Z"
    carried = {
        "DBInstanceClass": "db.r6g.large",
        "DBSubnetGroupName": "hasivu",
        "VpcSecurityGroupIds": ["sg-2", "sg-1"],
        "DBParameterGroupName": "hasivu-postgres18",
        "OptionGroupName": "hasivu-18",
        "AllocatedStorage": 100,
        "MaxAllocatedStorage": 500,
        "Port": 5432,
        "EnableIAMDatabaseAuthentication": True,
        "EnableCloudwatchLogsExports": ["postgresql"],
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        "BackupRetentionPeriod": 35,
        "PreferredBackupWindow": "22:00-22:30",
        "CopyTagsToSnapshot": True,
    }
    assert told.items() >= carried.items()
    assert all(origins()[name].startswith("captured: ") for name in carried)


def test_what_a_recovery_always_sets_is_a_rule_and_not_as_captured() -> None:
    told = arguments()
    fixed = ("MultiAZ", "PubliclyAccessible", "DeletionProtection", "AutoMinorVersionUpgrade")
    assert [told[name] for name in fixed] == [False, False, True, False]
    assert all(origins()[name].startswith("rule: ") for name in fixed)


def test_the_tags_name_the_run_and_leave_out_those_of_aws_and_of_older_runs() -> None:
    told = {tag["Key"]: tag["Value"] for tag in arguments(tags={"hasivu-incident": "INC-1"})["Tags"]}
    assert told == {"team": "ops", "hasivu-incident": "INC-1", "hasivu-run": "run-1"}


@pytest.mark.parametrize(("size", "speed"), [(100, False), (400, True)])
def test_small_storage_takes_no_speed_of_its_own(size: int, speed: bool) -> None:
    told = arguments(captured={**CAPTURED, "AllocatedStorage": size})
    assert ("Iops" in told) == speed
    assert ("StorageThroughput" in told) == speed


def test_a_snapshot_takes_no_limit_of_storage_and_leaves_it_for_later() -> None:
    (call,) = rds_restore.calls(options(snapshot_id="s-1"))
    assert call.operation == "restore_db_instance_from_db_snapshot"
    assert call.arguments["DBInstanceIdentifier"] == "new"
    assert "MaxAllocatedStorage" not in call.arguments
    later = {one["name"]: one["value"] for one in left_for_later(CAPTURED, call.parameters)}
    assert later["MaxAllocatedStorage"] == 500
    assert later["MonitoringInterval"] == 60


def test_an_instance_that_is_gone_is_restored_with_what_the_inventory_declares() -> None:
    backup = {"DbiResourceId": "db-1", "AllocatedStorage": 100, "Port": 5432, "StorageType": "gp3"}
    declared = {"DBInstanceClass": "db.r6g.xlarge", "AllocatedStorage": 20}
    more = {"captured": backup, "source_resource_id": "db-1", "declared": declared}
    assert arguments(**more)["SourceDbiResourceId"] == "db-1"
    assert arguments(**more)["UseLatestRestorableTime"] is True
    assert (arguments(**more)["DBInstanceClass"], origins(**more)["DBInstanceClass"]) == ("db.r6g.xlarge", "inventory")
    assert arguments(**more)["AllocatedStorage"] == 100


def test_what_somebody_chose_counts_before_all_else() -> None:
    more = {"overrides": {"DBInstanceClass": "db.r6g.4xlarge", "MultiAZ": True}}
    assert (arguments(**more)["DBInstanceClass"], arguments(**more)["MultiAZ"]) == ("db.r6g.4xlarge", True)
    assert origins(**more)["MultiAZ"] == "input"


@pytest.mark.parametrize("more", [{}, {"snapshot_id": "s-1"}, {"restore_time": "2026-11-26T14:12:09Z"}])
def test_the_calls_are_such_as_aws_takes(more: dict[str, Any]) -> None:
    assert_taken(rds_restore.calls(options(**more)))


CLUSTER: dict[str, Any] = {
    "DBClusterIdentifier": "hasivu",
    "Engine": "aurora-postgresql",
    "DBSubnetGroup": "hasivu",
    "DBClusterParameterGroup": "hasivu-cluster",
    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}],
    "Port": 5432,
    "IAMDatabaseAuthenticationEnabled": True,
    "EnabledCloudwatchLogsExports": ["postgresql"],
    "CopyTagsToSnapshot": True,
    "TagList": [],
}
MEMBER = {**CAPTURED, "DBClusterIdentifier": "hasivu", "Engine": "aurora-postgresql", "PromotionTier": 1}


@pytest.mark.parametrize(
    ("more", "operation"),
    [({}, "restore_db_cluster_to_point_in_time"), ({"snapshot_id": "s-1"}, "restore_db_cluster_from_snapshot")],
)
def test_a_cluster_is_restored_as_a_whole_and_its_members_are_made(more: dict[str, Any], operation: str) -> None:
    reader = {**MEMBER, "DBInstanceClass": "db.r6g.xlarge"}
    given = {"captured": MEMBER, "captured_cluster": CLUSTER, "captured_members": [MEMBER, reader], **more}
    calls = rds_restore.calls(options(**given))
    assert [call.operation for call in calls] == [operation, "create_db_instance", "create_db_instance"]
    assert calls[0].arguments["DBClusterParameterGroupName"] == "hasivu-cluster"
    assert calls[0].arguments["DeletionProtection"] is True
    members = [(call.arguments["DBInstanceIdentifier"], call.arguments["DBInstanceClass"]) for call in calls[1:]]
    assert members == [("new-1", "db.r6g.large"), ("new-2", "db.r6g.xlarge")]
    assert_taken(calls)


def assert_taken(calls: list[rds_restore.Call]) -> None:
    """Send each call to a client that knows the API and no server."""
    client = boto3.client("rds", region_name="ap-south-1", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stub:
        for call in calls:
            stub.add_response(call.operation, {}, None)
            getattr(client, call.operation)(**call.arguments)
        stub.assert_no_pending_responses()


def test_of_a_backup_the_groups_that_it_does_not_tell_are_those_that_are_declared() -> None:
    declared = {"DBSubnetGroupName": "declared", "DBParameterGroupName": "declared", "OptionGroupName": "declared"}
    backup = {"DBInstanceIdentifier": "hasivu-production", "OptionGroupName": "hasivu-18"}
    assert group_names(backup, declared) == {**declared, "OptionGroupName": "hasivu-18"}
    assert group_names(CAPTURED, declared) == {
        "DBSubnetGroupName": "hasivu",
        "DBParameterGroupName": "hasivu-postgres18",
        "OptionGroupName": "hasivu-18",
    }
    assert arguments(captured=backup, declared=declared)["OptionGroupName"] == "hasivu-18"
    assert origins(captured=backup, declared=declared)["DBSubnetGroupName"] == "inventory"
