"""The servers of all instances, and the thread that does to them what was asked for, one step after another.

What is still to be done stands in the store. A process that was killed begins the step again: each may be repeated.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from hasivu_play.sandbox.aws.rds import access
from hasivu_play.sandbox.aws.rds.archive import Archive
from hasivu_play.sandbox.aws.rds.programs import Programs
from hasivu_play.sandbox.aws.rds.replication import Replication
from hasivu_play.sandbox.aws.rds.server import Server
from hasivu_play.sandbox.aws.rds.store import Fields, Instance, Proxy, Snapshot, Store
from hasivu_play.sandbox.layout import Layout

LOOK_SECONDS = 0.1
ARCHIVE_SECONDS = 0.25
ATTEMPTS = 3
Record = Instance | Snapshot | Proxy
Step = Callable[[Any, Fields], bool]


class Servers:
    """Finds the server of an instance."""

    def __init__(self, layout: Layout, store: Store) -> None:
        """Find servers by the store."""
        self._layout = layout
        self._store = store
        self.programs = Programs(layout)

    def of(self, instance: Instance) -> Server:
        """Return the server of an instance, on the port of its name."""
        return Server(self._layout, instance.directory, self._store.port(instance) or 0, self.programs)

    def hba(self, instance: Instance) -> str:
        """Return who may log into the server of an instance."""
        members = [member["VpcSecurityGroupId"] for member in instance.shown["VpcSecurityGroups"]]
        return access.hba(access.admits(instance.region, members))


class Worker:
    """Does the work that is due, each record's in a thread of its own."""

    def __init__(self, store: Store, steps: Mapping[str, Step]) -> None:
        """Do the steps of what is in the store."""
        self._store = store
        self._steps = steps
        self._busy: set[int] = set()

    def keep_working(self) -> None:
        """Look for work for as long as the process lives."""
        while True:
            records: list[Record] = [*self._store.instances, *self._store.snapshots, *self._store.proxies]
            for record in records:
                if record.work and id(record) not in self._busy:
                    self._busy.add(id(record))
                    threading.Thread(target=self._perform, args=[record], daemon=True).start()
            time.sleep(LOOK_SECONDS)

    def _perform(self, record: Record) -> None:
        """Do the first step of a record; the next one is done when this one is over."""
        try:
            work = record.work[0]
            done = self._attempt(record, work)
            with self._store.lock:
                if done:
                    record.work.remove(work)
                self._store.save()
            if not done:
                time.sleep(LOOK_SECONDS)
        finally:
            self._busy.discard(id(record))

    def _attempt(self, record: Record, work: Fields) -> bool:
        """Do a step, again where it fails; one that goes on failing leaves its record failed."""
        for attempt in range(ATTEMPTS):
            try:
                return self._steps[work["do"]](record, work)
            except Exception:
                logging.getLogger(__name__).exception("%s of %s failed", work["do"], record.name)
                time.sleep(1 + attempt)
        key = "DBInstanceStatus" if isinstance(record, Instance) else "Status"
        record.shown[key] = "failed"
        return True


class Keeper:
    """Keeps the archived log of every server that runs moving on, and what other Regions keep of it."""

    def __init__(self, store: Store, servers: Servers, archive: Archive, replication: Replication) -> None:
        """Keep what is in the store."""
        self._store = store
        self._servers = servers
        self._archive = archive
        self._replication = replication

    def keep_looking(self) -> None:
        """Look at each server for as long as the process lives."""
        while True:
            time.sleep(ARCHIVE_SECONDS)
            self.look()

    def look(self) -> None:
        """Look at each server once."""
        for instance in list(self._store.instances):
            follows = "ReadReplicaSourceDBInstanceIdentifier" in instance.shown
            if instance.wanted and not follows and not any(work.get("stops") for work in instance.work):
                try:
                    self._archive.look(self._servers.of(instance))
                except OSError:  # its folder went away meanwhile
                    logging.getLogger(__name__).exception("The log of %s could not be looked at", instance.name)
        try:
            self._replication.look()
        except OSError:  # a folder went away meanwhile
            logging.getLogger(__name__).exception("Backups could not be replicated")
