# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The settings of a database instance: what is to be changed, what differs from the captured one, and why.

Decisions only. Names are those of ModifyDBInstance; each says in which field of DescribeDBInstances it shows.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds_parameters import FIXED, carried_tags, identifiers, port

Fields = dict[str, Any]

# parameter of ModifyDBInstance -> field of DescribeDBInstances, where both hold the same value
SAME = {
    "AllocatedStorage": "AllocatedStorage",
    "AutoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "BackupRetentionPeriod": "BackupRetentionPeriod",
    "CACertificateIdentifier": "CACertificateIdentifier",
    "CopyTagsToSnapshot": "CopyTagsToSnapshot",
    "DBInstanceClass": "DBInstanceClass",
    "DatabaseInsightsMode": "DatabaseInsightsMode",
    "DeletionProtection": "DeletionProtection",
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
    "EnablePerformanceInsights": "PerformanceInsightsEnabled",
    "Iops": "Iops",
    "MaxAllocatedStorage": "MaxAllocatedStorage",
    "MonitoringInterval": "MonitoringInterval",
    "MonitoringRoleArn": "MonitoringRoleArn",
    "MultiAZ": "MultiAZ",
    "PerformanceInsightsKMSKeyId": "PerformanceInsightsKMSKeyId",
    "PerformanceInsightsRetentionPeriod": "PerformanceInsightsRetentionPeriod",
    "PreferredBackupWindow": "PreferredBackupWindow",
    "PreferredMaintenanceWindow": "PreferredMaintenanceWindow",
    "PubliclyAccessible": "PubliclyAccessible",
    "StorageThroughput": "StorageThroughput",
    "StorageType": "StorageType",
}
# What a restore cannot carry, and the captured instance has: brought afterwards unless somebody wants otherwise.
BROUGHT = (
    *("MonitoringInterval", "MonitoringRoleArn", "EnablePerformanceInsights", "PerformanceInsightsKMSKeyId"),
    *("PerformanceInsightsRetentionPeriod", "DatabaseInsightsMode", "MaxAllocatedStorage"),
    "PreferredMaintenanceWindow",
)
# Performance Insights is told of by three parameters, which RDS takes only together with the first.
INSIGHTS = ("PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod")
# Fields that differ between any two instances, and why.
OF_ITS_OWN = {
    "DBInstanceIdentifier": "the new instance has a name of its own",
    "DBInstanceArn": "the ARN holds the name",
    "DbiResourceId": "a restored instance has an identity of its own; IAM policies and log groups name it",
    "InstanceCreateTime": "the new instance was made now",
    "DBInstanceStatus": "a state, not a setting",
    "Endpoint": "the new instance has an address of its own; clients take it from there",
    "LatestRestorableTime": "the new instance has backups of its own",
    "AvailabilityZone": "RDS chooses the zone",
    "SecondaryAvailabilityZone": "RDS chooses the zone",
    "CertificateDetails": "the new instance has a certificate of its own",
    "EnhancedMonitoringResourceArn": "a log stream that is made for the new instance",
    "PendingModifiedValues": "a state, not a setting",
    "StatusInfos": "a state, not a setting",
    "AutomaticRestartTime": "a state, not a setting",
    "PercentProgress": "a state, not a setting",
    "ReadReplicaDBInstanceIdentifiers": "replicas are made again, not restored",
    "DBInstanceAutomatedBackupsReplications": "the replication of backups is started again, not restored",
    "AssociatedRoles": "roles are associated again, not restored",
    "ActivityStreamStatus": "an activity stream is started again, not restored",
    "MasterUserSecret": "a managed password is set up again, not restored",
    "DbInstancePort": "the address of the new instance tells its port",
}


def wanted(captured: Fields, chosen: Fields, security_groups: list[str] | None) -> Fields:
    """Return what the instance is to have: what a restore could not bring, and what somebody chose."""
    found = {name: captured[SAME[name]] for name in BROUGHT if captured.get(SAME[name])}
    if security_groups is not None:
        found["VpcSecurityGroupIds"] = sorted(security_groups)
    return {**found, **chosen}


