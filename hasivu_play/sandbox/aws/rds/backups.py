"""Automated backups: base backups and the archived log, of instances that are there and of those that are gone."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hasivu_play.sandbox import base_backup
from hasivu_play.sandbox.aws.rds import paging
from hasivu_play.sandbox.aws.rds.errors import not_found
from hasivu_play.sandbox.aws.rds.moments import seconds, timestamp
from hasivu_play.sandbox.aws.rds.store import Backup, Instance, Store, arn
from hasivu_play.sandbox.aws.rds.view import View

Fields = dict[str, Any]
FIELDS = (
    *("DBInstanceArn", "DbiResourceId", "DBInstanceIdentifier", "AllocatedStorage", "AvailabilityZone"),
    *("InstanceCreateTime", "MasterUsername", "Engine", "EngineVersion", "LicenseModel", "Iops", "StorageThroughput"),
    *("StorageType", "KmsKeyId", "IAMDatabaseAuthenticationEnabled", "BackupRetentionPeriod", "PreferredBackupWindow"),
)
FILTERS: Mapping[str, Any] = {
    "status": lambda shown: [shown["Status"]],
    "db-instance-id": lambda shown: [shown["DBInstanceIdentifier"], shown["DBInstanceArn"]],
    "dbi-resource-id": lambda shown: [shown["DbiResourceId"]],
}
PARAMETERS = (*paging.PAGING, "DBInstanceIdentifier", "DbiResourceId", "DBInstanceAutomatedBackupsArn")
# How a restore names its source, and the field of a backup that holds that.
NAMED_BY = {
    "SourceDBInstanceIdentifier": "DBInstanceIdentifier",
    "SourceDbiResourceId": "DbiResourceId",
    "SourceDBInstanceAutomatedBackupsArn": "DBInstanceAutomatedBackupsArn",
}


@dataclass(frozen=True)
class Source:
    """What an instance can be restored from: a folder with base backups and archived log, and the window they span."""

    instance: Fields
    directory: str
    window: tuple[float, float] | None


class Backups:
    """The operations on automated backups."""

    def __init__(self, store: Store, view: View) -> None:
        """Look at what is in the store."""
        self._store = store
        self._view = view

    def describe(self, region: str, asked: Fields) -> Fields:
        """Answer DescribeDBInstanceAutomatedBackups."""
        active = [self.active(one) for one in self._store.instances if one.region == region]
        shown = [*(one for one in active if one), *(one.shown for one in self._store.backups if one.region == region)]
        named = {"DBInstanceIdentifier": "DBInstanceIdentifier", "DbiResourceId": "DbiResourceId"}
        for parameter in (*named, "DBInstanceAutomatedBackupsArn"):
            if parameter in asked:
                shown = [one for one in shown if one[parameter].lower() == asked[parameter].lower()]
        if not shown and "DBInstanceAutomatedBackupsArn" in asked:
            raise not_found("DBInstanceAutomatedBackupNotFound", "The automated backup was not found.")
        return paging.page("DBInstanceAutomatedBackups", paging.chosen(shown, asked, FILTERS), asked)

    def active(self, instance: Instance) -> Fields | None:
        """Return the automated backup of an instance that is there, once it has one."""
        window = self._view.window(instance)
        return None if window is None else backup(self._view.instance(instance), instance.region, window, "active")

    def source(self, region: str, parameter: str, name: str) -> Source:
        """Return what a restore names.

        Raises:
            RdsError: There is no such instance or backup.
        """
        if parameter == "SourceDBInstanceIdentifier":
            return self.of(self._store.instance(region, name))
        field = NAMED_BY[parameter]
        for instance in self._store.instances:
            found = {"DbiResourceId": instance.shown["DbiResourceId"], **(self.active(instance) or {})}
            if instance.region == region and found.get(field) == name:
                return self.of(instance)
        for one in self._store.backups:
            if one.region == region and one.shown[field] == name and "RestoreWindow" in one.shown:
                begin, end = (seconds(one.shown["RestoreWindow"][key]) for key in ("EarliestTime", "LatestTime"))
                return Source(one.instance, one.directory, (begin, end))
        raise not_found("DBInstanceAutomatedBackupNotFound", f"The automated backup of {name} was not found.")

    def of(self, instance: Instance) -> Source:
        """Return what an instance that is there can be restored from."""
        return Source(instance.shown, instance.directory, self._view.window(instance))

    def retain(self, instance: Instance) -> None:
        """Keep the automated backups of an instance that is being deleted; its server has archived all and ended."""
        window = self._view.window(instance)
        complete = base_backup.complete(self._store.layout.root / instance.directory)
        if window and complete:
            span = (base_backup.ended(complete[0]), max(window[1], time.time()))
            shown = backup(self._view.instance(instance), instance.region, span, "retained")
            self._store.backups.append(Backup(shown, instance.region, instance.directory, dict(instance.shown)))


def backup_arn(region: str, resource_id: str) -> str:
    """Return the ARN of the automated backups that a Region keeps of an instance."""
    return arn(region, "auto-backup", f"ab-{resource_id[3:].lower()}")


def backup(shown: Fields, region: str, window: tuple[float, float], status: str) -> Fields:
    """Return an automated backup as RDS shows it."""
    return {
        **{name: shown[name] for name in FIELDS if name in shown},
        "DBInstanceAutomatedBackupsArn": backup_arn(region, shown["DbiResourceId"]),
        "Region": region,
        "Status": status,
        "Encrypted": shown["StorageEncrypted"],
        "OptionGroupName": shown["OptionGroupMemberships"][0]["OptionGroupName"],
        "VpcId": shown["DBSubnetGroup"]["VpcId"],
        "Port": shown.get("Endpoint", {}).get("Port", 5432),
        "BackupTarget": "region",
        "RestoreWindow": {"EarliestTime": timestamp(math.ceil(window[0])), "LatestTime": timestamp(window[1])},
        "TagList": shown["TagList"],
    }
