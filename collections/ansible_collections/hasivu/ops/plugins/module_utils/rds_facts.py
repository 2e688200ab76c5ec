# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything that a recovery needs to know of a database instance before it touches it, one question after another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds import find_instance, moment, plain
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

Fields = dict[str, Any]
Client = Callable[[str], Any]


class Facts:
    """The facts of one instance; a question that AWS does not answer is a finding, never a fact."""

    def __init__(self, client: Client, instance_id: str) -> None:
        """Ask through clients of AWS, one for each service."""
        self.client = client
        self._instance_id = instance_id
        self.findings: list[dict[str, str]] = []

    def ask(self, what: str, question: Callable[[], Any]) -> Any:
        """Return the answer to a question, or nothing, which is noted."""
        try:
            return question()
        except Exception as error:  # boto3 raises errors of many families; each leaves one thing unknown
            self.findings.append(
                finding(
                    f"{what} could not be read: {' '.join(str(error).split())}",
                    self._instance_id,
                    "What is not known cannot be carried over or checked.",
                    "Mend the access to AWS, then ask again.",
                    "high",
                    key="unknown",
                )
            )
            return None

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> list[Fields]:
        """Return every page of an answer."""
        pages = self.client(service).get_paginator(operation).paginate(**parameters)
        return [plain(one) for page in pages for one in page[key]]

    def instance(self) -> Fields | None:
        """Return the instance, or nothing where there is none."""
        found: Fields | None = self.ask("The instance", lambda: find_instance(self.client("rds"), self._instance_id))
        return found

    def cluster(self, name: str) -> Fields | None:
        """Return the cluster that the instance is a member of, with its members."""
        if not name:
            return None
        clusters = self.ask(
            f"The cluster {name}",
            lambda: self.pages("rds", "describe_db_clusters", "DBClusters", DBClusterIdentifier=name),
        )
        return clusters[0] if clusters else None

    def members(self, cluster: Fields | None) -> list[Fields]:
        """Return the instances of a cluster, the writer first."""
        if not cluster:
            return []
        order = {one["DBInstanceIdentifier"]: not one["IsClusterWriter"] for one in cluster.get("DBClusterMembers", [])}
        found = {
            name: self.ask(f"The instance {name}", lambda n=name: find_instance(self.client("rds"), n))
            for name in order
        }
        return [found[name] for name in sorted(order, key=lambda one: (order[one], one)) if found[name]]

    def backups(self, resource_id: str) -> list[Fields] | None:
        """Return the automated backups of the instance, those of one that is gone included, newest first."""
        by = {"DbiResourceId": resource_id} if resource_id else {"DBInstanceIdentifier": self._instance_id}
        operation, key = "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups"
        found: list[Fields] | None = self.ask("The automated backups", lambda: self.pages("rds", operation, key, **by))
        return found and sorted(found, key=lambda one: latest_of(one), reverse=True)

    def snapshots(self, resource_id: str) -> list[Fields] | None:
        """Return the snapshots of the instance with their age, newest first."""
        by = {"DbiResourceId": resource_id} if resource_id else {"DBInstanceIdentifier": self._instance_id}
        found = self.ask("The snapshots", lambda: self.pages("rds", "describe_db_snapshots", "DBSnapshots", **by))
        if found is None:
            return None
        told = [snapshot_fact(one, datetime.now(UTC)) for one in found]
        return sorted(told, key=lambda one: str(one["created"] or ""), reverse=True)

    def parameter_group(self, name: str) -> Fields | None:
        """Return a parameter group: its family, and the values that somebody has set."""
        if not name:
            return None
        by = {"DBParameterGroupName": name}
        groups = self.ask(
            f"The parameter group {name}",
            lambda: self.pages("rds", "describe_db_parameter_groups", "DBParameterGroups", **by),
        )
        values = self.ask(
            f"The values of {name}",
            lambda: self.pages("rds", "describe_db_parameters", "Parameters", **by, Source="user"),
        )
        if not groups or values is None:
            return None
        modified = {
            one["ParameterName"]: {"value": one.get("ParameterValue"), "apply_method": one.get("ApplyMethod")}
            for one in values
        }
        return {"name": name, "family": groups[0]["DBParameterGroupFamily"], "user_modified": modified}

    def option_group(self, name: str) -> Fields | None:
        """Return an option group."""
        found = self.ask(
            f"The option group {name}",
            lambda: self.pages("rds", "describe_option_groups", "OptionGroupsList", OptionGroupName=name),
        )
        return found[0] if found else None

    def subnet_group(self, name: str) -> Fields | None:
        """Return a subnet group by its name."""
        if not name:
            return None
        found = self.ask(
            f"The subnet group {name}",
            lambda: self.pages("rds", "describe_db_subnet_groups", "DBSubnetGroups", DBSubnetGroupName=name),
        )
        return found[0] if found else None

    def subnets(self, group: Fields | None) -> list[Fields] | None:
        """Return the subnets of a group with their free addresses."""
        ids = [subnet["SubnetIdentifier"] for subnet in (group or {}).get("Subnets", [])]
        if not ids:
            return None
        found = self.ask("The subnets", lambda: self.pages("ec2", "describe_subnets", "Subnets", SubnetIds=ids))
        return found and [
            {"id": one["SubnetId"], "zone": one["AvailabilityZone"], "free_addresses": one["AvailableIpAddressCount"]}
            for one in found
        ]

    def quotas(self) -> dict[str, dict[str, int]] | None:
        """Return each quota of RDS: how much is used, how much there is, how much is free."""
        found = self.ask("The quotas", lambda: self.client("rds").describe_account_attributes()["AccountQuotas"])
        return found and {
            one["AccountQuotaName"]: {"used": one["Used"], "max": one["Max"], "free": one["Max"] - one["Used"]}
            for one in found
        }

    def key(self, key: str) -> Fields | None:
        """Return the state of the key that encrypts the storage."""
        if not key:
            return None
        found = self.ask("The key of the storage", lambda: self.client("kms").describe_key(KeyId=key)["KeyMetadata"])
        return found and {"id": key, "state": found["KeyState"]}

    def name_taken(self, target: str) -> Fields | None:
        """Return the instance that bears the name of the new one already, if any."""
        found: Fields | None = self.ask(f"The name {target}", lambda: find_instance(self.client("rds"), target))
        return found


