"""What RDS knows: instances, snapshots, retained backups, proxies and events, on disk before a client hears of them."""

from __future__ import annotations

import json
import secrets
import string
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hasivu_play.sandbox import database_servers
from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.rds.errors import not_found
from hasivu_play.sandbox.aws.rds.moments import timestamp
from hasivu_play.sandbox.database_servers import INSTANCE, DatabaseServer
from hasivu_play.sandbox.layout import Layout, write_private
from hasivu_play.sandbox.ports import free_port, read_ports

Fields = dict[str, Any]
MOST_EVENTS = 500


@dataclass
class Instance:
    """An instance: what DescribeDBInstances shows, the folder of its server, and what is still to be done to it."""

    shown: Fields
    region: str
    directory: str
    wanted: bool = True  # whether its server ought to run when nothing is being done to it
    work: list[Fields] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the identifier."""
        return str(self.shown["DBInstanceIdentifier"])

    @property
    def status(self) -> str:
        """Return the status."""
        return str(self.shown["DBInstanceStatus"])


@dataclass
class Snapshot:
    """A snapshot: what DescribeDBSnapshots shows, and the base backup that it is."""

    shown: Fields
    region: str
    base: str  # below the folder of the sandbox
    instance: Fields  # what DescribeDBInstances showed of its source
    work: list[Fields] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the identifier."""
        return str(self.shown["DBSnapshotIdentifier"])


@dataclass
class Proxy:
    """A proxy: what DescribeDBProxies and DescribeDBProxyTargetGroups show, and the instances that it leads to."""

    shown: Fields
    region: str
    group: Fields
    targets: list[str] = field(default_factory=list)  # by DbiResourceId, which a rename leaves alone
    work: list[Fields] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the name."""
        return str(self.shown["DBProxyName"])


@dataclass
class Backup:
    """The backups that an instance has left, or that another Region keeps of one."""

    shown: Fields
    region: str
    directory: str
    instance: Fields


class Store:
    """Everything that RDS knows."""

    def __init__(self, layout: Layout, path: Path) -> None:
        """Bring back what an earlier process has kept in a file."""
        self.layout = layout
        self.lock = threading.RLock()
        self._path = path
        found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self.instances = [Instance(**record) for record in found.get("instances", [])]
        self.snapshots = [Snapshot(**record) for record in found.get("snapshots", [])]
        self.backups = [Backup(**record) for record in found.get("backups", [])]
        self.proxies = [Proxy(**record) for record in found.get("proxies", [])]
        self.events: list[Fields] = found.get("events", [])
        self.ports: dict[str, int] = found.get("ports", {})

    def save(self) -> None:
        """Write everything down, and tell the supervisor which servers there are."""
        with self.lock:
            servers = [self.server(instance) for instance in self.instances]  # chooses a port where there is none
            kept = {
                "instances": [asdict(instance) for instance in self.instances],
                "snapshots": [asdict(snapshot) for snapshot in self.snapshots],
                "backups": [asdict(backup) for backup in self.backups],
                "proxies": [asdict(proxy) for proxy in self.proxies],
                "events": self.events[-MOST_EVENTS:],
                "ports": self.ports,
            }
            write_private(self._path, json.dumps(kept) + "\n")
            database_servers.write(self.layout, servers)

    def server(self, instance: Instance) -> DatabaseServer:
        """Return the server of an instance as the supervisor sees it."""
        settled = instance.wanted and not any(work.get("stops") for work in instance.work)
        return DatabaseServer(label(instance), instance.directory, self.port(instance) or 0, settled)

    def port(self, instance: Instance) -> int | None:
        """Return the port of an instance, which goes with its name; nothing before the first server has started."""
        if (instance.region, instance.name) == (REGION, INSTANCE):
            found = self.layout.endpoints().get("postgresql")
            return int(found["port"]) if found else None
        key = label(instance)
        if key not in self.ports:
            self.ports[key] = free_port([*read_ports(self.layout).values(), *self.ports.values()])
        return self.ports[key]

    def instance(self, region: str, name: str) -> Instance:
        """Return an instance of a Region by its identifier or ARN.

        Raises:
            RdsError: There is none.
        """
        identifier = name.rpartition(":")[2].lower()
        for instance in self.instances:
            if (instance.region, instance.name) == (region, identifier):
                return instance
        raise not_found("DBInstanceNotFound", f"DBInstance {identifier} not found.")

    def has_instance(self, region: str, name: str) -> bool:
        """Say whether an identifier is taken."""
        return any((instance.region, instance.name) == (region, name.lower()) for instance in self.instances)

    def snapshot(self, region: str, name: str) -> Snapshot:
        """Return a snapshot of a Region by its identifier or ARN.

        Raises:
            RdsError: There is none.
        """
        identifier = name.partition(":snapshot:")[2] or name
        for snapshot in self.snapshots:
            if (snapshot.region, snapshot.name) == (region, identifier.lower()):
                return snapshot
        raise not_found("DBSnapshotNotFound", f"DBSnapshot {identifier} not found.")

    def proxy(self, region: str, name: str) -> Proxy:
        """Return a proxy of a Region by its name.

        Raises:
            RdsError: There is none.
        """
        for proxy in self.proxies:
            if (proxy.region, proxy.name) == (region, name):
                return proxy
        message = f"The specified proxy name {name} doesn't correspond to a proxy owned by your AWS account."
        raise not_found("DBProxyNotFoundFault", message)

    def note(self, kind: str, name: str, arn: str, message: str, *categories: str) -> None:
        """Keep an event."""
        event = {"SourceIdentifier": name, "SourceType": kind, "Message": message, "SourceArn": arn}
        self.events.append({**event, "EventCategories": list(categories), "Date": timestamp()})


def label(instance: Instance) -> str:
    """Return the name of an instance's server, which tells Regions apart."""
    return instance.name if instance.region == REGION else f"{instance.name}.{instance.region}"


def arn(region: str, kind: str, name: str) -> str:
    """Return the ARN of something of RDS."""
    return f"arn:aws:rds:{region}:{ACCOUNT}:{kind}:{name}"


def new_resource_id() -> str:
    """Return an immutable identifier of an instance."""
    letters = string.ascii_uppercase + string.digits
    return "db-" + "".join(secrets.choice(letters) for _ in range(26))
