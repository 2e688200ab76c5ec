"""Replication of automated backups to another Region: base backups and archived log, copied as they become ready."""

from __future__ import annotations

import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

from hasivu_play.sandbox import base_backup
from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.rds import account, groups
from hasivu_play.sandbox.aws.rds.archive import Archive
from hasivu_play.sandbox.aws.rds.backups import Backups, backup_arn
from hasivu_play.sandbox.aws.rds.errors import RdsError, bad_combination, bad_value, wrong_state
from hasivu_play.sandbox.aws.rds.moments import timestamp
from hasivu_play.sandbox.aws.rds.server import SEGMENT
from hasivu_play.sandbox.aws.rds.store import Backup, Instance, Store
from hasivu_play.sandbox.layout import Layout

Fields = dict[str, Any]
PARAMETERS = ("SourceDBInstanceArn", "BackupRetentionPeriod", "KmsKeyId", "Tags")
SHOWN = "DBInstanceAutomatedBackupsReplications"
PENDING, REPLICATING, RETAINED = "pending", "replicating", "retained"
DEFAULT_DAYS = 7
COPY_SECONDS = 3.0


class Replication:
    """The operations on replications, and the copying itself."""

    def __init__(self, store: Store, backups: Backups, archive: Archive, faults: Faults) -> None:
        """Copy what is in the store."""
        self._store = store
        self._backups = backups
        self._archive = archive
        self._faults = faults
        self._copied = 0.0

    def start(self, region: str, asked: Fields) -> Fields:
        """Answer StartDBInstanceAutomatedBackupsReplication, which is sent to the Region that shall keep the copy."""
        source = self._source(region, asked)
        if not source.shown["BackupRetentionPeriod"]:
            raise wrong_state(f"Automated backups of {source.name} are not enabled.")
        if self._found(region, source):
            message = f"Automated backups of {source.name} are replicated to {region} already."
            raise RdsError("InvalidDBInstanceAutomatedBackupState", message)
        if source.shown["StorageEncrypted"] and "KmsKeyId" not in asked:
            raise bad_combination("KmsKeyId must be given, for the source is encrypted.")
        groups.check_key(region, asked.get("KmsKeyId", ""))
        days = int(asked.get("BackupRetentionPeriod", DEFAULT_DAYS))
        kept = begin(self._store, source, region, asked.get("KmsKeyId", ""), days)
        kept.shown["TagList"] = asked.get("Tags", [])
        self._store.save()
        return {"DBInstanceAutomatedBackup": kept.shown}

    def stop(self, region: str, asked: Fields) -> Fields:
        """Answer StopDBInstanceAutomatedBackupsReplication: what was copied is kept."""
        source = self._source(region, asked)
        kept = self._found(region, source)
        if kept is None:
            raise wrong_state(f"Automated backups of {source.name} are not replicated to {region}.")
        kept.shown["Status"] = RETAINED
        arn = kept.shown["DBInstanceAutomatedBackupsArn"]
        source.shown[SHOWN] = [one for one in source.shown[SHOWN] if one["DBInstanceAutomatedBackupsArn"] != arn]
        self._store.save()
        return {"DBInstanceAutomatedBackup": kept.shown}

    def look(self) -> None:
        """Copy what has become ready since, every few seconds."""
        seconds = float(self._faults.read().get("rds_replication_seconds", COPY_SECONDS))
        if time.monotonic() - self._copied < seconds or self._faults.read().get("rds_replication_stalled"):
            return
        self._copied = time.monotonic()
        for kept in [one for one in self._store.backups if one.shown["Status"] in (PENDING, REPLICATING)]:
            source = next((one for one in self._store.instances if same(one.shown, kept.shown)), None)
            if source is None:
                kept.shown["Status"] = RETAINED
                self._store.save()
            else:
                self._copy(source, kept)

    def _copy(self, source: Instance, kept: Backup) -> None:
        """Copy the backups of one instance; what was archived up to a moment is there when that moment is shown."""
        layout = self._store.layout
        reached = self._archive.reached(layout.root / source.directory)
        copy(layout, source.directory, kept.directory)
        complete = base_backup.complete(layout.root / kept.directory)
        if not complete or not reached:
            return
        earliest = base_backup.ended(complete[0])
        window = {"EarliestTime": timestamp(math.ceil(earliest)), "LatestTime": timestamp(max(earliest, reached))}
        with self._store.lock:
            kept.shown |= {"Status": REPLICATING, "RestoreWindow": window}
            self._store.save()

    def _source(self, region: str, asked: Fields) -> Instance:
        """Return the instance that an ARN of another Region names."""
        home, kind, name = account.split(asked["SourceDBInstanceArn"])
        if kind != "db" or home == region:
            raise bad_value(f"SourceDBInstanceArn must be that of an instance outside of {region}.")
        return self._store.instance(home, name)

    def _found(self, region: str, source: Instance) -> Backup | None:
        """Return the replication of an instance to a Region, if it goes on."""
        running = [one for one in self._store.backups if one.shown["Status"] != RETAINED]
        return next((one for one in running if one.region == region and same(one.shown, source.shown)), None)


def begin(store: Store, source: Instance, region: str, key: str, days: int) -> Backup:
    """Begin to replicate the backups of an instance."""
    arn = backup_arn(region, source.shown["DbiResourceId"])
    ours = {"KmsKeyId": key, "BackupRetentionPeriod": days} if key else {"BackupRetentionPeriod": days}
    instance = {**source.shown, **ours}
    shown = {
        **{name: instance[name] for name in FIELDS if name in instance},
        "DBInstanceAutomatedBackupsArn": arn,
        "Region": source.region,
        "Status": PENDING,
        "Encrypted": source.shown["StorageEncrypted"],
        "BackupTarget": "region",
        "TagList": [],
    }
    kept = Backup(shown, region, f"backups-{region}-{source.shown['DbiResourceId'].lower()}", instance)
    store.backups.append(kept)
    source.shown.setdefault(SHOWN, []).append({"DBInstanceAutomatedBackupsArn": arn})
    return kept


FIELDS = (
    *("DBInstanceArn", "DbiResourceId", "DBInstanceIdentifier", "AllocatedStorage", "InstanceCreateTime", "Engine"),
    *("MasterUsername", "EngineVersion", "LicenseModel", "Iops", "StorageThroughput", "StorageType", "KmsKeyId"),
    *("IAMDatabaseAuthenticationEnabled", "BackupRetentionPeriod", "PreferredBackupWindow"),
)


def same(one: Fields, other: Fields) -> bool:
    """Say whether two records are of the same instance."""
    return bool(one["DbiResourceId"] == other["DbiResourceId"])


def copy(layout: Layout, source: str, target: str) -> None:
    """Copy base backups and archived log that are missing; neither is ever written to again, so links will do."""
    home, away = layout.root / source, layout.part(target)
    for folder in ("base_backups", "wal_archive"):
        (away / folder).mkdir(mode=0o700, exist_ok=True)
    for base in base_backup.complete(home):
        link_tree(base, away / "base_backups" / base.name)
    for segment in (home / "wal_archive").glob("*"):
        if SEGMENT.fullmatch(segment.name) and not (away / "wal_archive" / segment.name).exists():
            os.link(segment, away / "wal_archive" / segment.name)


def link_tree(base: Path, target: Path) -> None:
    """Copy one base backup; it bears its name when all of it is there."""
    if target.exists():
        return
    draft = target.with_suffix(".part")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(base, draft, copy_function=os.link, symlinks=True)
    note = base.with_suffix(".json")
    if note.exists():
        shutil.copy2(note, target.with_suffix(".json"))
    draft.rename(target)
