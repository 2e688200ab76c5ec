# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The call, or calls, that begin a restore: for an instance one, for a cluster of Aurora one and its members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds import RUN_TAG, tag_list
from ansible_collections.hasivu.ops.plugins.module_utils.rds_parameters import carried_tags, plan

Fields = dict[str, Any]
SOURCES = {
    "source_instance": "SourceDBInstanceIdentifier",
    "source_resource_id": "SourceDbiResourceId",
    "source_backups_arn": "SourceDBInstanceAutomatedBackupsArn",
}
CLUSTER = "DBClusterIdentifier"
MEMBER_FIELDS = (
    *("DBInstanceClass", "Engine", "PubliclyAccessible", "PromotionTier", "MonitoringInterval", "MonitoringRoleArn"),
    *("CACertificateIdentifier", "PreferredMaintenanceWindow"),
)
MEMBER_RENAMED = {"EnablePerformanceInsights": "PerformanceInsightsEnabled"}
CLUSTER_FIELDS = {
    "DBSubnetGroupName": "DBSubnetGroup",
    "DBClusterParameterGroupName": "DBClusterParameterGroup",
    "Port": "Port",
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
    "EnableCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
    "CopyTagsToSnapshot": "CopyTagsToSnapshot",
    "StorageType": "StorageType",
}


@dataclass(frozen=True)
class Call:
    """One call to RDS, with the origin of every parameter."""

    operation: str
    parameters: list[Fields]

    @property
    def arguments(self) -> Fields:
        """Return the arguments as boto3 takes them."""
        return {one["name"]: one["value"] for one in self.parameters}

    def told(self) -> Fields:
        """Return the call as a result tells it."""
        return {"operation": self.operation, "parameters": self.parameters}


def is_cluster(captured: Fields) -> bool:
    """Tell whether the captured instance is a member of a cluster, which is restored as a whole."""
    return bool(captured.get(CLUSTER))


def calls(options: Fields) -> list[Call]:
    """Return the calls that a restore with these options makes, in their order."""
    if is_cluster(options["captured"]):
        return cluster_calls(options)
    return [instance_call(options)]


def instance_call(options: Fields) -> Call:
    """Return the call that restores an instance, to a point in time or from a snapshot."""
    snapshot = options.get("snapshot_id")
    chosen = [named("DBSnapshotIdentifier", snapshot)] if snapshot else point_in_time(options)
    target = "DBInstanceIdentifier" if snapshot else "TargetDBInstanceIdentifier"
    chosen_otherwise, tags = options.get("overrides") or {}, options.get("tags") or {}
    declared = options.get("declared") or {}
    rest = plan(options["captured"], not snapshot, chosen_otherwise, tags, options["run_id"], declared)
    operation = "restore_db_instance_from_db_snapshot" if snapshot else "restore_db_instance_to_point_in_time"
    return Call(operation, [named(target, options["instance_id"]), *chosen, *rest])


def point_in_time(options: Fields) -> list[Fields]:
    """Return source and moment of a restore to a point in time."""
    source = next(named(SOURCES[name], options[name]) for name in SOURCES if options.get(name))
    if options.get("restore_time"):
        return [source, named("RestoreTime", options["restore_time"])]
    return [source, named("UseLatestRestorableTime", value=True)]


def cluster_calls(options: Fields) -> list[Call]:
    """Return the call that restores a cluster, and those that make its members: the restore makes none."""
    captured, cluster, run = options["captured"], options.get("captured_cluster") or {}, options["run_id"]
    tags = {**carried_tags(cluster), **(options.get("tags") or {}), RUN_TAG: run}
    shared = [captured_as(name, cluster.get(field), field) for name, field in CLUSTER_FIELDS.items()]
    groups = [group["VpcSecurityGroupId"] for group in cluster.get("VpcSecurityGroups", [])]
    shared += [
        captured_as("VpcSecurityGroupIds", groups, "VpcSecurityGroups"),
        {"name": "DeletionProtection", "value": True, "origin": "rule: never deleted by mistake"},
        {"name": "Tags", "value": tag_list(tags), "origin": "captured: TagList, and the run"},
    ]
    target = named(CLUSTER, options["instance_id"])
    if options.get("snapshot_id"):
        engine = captured_as("Engine", cluster.get("Engine") or captured.get("Engine"), "Engine")
        begin = [target, named("SnapshotIdentifier", options["snapshot_id"]), engine]
        first = Call("restore_db_cluster_from_snapshot", present([*begin, *shared]))
    else:
        moment = options.get("restore_time")
        when = named("RestoreToTime", moment) if moment else named("UseLatestRestorableTime", value=True)
        source = captured_as("SourceDBClusterIdentifier", captured[CLUSTER], CLUSTER)
        first = Call("restore_db_cluster_to_point_in_time", present([target, source, when, *shared]))
    members = options.get("captured_members") or [captured]
    made = [member_call(options["instance_id"], n, member, run) for n, member in enumerate(members, start=1)]
    return [first, *made]


def member_call(target: str, number: int, member: Fields, run_id: str) -> Call:
    """Return the call that makes one member of a restored cluster."""
    group = (member.get("DBParameterGroups") or [{}])[0].get("DBParameterGroupName")
    parameters = [
        named("DBInstanceIdentifier", f"{target}-{number}"),
        named(CLUSTER, target),
        *(captured_as(name, member.get(name), name) for name in MEMBER_FIELDS),
        *(captured_as(name, member.get(field), field) for name, field in MEMBER_RENAMED.items()),
        captured_as("DBParameterGroupName", group, "DBParameterGroups[0].DBParameterGroupName"),
        {"name": "Tags", "value": tag_list({**carried_tags(member), RUN_TAG: run_id}), "origin": "captured: TagList"},
    ]
    return Call("create_db_instance", present(parameters))


def named(name: str, value: Any) -> Fields:
    """Return a parameter that the run was given."""
    return {"name": name, "value": value, "origin": "input"}


def captured_as(name: str, value: Any, field: str) -> Fields:
    """Return a parameter that is carried over."""
    return {"name": name, "value": value, "origin": f"captured: {field}"}


def present(parameters: list[Fields]) -> list[Fields]:
    """Return the parameters that have a value."""
    return [one for one in parameters if one["value"] not in (None, "", [])]
