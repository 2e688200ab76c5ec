"""Quotas of the account, tags of instances and snapshots, and events."""

from __future__ import annotations

import time
from typing import Any

from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.rds import paging
from hasivu_play.sandbox.aws.rds.errors import RdsError
from hasivu_play.sandbox.aws.rds.moments import seconds
from hasivu_play.sandbox.aws.rds.store import Store

Fields = dict[str, Any]
MOST_INSTANCES = 40
MOST_STORAGE = 100_000
EVENT_PARAMETERS = (
    *paging.PAGING,
    *("SourceIdentifier", "SourceType", "StartTime", "EndTime", "Duration", "EventCategories"),
)
HOUR = 60


class Account:
    """What belongs to the whole account."""

    def __init__(self, store: Store, faults: Faults) -> None:
        """Count what is in the store."""
        self._store = store
        self._faults = faults

    def quotas(self, region: str) -> dict[str, tuple[int, int]]:
        """Return how much of each quota of a Region is used, and how much there is."""
        found = [instance for instance in self._store.instances if instance.region == region]
        faults = self._faults.read()
        return {
            "DBInstances": (len(found), int(faults.get("rds_quota_instances", MOST_INSTANCES))),
            "AllocatedStorage": (
                sum(int(instance.shown["AllocatedStorage"]) for instance in found),
                int(faults.get("rds_quota_storage", MOST_STORAGE)),
            ),
            "ManualSnapshots": (sum(one.shown["SnapshotType"] == "manual" for one in self._store.snapshots), 100),
        }

    def describe(self, region: str, asked: Fields) -> Fields:
        """Answer DescribeAccountAttributes."""
        quotas = self.quotas(region).items()
        shown = [{"AccountQuotaName": name, "Used": used, "Max": most} for name, (used, most) in quotas]
        return {"AccountQuotas": shown}

    def check(self, region: str, storage: int) -> None:
        """Refuse a new instance for which there is no quota left.

        Raises:
            RdsError: A quota is used up.
        """
        quotas = self.quotas(region)
        used, most = quotas["DBInstances"]
        if used >= most:
            raise RdsError("InstanceQuotaExceeded", "DB instance quota exceeded")
        used, most = quotas["AllocatedStorage"]
        if used + storage > most:
            raise RdsError("StorageQuotaExceeded", "Storage quota exceeded")

    def tagged(self, name: str) -> list[Fields] | None:
        """Return the tags of an instance or snapshot, to be changed in place; nothing for other resources.

        Raises:
            RdsError: It is an instance or a snapshot that is not there.
        """
        region, kind, identifier = split(name)
        found: Any = None
        if kind == "db":
            found = self._store.instance(region, identifier)
        elif kind == "snapshot":
            found = self._store.snapshot(region, identifier)
        return None if found is None else found.shown.setdefault("TagList", [])

    def events(self, region: str, asked: Fields) -> Fields:
        """Answer DescribeEvents: those of the last hour, unless the request says otherwise."""
        end = seconds(asked["EndTime"]) if "EndTime" in asked else time.time()
        begin = seconds(asked["StartTime"]) if "StartTime" in asked else end - asked.get("Duration", HOUR) * 60
        kept = [event for event in self._store.events if begin - 1 <= seconds(event["Date"]) <= end]
        for name in ("SourceIdentifier", "SourceType"):
            kept = [event for event in kept if asked.get(name) in (None, event[name])]
        wanted = set(asked.get("EventCategories", []))
        kept = [event for event in kept if not wanted or wanted & set(event["EventCategories"])]
        return paging.page("Events", [event for event in kept if f":rds:{region}:" in event["SourceArn"]], asked)


def split(name: str) -> tuple[str, str, str]:
    """Return Region, kind and identifier of an ARN; empty where it is none of RDS."""
    parts = name.split(":", 6)
    return (parts[3], parts[5], parts[6]) if len(parts) == 7 and parts[2] == "rds" else ("", "", "")
