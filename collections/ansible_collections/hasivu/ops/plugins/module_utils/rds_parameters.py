# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which parameters a restore is given, and where each comes from: decisions only.

What a restore is not told falls back to a default of RDS: its default parameter group and security group, one zone, no
deletion protection. So everything is told that the call accepts; the rest is for ModifyDBInstance afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds import RUN_TAG, tag_list

Fields = dict[str, Any]
Read = Callable[[Fields], Any]


def field(name: str) -> Read:
    """Return how to read a field of the captured instance."""
    return lambda captured: captured.get(name)


def identifiers(captured: Fields) -> list[str]:
    """Return the security groups of the captured instance."""
    return [group["VpcSecurityGroupId"] for group in captured.get("VpcSecurityGroups", [])]


def first(name: str, key: str) -> Read:
    """Return how to read the name of the first group of a kind."""
    return lambda captured: (captured.get(name) or [{}])[0].get(key)


def port(captured: Fields) -> int | None:
    """Return the port at which clients reach the captured instance."""
    return (
        (captured.get("Endpoint") or {}).get("Port") or captured.get("Port") or captured.get("DbInstancePort") or None
    )


# parameter of the call -> field of DescribeDBInstances, and how to read it
CARRIED: dict[str, tuple[str, Read]] = {
    "DBInstanceClass": ("DBInstanceClass", field("DBInstanceClass")),
    "DBSubnetGroupName": (
        "DBSubnetGroup.DBSubnetGroupName",
        lambda captured: (captured.get("DBSubnetGroup") or {}).get("DBSubnetGroupName"),
    ),
    "VpcSecurityGroupIds": ("VpcSecurityGroups", identifiers),
    "DBParameterGroupName": (
        "DBParameterGroups[0].DBParameterGroupName",
        first("DBParameterGroups", "DBParameterGroupName"),
    ),
    "OptionGroupName": (
        "OptionGroupMemberships[0].OptionGroupName",
        first("OptionGroupMemberships", "OptionGroupName"),
    ),
    "StorageType": ("StorageType", field("StorageType")),
    "Iops": ("Iops", field("Iops")),
    "StorageThroughput": ("StorageThroughput", field("StorageThroughput")),
    "AllocatedStorage": ("AllocatedStorage", field("AllocatedStorage")),
    "Port": ("Endpoint.Port", port),
    "EnableIAMDatabaseAuthentication": ("IAMDatabaseAuthenticationEnabled", field("IAMDatabaseAuthenticationEnabled")),
    "EnableCloudwatchLogsExports": ("EnabledCloudwatchLogsExports", field("EnabledCloudwatchLogsExports")),
    "CACertificateIdentifier": ("CACertificateIdentifier", field("CACertificateIdentifier")),
    "BackupRetentionPeriod": ("BackupRetentionPeriod", field("BackupRetentionPeriod")),
    "PreferredBackupWindow": ("PreferredBackupWindow", field("PreferredBackupWindow")),
    "CopyTagsToSnapshot": ("CopyTagsToSnapshot", field("CopyTagsToSnapshot")),
    "MaxAllocatedStorage": ("MaxAllocatedStorage", field("MaxAllocatedStorage")),
}
POINT_IN_TIME_ONLY = ("MaxAllocatedStorage",)
# What is the same in every recovery, and why.
FIXED: dict[str, tuple[Any, str]] = {
    "MultiAZ": (False, "one zone until after the cutover: a second one lengthens the restore"),
    "PubliclyAccessible": (False, "never reachable from the internet"),
    "DeletionProtection": (True, "never deleted by mistake"),
    "AutoMinorVersionUpgrade": (False, "no upgrade until the recovery is over"),
}
GP3_WITH_IOPS = 400  # below that size gp3 has its baseline and takes no IOPS or throughput of its own
RESERVED_TAGS = "aws:"


GROUP_NAMES = ("DBSubnetGroupName", "DBParameterGroupName", "OptionGroupName")


def group_names(source: Fields, declared: Fields) -> dict[str, str]:
    """Return the names of the groups of an instance: as it or its backup tells them, else as they are declared."""
    told = {name: CARRIED[name][1](source) or source.get(name) for name in GROUP_NAMES}
    return {name: str(value or declared.get(name) or "") for name, value in told.items()}


def plan(
    captured: Fields, point_in_time: bool, overrides: Fields, tags: Fields, run_id: str, declared: Fields | None = None
) -> list[Fields]:
    """Return every parameter that is carried over, with its value and its origin, by name.

    Args:
        captured: The instance as DescribeDBInstances showed it before, or its retained backup.
        point_in_time: Whether the call is the one to a point in time; that from a snapshot takes less.
        overrides: Parameters that somebody chose otherwise.
        tags: Further tags, such as the incident.
        run_id: The run that the new instance belongs to.
        declared: Parameters that the inventory declares, for an instance that is gone: a backup knows few of them.
    """
    found = {name: parameter(name, value, "inventory") for name, value in (declared or {}).items()}
    for name, (source, read) in CARRIED.items():
        value = read(captured)
        value = captured.get(name) if value is None else value  # a backup tells the group by its name alone
        if value not in (None, "", [], 0) or value is False:
            found[name] = parameter(name, value, f"captured: {source}")
    found |= {name: parameter(name, value, f"rule: {why}") for name, (value, why) in FIXED.items()}
    if not point_in_time:
        found = {name: one for name, one in found.items() if name not in POINT_IN_TIME_ONLY}
    if takes_no_speed(found):
        found = {name: one for name, one in found.items() if name not in ("Iops", "StorageThroughput")}
    found |= {name: parameter(name, value, "input") for name, value in overrides.items()}
    every = {**carried_tags(captured), **tags, RUN_TAG: run_id}
    found["Tags"] = parameter("Tags", tag_list(every), "captured: TagList, and the run")
    return [found[name] for name in sorted(found)]


def parameter(name: str, value: Any, origin: str) -> Fields:
    """Return one parameter with its origin."""
    return {"name": name, "value": value, "origin": origin}


def takes_no_speed(found: Fields) -> bool:
    """Tell whether the storage is too small for IOPS and throughput of its own."""
    size = found.get("AllocatedStorage", {}).get("value", GP3_WITH_IOPS)
    return found.get("StorageType", {}).get("value") == "gp3" and int(size) < GP3_WITH_IOPS


def carried_tags(captured: Fields) -> Fields:
    """Return the tags of the captured instance, but for those that AWS keeps for itself and those of older runs."""
    tags = {tag["Key"]: tag["Value"] for tag in captured.get("TagList", [])}
    return {key: value for key, value in tags.items() if not key.startswith((RESERVED_TAGS, "hasivu-"))}


def left_for_later(captured: Fields, planned: list[Fields]) -> list[Fields]:
    """Return the settings of the captured instance that the restore does not take and ModifyDBInstance must bring."""
    told = {one["name"] for one in planned}
    later = ("MonitoringInterval", "MonitoringRoleArn", "PerformanceInsightsEnabled", "PreferredMaintenanceWindow")
    later += ("PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod", "DatabaseInsightsMode")
    later += () if "MaxAllocatedStorage" in told else ("MaxAllocatedStorage",)
    return [{"name": name, "value": captured[name]} for name in later if captured.get(name)]
