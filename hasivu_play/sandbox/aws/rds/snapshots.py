"""Snapshots: each is a base backup. Automated ones are those that the server's folder has; a manual one has its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hasivu_play.sandbox import base_backup
from hasivu_play.sandbox.aws.rds import paging
from hasivu_play.sandbox.aws.rds.errors import RdsError, bad_combination, bad_value, wrong_state
from hasivu_play.sandbox.aws.rds.moments import timestamp
from hasivu_play.sandbox.aws.rds.store import Instance, Snapshot, Store, arn
from hasivu_play.sandbox.aws.rds.view import View

Fields = dict[str, Any]
FOLDER = "snapshots"
NAME = re.compile(r"[a-z](?:-?[a-z0-9])*")
LONGEST_NAME = 255
FILTERS: Mapping[str, Any] = {
    "db-instance-id": lambda snapshot: [snapshot.shown["DBInstanceIdentifier"]],
    "db-snapshot-id": lambda snapshot: [snapshot.name, snapshot.shown["DBSnapshotArn"]],
    "dbi-resource-id": lambda snapshot: [snapshot.shown["DbiResourceId"]],
    "snapshot-type": lambda snapshot: [snapshot.shown["SnapshotType"]],
    "engine": lambda snapshot: [snapshot.shown["Engine"]],
}
TYPES = ("automated", "manual", "awsbackup", "shared", "public")
FROM_INSTANCE = (
    *("DBInstanceIdentifier", "Engine", "EngineVersion", "AllocatedStorage", "AvailabilityZone", "InstanceCreateTime"),
    *("MasterUsername", "LicenseModel", "Iops", "StorageThroughput", "StorageType", "KmsKeyId", "DbiResourceId"),
    "IAMDatabaseAuthenticationEnabled",
)
PARAMETERS = {
    "CreateDBSnapshot": ("DBSnapshotIdentifier", "DBInstanceIdentifier", "Tags"),
    "DeleteDBSnapshot": ("DBSnapshotIdentifier",),
    "DescribeDBSnapshots": (
        *paging.PAGING,
        *("DBInstanceIdentifier", "DBSnapshotIdentifier", "DbiResourceId", "SnapshotType"),
        *("IncludeShared", "IncludePublic"),
    ),
}


class Snapshots:
    """The operations on snapshots."""

    def __init__(self, store: Store, view: View) -> None:
        """Work on what is in the store."""
        self._store = store
        self._view = view

    def describe(self, region: str, asked: Fields) -> Fields:
        """Answer DescribeDBSnapshots."""
        self.find_automated()
        kind = asked.get("SnapshotType")
        if kind and kind not in TYPES:
            raise bad_value(f"Invalid snapshot type: {kind}")
        found = [one for one in self._store.snapshots if one.region == region and not hidden(one)]
        if "DBSnapshotIdentifier" in asked:
            found = [self._store.snapshot(region, asked["DBSnapshotIdentifier"])]
        if "DBInstanceIdentifier" in asked:
            found = [one for one in found if one.shown["DBInstanceIdentifier"] == asked["DBInstanceIdentifier"].lower()]
        if "DbiResourceId" in asked:
            found = [one for one in found if one.shown["DbiResourceId"] == asked["DbiResourceId"]]
        found = [one for one in paging.chosen(found, asked, FILTERS) if kind in (None, one.shown["SnapshotType"])]
        return paging.page("DBSnapshots", [one.shown for one in found], asked)

    def find_automated(self) -> None:
        """Show each base backup as an automated snapshot, `rds:<instance>-<date>`."""
        with self._store.lock:
            known = {snapshot.base for snapshot in self._store.snapshots}
            for instance in self._store.instances:
                for base in base_backup.complete(self._store.layout.root / instance.directory):
                    if self.relative(base) not in known:
                        self.add_automated(instance, base)

    def add_automated(self, instance: Instance, base: Path) -> None:
        """Show one base backup."""
        made = base_backup.started(base)
        name = f"rds:{instance.name}-{datetime.fromtimestamp(made, UTC):%Y-%m-%d-%H-%M}"
        shown = {**described(instance, name, "automated"), "Status": "available", "PercentProgress": 100}
        times = dict.fromkeys(("SnapshotCreateTime", "OriginalSnapshotCreateTime"), timestamp(made))
        kept = dict(instance.shown)
        self._store.snapshots.append(Snapshot({**shown, **times}, instance.region, self.relative(base), kept))
        self._store.save()

    def relative(self, path: Path) -> str:
        """Return a path below the folder of the sandbox."""
        return str(path.relative_to(self._store.layout.root))

    def create(self, region: str, asked: Fields) -> Fields:
        """Answer CreateDBSnapshot."""
        instance = self._store.instance(region, asked["DBInstanceIdentifier"])
        name = asked["DBSnapshotIdentifier"].lower()
        self.check_name(region, name)
        status = self._view.status(instance)
        if status != "available":
            raise wrong_state(f"Cannot create a snapshot because the database instance {instance.name} is {status}.")
        snapshot = self.begin(instance, name, asked.get("Tags", []))
        instance.shown["DBInstanceStatus"] = "backing-up"
        self._store.save()
        return {"DBSnapshot": snapshot.shown}

    def begin(self, instance: Instance, name: str, tags: list[Fields]) -> Snapshot:
        """Begin a snapshot of an instance."""
        if instance.shown["CopyTagsToSnapshot"]:
            tags = list({tag["Key"]: tag for tag in [*instance.shown["TagList"], *tags]}.values())
        shown = {**described(instance, name, "manual"), "Status": "creating", "PercentProgress": 0, "TagList": tags}
        base = f"{FOLDER}/{instance.region}-{name}"
        snapshot = Snapshot(shown, instance.region, base, dict(instance.shown), [{"do": "snapshot"}])
        self._store.snapshots.append(snapshot)
        return snapshot

    def check_name(self, region: str, name: str) -> None:
        """Refuse a name that is taken or malformed.

        Raises:
            RdsError: It is.
        """
        if not NAME.fullmatch(name.lower()) or len(name) > LONGEST_NAME:
            raise bad_value(
                f"The parameter DBSnapshotIdentifier is not a valid identifier: {name}. Identifiers must begin with a "
                "letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or "
                "contain two consecutive hyphens."
            )
        if any((one.region, one.name) == (region, name.lower()) for one in self._store.snapshots):
            message = f"Cannot create the snapshot because a snapshot with the identifier {name} already exists."
            raise RdsError("DBSnapshotAlreadyExists", message)

    def delete(self, region: str, asked: Fields) -> Fields:
        """Answer DeleteDBSnapshot."""
        snapshot = self._store.snapshot(region, asked["DBSnapshotIdentifier"])
        if snapshot.shown["SnapshotType"] == "automated":
            raise bad_combination(f"Cannot delete the automated snapshot {snapshot.name}.")
        if snapshot.shown["Status"] != "available":
            raise RdsError("InvalidDBSnapshotState", f"The snapshot {snapshot.name} is {snapshot.shown['Status']}.")
        snapshot.work.append({"do": "forget"})
        snapshot.shown["Status"] = "deleting"
        self._store.save()
        return {"DBSnapshot": {**snapshot.shown, "Status": "deleted"}}


def described(instance: Instance, name: str, kind: str) -> Fields:
    """Return what a snapshot shows of itself and its instance."""
    shown = instance.shown
    now = timestamp()
    return {
        **{key: shown[key] for key in FROM_INSTANCE if key in shown},
        "DBSnapshotIdentifier": name,
        "DBSnapshotArn": arn(instance.region, "snapshot", name),
        "SnapshotType": kind,
        "SnapshotCreateTime": now,
        "OriginalSnapshotCreateTime": now,
        "SnapshotDatabaseTime": now,
        "Encrypted": shown["StorageEncrypted"],
        "OptionGroupName": shown["OptionGroupMemberships"][0]["OptionGroupName"],
        "VpcId": shown["DBSubnetGroup"]["VpcId"],
        "Port": shown.get("Endpoint", {}).get("Port", 5432),
        "SnapshotTarget": "region",
        "TagList": shown["TagList"] if shown["CopyTagsToSnapshot"] else [],
    }


def hidden(snapshot: Snapshot) -> bool:
    """Say whether a snapshot of the seed still waits for the base backup that it is made of."""
    return any(work["do"] == "adopt" for work in snapshot.work)
