"""The database instance as somebody set it up with care: nothing of it is the default of RDS."""

from __future__ import annotations

import time
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import ec2

from hasivu_play.sandbox.aws.environment import ACCOUNT, OTHER_REGION, REGION
from hasivu_play.sandbox.aws.internal import json_call, query_call
from hasivu_play.sandbox.aws.rds import groups, replication, settings
from hasivu_play.sandbox.aws.rds.moments import timestamp
from hasivu_play.sandbox.aws.rds.snapshots import FOLDER, described
from hasivu_play.sandbox.aws.rds.store import Instance, Snapshot, Store, arn, new_resource_id
from hasivu_play.sandbox.aws.telemetry import ALLOCATED_GIBIBYTES
from hasivu_play.sandbox.database_servers import DIRECTORY, INSTANCE
from hasivu_play.sandbox.edge.certificates import DATABASE_ROOT

DAY = 86400
AGE_DAYS = 420
RETENTION_DAYS = 14
# Older than the window of point-in-time restore.
SNAPSHOT = "hasivu-sandbox-start-of-term"
SNAPSHOT_AGE_DAYS = 40
VERSION = "18.3"
PARAMETERS = "hasivu-postgres18"
OPTIONS = "hasivu-postgres-18"
SUBNETS = "hasivu-database"
DATABASE_GROUP = "hasivu-database"
# Parameter, value, and when a change of it takes effect.
VALUES = (
    ("log_min_duration_statement", "500", "immediate"),
    ("idle_in_transaction_session_timeout", "300000", "immediate"),
    ("shared_preload_libraries", "pg_stat_statements", "pending-reboot"),
)
TAGS = [{"Key": "application", "Value": "hasivu"}, {"Key": "environment", "Value": "sandbox"}]


async def plant(store: Store) -> None:
    """Make the groups, the key, the instance and a snapshot from before the window of point-in-time restore."""
    for region in (REGION, OTHER_REGION):
        await make_groups(region)
    key, other_key = await make_key(REGION), await make_key(OTHER_REGION)
    with request_scope(ACCOUNT, REGION):
        instance = Instance(described_instance(key), REGION, DIRECTORY)
    store.instances.append(instance)
    replication.begin(store, instance, OTHER_REGION, other_key, RETENTION_DAYS)
    store.snapshots.append(old_snapshot(instance))
    store.save()


async def make_groups(region: str) -> None:
    """Make subnet groups, parameter group and option group of a Region."""
    with request_scope(ACCOUNT, region):
        ec2._ensure_defaults_initialized()
        subnets = sorted(ec2._subnets)
    for name in (groups.DEFAULT_SUBNETS, SUBNETS):
        members = {f"SubnetIds__SubnetIdentifier__{n}": subnet for n, subnet in enumerate(subnets, start=1)}
        what = {"DBSubnetGroupName": name, "DBSubnetGroupDescription": name}
        await query_call("rds", "CreateDBSubnetGroup", region, **what, **members)
    family = {"DBParameterGroupFamily": f"postgres{groups.major(VERSION)}"}
    for name in (groups.default_parameters(VERSION), PARAMETERS):
        await query_call("rds", "CreateDBParameterGroup", region, DBParameterGroupName=name, Description=name, **family)
    for name, value, method in VALUES:
        change = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}
        numbered = {f"Parameters__Parameter__1__{field}": text for field, text in change.items()}
        await query_call("rds", "ModifyDBParameterGroup", region, DBParameterGroupName=PARAMETERS, **numbered)
    engine = {"EngineName": "postgres", "MajorEngineVersion": groups.major(VERSION)}
    for name in (groups.default_options(VERSION), OPTIONS):
        await query_call(
            "rds", "CreateOptionGroup", region, OptionGroupName=name, OptionGroupDescription=name, **engine
        )


