"""RDS: the instance is the sandbox's real PostgreSQL, and restores that would start nothing are refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ministack.services import rds

from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.postgresql import Server
from hasivu_play.sandbox.aws.telemetry import INSTANCE

Handler = Callable[[dict[str, Any]], Any]


def apply(server: Server, faults: Faults) -> None:
    """Let DescribeDBInstances look at the server each time."""
    rds._ACTION_MAP["DescribeDBInstances"] = live(rds._describe_db_instances, server, faults)
    rds._ACTION_MAP["DescribeDBSnapshots"] = backed(rds._describe_db_snapshots, server)
    rds._instance_xml = without_unknown_endpoint(rds._instance_xml)


def live(original: Handler, server: Server, faults: Faults) -> Handler:
    """Return a handler that first brings the instance up to date."""

    def describe(parameters: dict[str, Any]) -> Any:
        instance = rds._instances.get(INSTANCE)
        if instance is not None:
            refresh(instance, server, faults)
        return original(parameters)

    return describe


def refresh(instance: dict[str, Any], server: Server, faults: Faults) -> None:
    """Set what changes without a call to RDS: address, status and latest restorable time."""
    endpoint = server.endpoint
    instance["Endpoint"] = {**endpoint, "HostedZoneId": "Z2VFMSZA74J7XZ"} if endpoint else {}
    instance["DBInstanceStatus"] = faults.read().get("rds_status", "available" if endpoint else "creating")
    instance["LatestRestorableTime"] = timestamp(server.latest_restorable())


def backed(original: Handler, server: Server) -> Handler:
    """Return a handler that shows the base backups of the server as the automated snapshots of the instance."""

    def describe(parameters: dict[str, Any]) -> Any:
        instance = rds._instances.get(INSTANCE)
        for made in server.base_backups() if instance else ():
            add_snapshot(instance, made)
        return original(parameters)

    return describe


def add_snapshot(instance: dict[str, Any], made: datetime) -> None:
    """Show one base backup, unless it is shown already."""
    name = f"rds:{INSTANCE}-{made:%Y-%m-%d-%H-%M}"
    if rds._snapshots.get(name) is None:
        times = dict.fromkeys(("SnapshotCreateTime", "OriginalSnapshotCreateTime"), timestamp(made.timestamp()))
        rds._create_snapshot_internal(name, instance).update(SnapshotType="automated", **times)


def without_unknown_endpoint(original: Callable[[dict[str, Any]], str]) -> Callable[[dict[str, Any]], str]:
    """Return a renderer that leaves out the address of an instance that has none yet, as AWS does while it creates."""

    def render(instance: dict[str, Any]) -> str:
        document = original(instance)
        if instance.get("Endpoint"):
            return document
        before, _, rest = document.partition("<Endpoint>")
        return before + rest.partition("</Endpoint>")[2]

    return render


def timestamp(moment: float | None = None) -> str:
    """Return a moment, by default the present one, as RDS writes it."""
    return datetime.fromtimestamp(time.time() if moment is None else moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
