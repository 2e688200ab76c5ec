"""The steps by which snapshots come and go."""

from __future__ import annotations

import shutil
import time

from hasivu_play.sandbox import base_backup
from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.rds.programs import Programs
from hasivu_play.sandbox.aws.rds.steps import STEP_SECONDS
from hasivu_play.sandbox.aws.rds.store import Fields, Instance, Snapshot, Store
from hasivu_play.sandbox.aws.rds.work import Servers, Step


class SnapshotSteps:
    """What is done to make a snapshot and to be rid of it."""

    def __init__(self, store: Store, servers: Servers, faults: Faults) -> None:
        """Work on what is in the store."""
        self._store = store
        self._servers = servers
        self._programs: Programs = servers.programs
        self._faults = faults

    def table(self) -> dict[str, Step]:
        """Return the steps by name."""
        return {"snapshot": self.snapshot, "adopt": self.adopt, "forget": self.forget}

    def snapshot(self, snapshot: Snapshot, work: Fields) -> bool:
        """Copy the running server; the instance is `backing-up` meanwhile."""
        faults = self._faults.read()
        time.sleep(float(faults.get("rds_step_seconds", STEP_SECONDS)))
        if faults.get("rds_snapshots_stuck"):
            return False
        instance = self.instance_of(snapshot)
        target = self._store.layout.root / snapshot.base
        if not target.exists():
            self._servers.of(instance).copy_to(target)
        with self._store.lock:
            snapshot.shown |= {"Status": "available", "PercentProgress": 100}
            if instance.shown["DBInstanceStatus"] == "backing-up":
                instance.shown["DBInstanceStatus"] = "available"
        shown = snapshot.shown
        self._store.note("db-snapshot", snapshot.name, shown["DBSnapshotArn"], "Manual snapshot created", "creation")
        return True

    def instance_of(self, snapshot: Snapshot) -> Instance:
        """Return the instance that a snapshot is of, whatever its name is by now."""
        resource = snapshot.shown["DbiResourceId"]
        return next(one for one in self._store.instances if one.shown["DbiResourceId"] == resource)

    def adopt(self, snapshot: Snapshot, work: Fields) -> bool:
        """Make a snapshot of the seed from the first base backup of its instance, once there is one.

        Its files are links: nobody writes to a base backup, a restore copies it.
        """
        complete = base_backup.complete(self._store.layout.root / work["directory"])
        if not complete:
            return False
        target = self._store.layout.root / snapshot.base
        target.parent.mkdir(mode=0o700, exist_ok=True)
        shutil.rmtree(target, ignore_errors=True)
        self._programs.run("cp", "-al", complete[0], target)
        snapshot.shown |= {"Status": "available", "PercentProgress": 100}
        return True

    def forget(self, snapshot: Snapshot, work: Fields) -> bool:
        """Remove a snapshot and its files."""
        shutil.rmtree(self._store.layout.root / snapshot.base, ignore_errors=True)
        with self._store.lock:
            self._store.snapshots.remove(snapshot)
        return True