def request(actual: Fields, goal: Fields) -> Fields:
    """Return the parameters of ModifyDBInstance that bring the instance to the goal; nothing where it is there."""
    changes = {name: value for name, value in goal.items() if current(actual, name) != value}
    if changes.keys() & set(INSIGHTS) and "EnablePerformanceInsights" in goal:
        changes["EnablePerformanceInsights"] = goal["EnablePerformanceInsights"]
    if "MonitoringInterval" in changes and goal.get("MonitoringRoleArn"):
        changes["MonitoringRoleArn"] = goal["MonitoringRoleArn"]
    return changes


def current(actual: Fields, name: str) -> Any:
    """Return what an instance has of a parameter; a value that waits for the maintenance window is not had yet."""
    if name == "VpcSecurityGroupIds":
        return sorted(identifiers(actual))
    if name == "DBParameterGroupName":
        return (actual.get("DBParameterGroups") or [{}])[0].get("DBParameterGroupName")
    if name == "OptionGroupName":
        return (actual.get("OptionGroupMemberships") or [{}])[0].get("OptionGroupName")
    if name == "CloudwatchLogsExportConfiguration":
        return None
    return actual.get(SAME.get(name, name))


def is_same(actual: Fields, goal: Fields) -> bool:
    """Tell whether the instance has all of a goal, security groups in force and a new password included."""
    in_force = all(group["Status"] == "active" for group in actual.get("VpcSecurityGroups", []))
    waits = "MasterUserPassword" in (actual.get("PendingModifiedValues") or {})
    return in_force and not waits and not request(actual, goal)


def pending_reboot(actual: Fields) -> bool:
    """Tell whether values of the parameter group wait for a restart."""
    return any(group.get("ParameterApplyStatus") == "pending-reboot" for group in actual.get("DBParameterGroups", []))


def differences(captured: Fields, actual: Fields, explained: dict[str, str], chosen: Fields) -> list[Fields]:
    """Return every field in which the instance differs from the captured one, and why where that is known.

    Args:
        captured: The old instance.
        actual: The new one.
        explained: Further explanations, by field.
        chosen: What somebody chose otherwise, by parameter.
    """
    reasons = {**OF_ITS_OWN, **{SAME.get(name, name): "chosen so" for name in chosen}, **explained}
    if "VpcSecurityGroupIds" in chosen:
        reasons["VpcSecurityGroups"] = "chosen so"
    rules = {name: why for name, (value, why) in FIXED.items() if actual.get(name) == value}
    reasons = {**rules, **reasons}
    found = []
    for field in sorted(captured.keys() | actual.keys()):
        before, after = comparable(field, captured), comparable(field, actual)
        if field == "TagList":  # what the new instance is tagged with besides takes nothing away
            after = {key: value for key, value in after.items() if key in before}
        if before != after:
            why = reasons.get(field, "")
            found.append({"field": field, "captured": before, "actual": after, "explained": bool(why), "why": why})
    return found


def comparable(field: str, shown: Fields) -> Any:
    """Return a field so that two instances can be compared: without order, states and tags of a run."""
    if field == "VpcSecurityGroups":
        return sorted(identifiers(shown))
    if field in ("DBParameterGroups", "OptionGroupMemberships"):
        return [group.get("DBParameterGroupName") or group.get("OptionGroupName") for group in shown.get(field, [])]
    if field == "TagList":
        return carried_tags(shown)
    if field == "DBSubnetGroup":
        return (shown.get(field) or {}).get("DBSubnetGroupName")
    if field == "Endpoint":
        return {"Address": (shown.get(field) or {}).get("Address"), "Port": port(shown)}
    value = shown.get(field)
    return sorted(value) if field == "EnabledCloudwatchLogsExports" and value else value or None
