"""The settings of an instance as calls name them, and where DescribeDBInstances shows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hasivu_play.sandbox.aws.rds import access, groups

Fields = dict[str, Any]
# Parameters of a call, and the field that shows each.
PLAIN = {
    "DBInstanceClass": "DBInstanceClass",
    "AllocatedStorage": "AllocatedStorage",
    "StorageType": "StorageType",
    "Iops": "Iops",
    "StorageThroughput": "StorageThroughput",
    "MultiAZ": "MultiAZ",
    "PubliclyAccessible": "PubliclyAccessible",
    "AutoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "CopyTagsToSnapshot": "CopyTagsToSnapshot",
    "DeletionProtection": "DeletionProtection",
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
    "BackupRetentionPeriod": "BackupRetentionPeriod",
    "PreferredBackupWindow": "PreferredBackupWindow",
    "PreferredMaintenanceWindow": "PreferredMaintenanceWindow",
    "CACertificateIdentifier": "CACertificateIdentifier",
    "MaxAllocatedStorage": "MaxAllocatedStorage",
    "MonitoringInterval": "MonitoringInterval",
    "MonitoringRoleArn": "MonitoringRoleArn",
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "PerformanceInsightsKMSKeyId": "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "DatabaseInsightsMode": "DatabaseInsightsMode",
}
LISTS = {"EnableCloudwatchLogsExports": "EnabledCloudwatchLogsExports", "Tags": "TagList"}
GROUPS = ("VpcSecurityGroupIds", "DBParameterGroupName", "OptionGroupName", "DBSubnetGroupName")
# What a restored instance takes over from its source without being told.
KEPT = (
    *("Engine", "MasterUsername", "DBName", "LicenseModel", "DBInstanceClass", "AllocatedStorage", "KmsKeyId"),
    *("StorageEncrypted", "StorageType", "Iops", "StorageThroughput", "BackupRetentionPeriod", "EngineVersion"),
    *("PreferredBackupWindow", "PreferredMaintenanceWindow", "NetworkType", "BackupTarget"),
)
# What Multi-AZ, size and class wait for, unless the call says ApplyImmediately.
PENDING = ("DBInstanceClass", "AllocatedStorage", "StorageType", "Iops", "StorageThroughput", "MultiAZ")


def check(region: str, asked: Fields, version: str) -> None:
    """Refuse groups that do not exist or do not fit.

    Raises:
        RdsError: One of them is not usable.
    """
    access.check_groups(region, asked.get("VpcSecurityGroupIds", []))
    if "DBParameterGroupName" in asked:
        groups.check_parameters(region, asked["DBParameterGroupName"], version)
    if "OptionGroupName" in asked:
        groups.check_options(region, asked["OptionGroupName"], version)
    if "DBSubnetGroupName" in asked:
        groups.subnet_group(region, asked["DBSubnetGroupName"])


def shown(region: str, asked: Fields, names: Iterable[str]) -> Fields:
    """Return the fields that show some parameters of a call."""
    wanted = {name: asked[name] for name in names if name in asked}
    fields = {PLAIN[name]: value for name, value in wanted.items() if name in PLAIN}
    fields |= {LISTS[name]: value for name, value in wanted.items() if name in LISTS}
    if "VpcSecurityGroupIds" in wanted:
        fields["VpcSecurityGroups"] = members(wanted["VpcSecurityGroupIds"])
    if "DBParameterGroupName" in wanted:
        fields["DBParameterGroups"] = parameters(wanted["DBParameterGroupName"], "in-sync")
    if "OptionGroupName" in wanted:
        fields["OptionGroupMemberships"] = [{"OptionGroupName": wanted["OptionGroupName"], "Status": "in-sync"}]
    if "DBSubnetGroupName" in wanted:
        fields["DBSubnetGroup"] = groups.subnet_group(region, wanted["DBSubnetGroupName"])
    return fields


def members(identifiers: Iterable[str]) -> list[Fields]:
    """Return security groups as an instance shows them."""
    return [{"VpcSecurityGroupId": identifier, "Status": "active"} for identifier in identifiers]


def default_members(region: str) -> list[Fields]:
    """Return the default security group as an instance shows it."""
    return members([access.default_group(region)])


def parameters(name: str, status: str) -> list[Fields]:
    """Return a parameter group as an instance shows it."""
    return [{"DBParameterGroupName": name, "ParameterApplyStatus": status}]


def restored(region: str, source: Fields) -> Fields:
    """Return what RDS gives a restored instance for whatever the call does not name.

    "The target database is created from the source database with the same configuration as the original, except that
    the target is created with the default security group, the default subnet group, and the default DB parameter
    group" (API Reference, RestoreDBInstanceToPointInTime); what else is not carried over falls back to its default.
    """
    version = source["EngineVersion"]
    return {
        **{name: source[name] for name in KEPT if name in source},
        "VpcSecurityGroups": default_members(region),
        "DBParameterGroups": parameters(groups.default_parameters(version), "in-sync"),
        "OptionGroupMemberships": [{"OptionGroupName": groups.default_options(version), "Status": "in-sync"}],
        "DBSubnetGroup": groups.subnet_group(region, groups.DEFAULT_SUBNETS),
        **dict.fromkeys(("MultiAZ", "PubliclyAccessible", "CopyTagsToSnapshot", "DeletionProtection"), False),
        **dict.fromkeys(("IAMDatabaseAuthenticationEnabled", "PerformanceInsightsEnabled"), False),
        "AutoMinorVersionUpgrade": True,
        "MonitoringInterval": 0,
        "CACertificateIdentifier": source["CACertificateIdentifier"],
        "EnabledCloudwatchLogsExports": [],
        "TagList": [],
        "AvailabilityZone": f"{region}b",
        "DbInstancePort": 0,
        "PendingModifiedValues": {},
        "ReadReplicaDBInstanceIdentifiers": [],
        "DatabaseInsightsMode": "standard",
    }