async def make_key(region: str) -> str:
    """Make the key that encrypts the storage in a Region, and return its ARN."""
    made = await json_call("kms", "CreateKey", region, Description="Storage of HASIVU")
    alias = {"AliasName": "alias/hasivu-storage", "TargetKeyId": made["KeyMetadata"]["KeyId"]}
    await json_call("kms", "CreateAlias", region, **alias)
    return str(made["KeyMetadata"]["Arn"])


def described_instance(key: str) -> dict[str, Any]:
    """Return what DescribeDBInstances shows of the instance; address and times are looked up at each request."""
    database = [name for name, group in ec2._security_groups.items() if group["GroupName"] == DATABASE_GROUP]
    return {
        "DBInstanceIdentifier": INSTANCE,
        "DBInstanceArn": arn(REGION, "db", INSTANCE),
        "DbiResourceId": new_resource_id(),
        "DBInstanceStatus": "available",
        "DBInstanceClass": "db.t4g.medium",
        "Engine": "postgres",
        "EngineVersion": VERSION,
        "LicenseModel": "postgresql-license",
        "DBName": "hasivu_sandbox",
        "MasterUsername": "hasivu_admin",
        "InstanceCreateTime": timestamp(time.time() - AGE_DAYS * DAY),
        **storage(key),
        "AvailabilityZone": f"{REGION}a",
        "MultiAZ": True,
        "PubliclyAccessible": False,
        "NetworkType": "IPV4",
        "DbInstancePort": 0,
        "DBSubnetGroup": groups.subnet_group(REGION, SUBNETS),
        "VpcSecurityGroups": settings.members(database),
        "DBParameterGroups": settings.parameters(PARAMETERS, "in-sync"),
        "OptionGroupMemberships": [{"OptionGroupName": OPTIONS, "Status": "in-sync"}],
        "CACertificateIdentifier": DATABASE_ROOT,
        **protection(),
        **observation(),
        "PendingModifiedValues": {},
        "ReadReplicaDBInstanceIdentifiers": [],
        "TagList": list(TAGS),
    }


def storage(key: str) -> dict[str, Any]:
    """Return what the data lie on."""
    return {
        "AllocatedStorage": ALLOCATED_GIBIBYTES,
        "MaxAllocatedStorage": 200,
        "StorageType": "gp3",
        "Iops": 3000,
        "StorageThroughput": 125,
        "StorageEncrypted": True,
        "KmsKeyId": key,
    }


def protection() -> dict[str, Any]:
    """Return how the data are protected, and when the instance is maintained."""
    return {
        "BackupRetentionPeriod": RETENTION_DAYS,
        "PreferredBackupWindow": "22:00-22:30",
        "PreferredMaintenanceWindow": "sat:23:30-sun:00:00",
        "BackupTarget": "region",
        "CopyTagsToSnapshot": True,
        "DeletionProtection": True,
        "AutoMinorVersionUpgrade": True,
        "IAMDatabaseAuthenticationEnabled": True,
    }


def observation() -> dict[str, Any]:
    """Return how the instance is watched."""
    return {
        "MonitoringInterval": 60,
        "MonitoringRoleArn": f"arn:aws:iam::{ACCOUNT}:role/rds-monitoring-role",
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsRetentionPeriod": 7,
        "DatabaseInsightsMode": "standard",
        "EnabledCloudwatchLogsExports": ["postgresql"],
    }


def old_snapshot(instance: Instance) -> Snapshot:
    """Return a manual snapshot from before the window; what it holds is the first base backup."""
    made = timestamp(time.time() - SNAPSHOT_AGE_DAYS * DAY)
    shown = described(instance, SNAPSHOT, "manual") | {"Status": "creating", "PercentProgress": 0}
    shown |= dict.fromkeys(("SnapshotCreateTime", "OriginalSnapshotCreateTime", "SnapshotDatabaseTime"), made)
    work = [{"do": "adopt", "directory": DIRECTORY}]
    return Snapshot(shown, REGION, f"{FOLDER}/{REGION}-{SNAPSHOT}", dict(instance.shown), work)
