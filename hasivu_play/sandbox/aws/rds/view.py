"""What DescribeDBInstances shows of an instance: what is kept, and what is looked up each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hasivu_play.sandbox import base_backup
from hasivu_play.sandbox.aws.environment import REGION
from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.rds.archive import Archive
from hasivu_play.sandbox.aws.rds.moments import seconds, timestamp
from hasivu_play.sandbox.aws.rds.store import Instance, Store
from hasivu_play.sandbox.database_servers import INSTANCE
from hasivu_play.sandbox.edge.certificates import DATABASE_ROOT

Fields = dict[str, Any]
SERVER_DAYS = 365
ZONES = ("a", "b", "c")
WITHOUT_ADDRESS = ("creating", "incompatible-restore", "failed")


class View:
    """Looks at instances as a client of RDS does."""

    def __init__(self, store: Store, archive: Archive, faults: Faults) -> None:
        """Look at what is in the store, and how far the archive of each server reaches."""
        self._store = store
        self._archive = archive
        self._faults = faults

    def instance(self, instance: Instance) -> Fields:
        """Return an instance as RDS shows it now."""
        shown = {**instance.shown, "DBInstanceStatus": self.status(instance)}
        port = self._store.port(instance)
        if port and shown["DBInstanceStatus"] not in WITHOUT_ADDRESS:
            shown["Endpoint"] = {"Address": "127.0.0.1", "Port": port, "HostedZoneId": "Z2VFMSZA74J7XZ"}
        if shown["MultiAZ"]:
            shown["SecondaryAvailabilityZone"] = other_zone(shown["AvailabilityZone"])
        window = self.window(instance)
        if window:
            shown["LatestRestorableTime"] = timestamp(window[1])
        end = next_end(datetime.fromtimestamp(seconds(shown["InstanceCreateTime"]), UTC), datetime.now(UTC))
        certificate = {"CAIdentifier": DATABASE_ROOT, "ValidTill": end.strftime("%Y-%m-%dT%H:%M:%SZ")}
        return {**shown, "CertificateDetails": certificate}

    def status(self, instance: Instance) -> str:
        """Return the status; a fault may say another one of the instance that the sandbox is named after."""
        if (instance.region, instance.name) != (REGION, INSTANCE):
            return instance.status
        known = instance.status if self._store.port(instance) else "creating"
        return str(self._faults.read().get("rds_status", known))

    def window(self, instance: Instance) -> tuple[float, float] | None:
        """Return the earliest and the latest moment that an instance can be restored to, if there is any."""
        if not instance.shown["BackupRetentionPeriod"]:
            return None
        directory = self._store.layout.root / instance.directory
        backups = base_backup.complete(directory)
        reached = self._archive.reached(directory)
        if not reached or not backups:
            return None
        earliest = base_backup.ended(backups[0])
        return earliest, max(earliest, reached)


def next_end(created: datetime, now: datetime) -> datetime:
    """Return the next end of a certificate that is renewed half a year before it ends."""
    end = created + timedelta(days=SERVER_DAYS)
    while end < now + timedelta(days=SERVER_DAYS // 2):
        end += timedelta(days=SERVER_DAYS)
    return end


def other_zone(zone: str) -> str:
    """Return the zone of the standby, to which a failover goes."""
    return zone[:-1] + ZONES[(ZONES.index(zone[-1]) + 1) % 2]
