"""RestoreDBInstanceToPointInTime and RestoreDBInstanceFromDBSnapshot: the beginning of a second real server."""

from __future__ import annotations

from typing import Any

from hasivu_play.sandbox.aws.rds import groups, settings
from hasivu_play.sandbox.aws.rds.account import Account
from hasivu_play.sandbox.aws.rds.backups import Backups, Source
from hasivu_play.sandbox.aws.rds.errors import RdsError, bad_combination, bad_value
from hasivu_play.sandbox.aws.rds.moments import seconds, timestamp
from hasivu_play.sandbox.aws.rds.snapshots import NAME
from hasivu_play.sandbox.aws.rds.store import Instance, Store, arn, new_resource_id
from hasivu_play.sandbox.aws.rds.view import View

Fields = dict[str, Any]
SOURCES = ("SourceDBInstanceIdentifier", "SourceDbiResourceId", "SourceDBInstanceAutomatedBackupsArn")
LONGEST_NAME = 63
# Where both calls put the same name; the port is accepted and not honoured, for on loopback it belongs to the name.
COMMON = (
    *("DBInstanceClass", "AllocatedStorage", "StorageType", "Iops", "StorageThroughput", "MultiAZ"),
    *("PubliclyAccessible", "AutoMinorVersionUpgrade", "CopyTagsToSnapshot", "DeletionProtection"),
    *("EnableIAMDatabaseAuthentication", "BackupRetentionPeriod", "PreferredBackupWindow", "CACertificateIdentifier"),
    *("VpcSecurityGroupIds", "DBParameterGroupName", "OptionGroupName", "DBSubnetGroupName"),
    *("EnableCloudwatchLogsExports", "Tags", "Port", "Engine", "LicenseModel", "AvailabilityZone"),
)
PARAMETERS = {
    "RestoreDBInstanceToPointInTime": (
        *COMMON,
        *SOURCES,
        *("TargetDBInstanceIdentifier", "RestoreTime", "UseLatestRestorableTime", "MaxAllocatedStorage"),
    ),
    "RestoreDBInstanceFromDBSnapshot": (*COMMON, "DBInstanceIdentifier", "DBSnapshotIdentifier"),
}


class Restores:
    """The operations that restore."""

    def __init__(self, store: Store, view: View, backups: Backups, account: Account) -> None:
        """Restore from what is in the store."""
        self._store = store
        self._view = view
        self._backups = backups
        self._account = account

    def to_point_in_time(self, region: str, asked: Fields) -> Fields:
        """Answer RestoreDBInstanceToPointInTime."""
        named = [name for name in SOURCES if asked.get(name)]
        if len(named) != 1:
            raise bad_combination(f"Exactly one of {', '.join(SOURCES)} must be specified.")
        source = self._backups.source(region, named[0], asked[named[0]])
        moment = self._moment(source, asked)
        work = {"do": "restore", "directory": source.directory, "moment": moment, "latest": moment is None}
        return self._create(region, asked["TargetDBInstanceIdentifier"], source.instance, asked, work)

    def _moment(self, source: Source, asked: Fields) -> float | None:
        """Return the moment that is asked for, or nothing for the latest."""
        latest = bool(asked.get("UseLatestRestorableTime"))
        if latest == ("RestoreTime" in asked):
            raise bad_combination("Specify either RestoreTime or UseLatestRestorableTime.")
        if source.window is None:
            message = f"Point in time restore is not enabled for {source.instance['DBInstanceIdentifier']}."
            raise RdsError("PointInTimeRestoreNotEnabled", message)
        if latest:
            return None
        moment = seconds(asked["RestoreTime"])
        earliest, reached = source.window
        if not earliest <= moment <= reached:
            raise bad_value(
                f"The specified instance cannot be restored to {timestamp(moment)}: it can be restored to a time "
                f"between {timestamp(earliest)} and {timestamp(reached)}."
            )
        return moment

    def from_snapshot(self, region: str, asked: Fields) -> Fields:
        """Answer RestoreDBInstanceFromDBSnapshot."""
        snapshot = self._store.snapshot(region, asked.get("DBSnapshotIdentifier", ""))
        if snapshot.shown["Status"] != "available":
            message = f"The snapshot {snapshot.name} is not available: its status is {snapshot.shown['Status']}."
            raise RdsError("InvalidDBSnapshotState", message)
        work = {"do": "restore", "base": snapshot.base}
        source = {**snapshot.instance, "AllocatedStorage": snapshot.shown["AllocatedStorage"]}
        return self._create(region, asked["DBInstanceIdentifier"], source, asked, work)

    def _create(self, region: str, name: str, source: Fields, asked: Fields, work: Fields) -> Fields:
        """Make the instance and begin to restore it."""
        identifier = name.lower()
        self._check(region, identifier, source, asked)
        resource = new_resource_id()
        shown = {
            **settings.restored(region, source),
            **settings.shown(region, asked, (*COMMON, "MaxAllocatedStorage")),
            "DBInstanceIdentifier": identifier,
            "DBInstanceArn": arn(region, "db", identifier),
            "DbiResourceId": resource,
            "DBInstanceStatus": "creating",
            "InstanceCreateTime": timestamp(),
        }
        first = [{"do": "first_backup"}] if shown["BackupRetentionPeriod"] else []
        works = [{**work, "stops": True}, *first]
        instance = Instance(shown, region, f"postgresql-{resource.lower()}", wanted=False, work=works)
        self._store.instances.append(instance)
        self._store.note("db-instance", identifier, shown["DBInstanceArn"], "DB instance restore begun", "restoration")
        self._store.save()
        return {"DBInstance": self._view.instance(instance)}

    def _check(self, region: str, identifier: str, source: Fields, asked: Fields) -> None:
        if not NAME.fullmatch(identifier) or len(identifier) > LONGEST_NAME:
            raise bad_value(f"The parameter DBInstanceIdentifier is not a valid identifier: {identifier}.")
        if self._store.has_instance(region, identifier):
            raise RdsError("DBInstanceAlreadyExists", "DB instance already exists")
        settings.check(region, asked, source["EngineVersion"])
        groups.check_key(region, source.get("KmsKeyId", ""))
        self._account.check(region, int(asked.get("AllocatedStorage") or source["AllocatedStorage"]))