def latest_of(backup: Fields) -> str:
    """Return the latest moment that a backup reaches, or an empty text."""
    return str((backup.get("RestoreWindow") or {}).get("LatestTime") or "")


def snapshot_fact(snapshot: Fields, at: datetime) -> Fields:
    """Return what a choice needs to know of a snapshot."""
    created = snapshot.get("SnapshotCreateTime")
    return {
        "id": snapshot["DBSnapshotIdentifier"],
        "arn": snapshot["DBSnapshotArn"],
        "type": snapshot["SnapshotType"],
        "status": snapshot["Status"],
        "created": created,
        "age_seconds": round((at - moment(created)).total_seconds()) if created else None,
        "encrypted": snapshot.get("Encrypted"),
        "storage_gib": snapshot.get("AllocatedStorage"),
        "engine_version": snapshot.get("EngineVersion"),
    }


def window(instance: Fields | None, backups: list[Fields] | None) -> Fields:
    """Return the moments between which a point in time can be restored, and from which backup."""
    chosen = next((one for one in backups or [] if (one.get("RestoreWindow") or {}).get("LatestTime")), None)
    if chosen is None:
        return {"earliest": None, "latest": None, "backups_arn": None}
    span = chosen["RestoreWindow"]
    latest = max(filter(None, [span["LatestTime"], (instance or {}).get("LatestRestorableTime")]), key=moment)
    return {
        "earliest": span.get("EarliestTime"),
        "latest": latest,
        "backups_arn": chosen.get("DBInstanceAutomatedBackupsArn"),
    }
