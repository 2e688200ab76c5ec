"""DescribeDBInstances and what changes an instance: modify, reboot, stop, start, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from hasivu_play.sandbox.aws.rds import paging, settings
from hasivu_play.sandbox.aws.rds.errors import RdsError, bad_combination, bad_value, wrong_state
from hasivu_play.sandbox.aws.rds.server import Server
from hasivu_play.sandbox.aws.rds.snapshots import Snapshots
from hasivu_play.sandbox.aws.rds.store import Instance, Store
from hasivu_play.sandbox.aws.rds.view import View
from hasivu_play.sandbox.aws.rds.work import Servers

Fields = dict[str, Any]
FILTERS: Mapping[str, Any] = {
    "db-instance-id": lambda instance: [instance.name, instance.shown["DBInstanceArn"]],
    "dbi-resource-id": lambda instance: [instance.shown["DbiResourceId"]],
    "engine": lambda instance: [instance.shown["Engine"]],
    "db-cluster-id": lambda instance: [],
    "domain": lambda instance: [],
}
MODIFIABLE = (
    *settings.PLAIN,
    *settings.GROUPS,
    *("DBInstanceIdentifier", "NewDBInstanceIdentifier", "ApplyImmediately", "MasterUserPassword"),
    "CloudwatchLogsExportConfiguration",
)
# A change of these alone leaves the instance available.
QUIET = (
    *("DeletionProtection", "CopyTagsToSnapshot", "MaxAllocatedStorage", "AutoMinorVersionUpgrade"),
    *("PreferredBackupWindow", "PreferredMaintenanceWindow", "BackupRetentionPeriod"),
)
SHORTEST_PASSWORD = 8
DELETABLE = ("available", "stopped", "failed", "incompatible-restore", "incompatible-parameters", "storage-full")


class Instances:
    """The operations on instances."""

    def __init__(self, store: Store, view: View, servers: Servers, snapshots: Snapshots) -> None:
        """Work on what is in the store."""
        self._store = store
        self._view = view
        self._servers = servers
        self._snapshots = snapshots

    def describe(self, region: str, asked: Fields) -> Fields:
        """Answer DescribeDBInstances."""
        found = [instance for instance in self._store.instances if instance.region == region]
        if "DBInstanceIdentifier" in asked:
            found = [self._store.instance(region, asked["DBInstanceIdentifier"])]
        found = sorted(paging.chosen(found, asked, FILTERS), key=lambda instance: instance.name)
        return paging.page("DBInstances", [self._view.instance(instance) for instance in found], asked)

    def modify(self, region: str, asked: Fields) -> Fields:
        """Answer ModifyDBInstance."""
        instance = self._store.instance(region, asked["DBInstanceIdentifier"])
        self._check_state(instance, "available", "incompatible-parameters", "storage-full")
        settings.check(region, asked, instance.shown["EngineVersion"])
        self._check_rename(region, asked)
        work = self._change(instance, asked)
        if work:
            instance.work.append(work)
            instance.shown["DBInstanceStatus"] = "modifying"
        if "NewDBInstanceIdentifier" in asked:
            self._rename(instance, asked)
        return self._answer(instance)

    def _change(self, instance: Instance, asked: Fields) -> Fields | None:
        """Note what a call asks for at once or for later; return what is to be done to the instance meanwhile."""
        now = bool(asked.get("ApplyImmediately"))
        pending = {name: value for name, value in asked.items() if name in settings.PENDING and not now}
        instance.shown["PendingModifiedValues"] |= pending
        direct = {name: value for name, value in asked.items() if name not in pending}
        fields = settings.shown(instance.region, direct, [*settings.PLAIN, "VpcSecurityGroupIds", "OptionGroupName"])
        fields |= logs(instance, direct.get("CloudwatchLogsExportConfiguration", {}))
        if "DBParameterGroupName" in direct:
            fields["DBParameterGroups"] = settings.parameters(direct["DBParameterGroupName"], "pending-reboot")
        verifier = self._verifier(instance, asked["MasterUserPassword"]) if "MasterUserPassword" in asked else ""
        if not verifier and fields.keys() <= {settings.PLAIN[name] for name in QUIET}:
            instance.shown |= fields
            return None
        return {"do": "modify", "fields": fields, "verifier": verifier}

    def _verifier(self, instance: Instance, password: str) -> str:
        """Return the verifier of a new master password: the password itself is kept nowhere."""
        if len(password) < SHORTEST_PASSWORD or set(password) & set('/"@ '):
            raise bad_value("The parameter MasterUserPassword is too short, or has one of / @ and quotes.")
        try:
            return self._server(instance).verifier(instance.shown["MasterUsername"], password)
        except psycopg.Error:
            raise wrong_state("The master password cannot be reset while the instance does not answer.") from None

    def _check_rename(self, region: str, asked: Fields) -> None:
        new = asked.get("NewDBInstanceIdentifier", "").lower()
        if new and self._store.has_instance(region, new):
            raise RdsError("DBInstanceAlreadyExists", "DB instance already exists")

    def _rename(self, instance: Instance, asked: Fields) -> None:
        new = asked["NewDBInstanceIdentifier"].lower()
        if not asked.get("ApplyImmediately"):
            instance.shown["PendingModifiedValues"]["DBInstanceIdentifier"] = new
            return
        instance.work.append({"do": "rename", "name": new, "stops": True})
        instance.shown["DBInstanceStatus"] = "renaming"

    def reboot(self, region: str, asked: Fields) -> Fields:
        """Answer RebootDBInstance."""
        instance = self._store.instance(region, asked["DBInstanceIdentifier"])
        self._check_state(instance, "available", "incompatible-parameters")
        failover = bool(asked.get("ForceFailover"))
        if failover and not instance.shown["MultiAZ"]:
            raise bad_combination("Cannot specify ForceFailover as the instance is not configured for MultiAZ.")
        instance.work.append({"do": "reboot", "failover": failover, "stops": True})
        instance.shown["DBInstanceStatus"] = "rebooting"
        return self._answer(instance)

    def stop(self, region: str, asked: Fields) -> Fields:
        """Answer StopDBInstance."""
        instance = self._store.instance(region, asked["DBInstanceIdentifier"])
        self._check_state(instance, "available")
        if "DBSnapshotIdentifier" in asked:
            self._snapshots.create(region, asked)
        instance.work.append({"do": "stop", "stops": True})
        instance.shown["DBInstanceStatus"] = "stopping"
        return self._answer(instance)

    def start(self, region: str, asked: Fields) -> Fields:
        """Answer StartDBInstance."""
        instance = self._store.instance(region, asked["DBInstanceIdentifier"])
        self._check_state(instance, "stopped")
        instance.work.append({"do": "start", "stops": True})
        instance.shown["DBInstanceStatus"] = "starting"
        return self._answer(instance)

    def delete(self, region: str, asked: Fields) -> Fields:
        """Answer DeleteDBInstance."""
        instance = self._store.instance(region, asked["DBInstanceIdentifier"])
        if instance.shown["DeletionProtection"]:
            message = "Cannot delete protected DB Instance, please disable deletion protection and try again."
            raise bad_combination(message)
        if instance.shown["ReadReplicaDBInstanceIdentifiers"]:
            message = "The sandbox's AWS emulator does not delete an instance that has read replicas."
            raise RdsError("NotImplemented", message, 501)
        self._check_state(instance, *DELETABLE)
        final = self._final_snapshot(instance, asked)
        kept = not asked.get("DeleteAutomatedBackups", True)
        instance.work.append({"do": "delete", "final": final, "keep_backups": kept, "stops": True})
        instance.shown["DBInstanceStatus"] = "deleting"
        return self._answer(instance)

    def _final_snapshot(self, instance: Instance, asked: Fields) -> str:
        """Return the name of the last snapshot that is asked for, or nothing where none is wanted."""
        name = asked.get("FinalDBSnapshotIdentifier", "")
        if bool(name) == bool(asked.get("SkipFinalSnapshot")):
            message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified, and excludes it."
            raise bad_combination(message)
        if name:
            self._check_state(instance, "available")
            self._snapshots.check_name(instance.region, name)
        return str(name).lower()

    def _check_state(self, instance: Instance, *states: str) -> None:
        status = self._view.status(instance)
        if status not in states:
            raise wrong_state(f"Instance {instance.name} is not in available state: its status is {status}.")

    def _server(self, instance: Instance) -> Server:
        return self._servers.of(instance)

    def _answer(self, instance: Instance) -> Fields:
        self._store.save()
        return {"DBInstance": self._view.instance(instance)}


def logs(instance: Instance, change: Fields) -> Fields:
    """Return which logs are exported after a change, where there is one."""
    if not change:
        return {}
    exported = set(instance.shown["EnabledCloudwatchLogsExports"]) | set(change.get("EnableLogTypes", []))
    return {"EnabledCloudwatchLogsExports": sorted(exported - set(change.get("DisableLogTypes", [])))}
