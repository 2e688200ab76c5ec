"""The steps by which instances change; each returns whether it is over, and may be repeated."""

from __future__ import annotations

import shutil
import time
from typing import Any

from hasivu_play.sandbox import base_backup
from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.rds.backups import Backups
from hasivu_play.sandbox.aws.rds.moments import timestamp
from hasivu_play.sandbox.aws.rds.server import Server
from hasivu_play.sandbox.aws.rds.snapshots import Snapshots
from hasivu_play.sandbox.aws.rds.store import Instance, Store, arn
from hasivu_play.sandbox.aws.rds.view import other_zone
from hasivu_play.sandbox.aws.rds.work import Servers, Step

Fields = dict[str, Any]
STEP_SECONDS = 1.0
BASE_SECONDS = 120.0


class Steps:
    """What is done to an instance and to its server."""

    def __init__(self, store: Store, servers: Servers, backups: Backups, snapshots: Snapshots, faults: Faults) -> None:
        """Work on what is in the store."""
        self._store = store
        self._servers = servers
        self._backups = backups
        self._snapshots = snapshots
        self._faults = faults

    def table(self) -> dict[str, Step]:
        """Return the steps by name."""
        names = ("restore", "first_backup", "modify", "rename", "reboot", "stop", "start", "delete")
        return {name: getattr(self, name) for name in names}

    def pause(self, longer: str = "rds_step_seconds") -> None:
        """Let a state last as long as it is seen: seconds here, minutes in AWS; a fault may let one last longer."""
        faults = self._faults.read()
        time.sleep(float(faults.get(longer, faults.get("rds_step_seconds", STEP_SECONDS))))

    def fault(self, name: str) -> Any:
        """Return a fault that is set, or nothing."""
        return self._faults.read().get(name)

    def restore(self, instance: Instance, work: Fields) -> bool:
        """Bring a second real server up beside the first, as it was at the moment that was asked for."""
        self.pause("rds_restore_seconds")
        ending = self.fault("rds_restore_ends")
        if ending == "creating":
            return False
        if ending:
            self.end_badly(instance, str(ending))
            return True
        server = self._servers.of(instance)
        if "base" in work:
            server.lay_down(self._store.layout.root / work["base"], self._servers.hba(instance))
            server.wake()
        else:
            self.recover(server, instance, work)
        self.settle(instance, "backing-up" if instance.shown["BackupRetentionPeriod"] else "available")
        self.note(instance, "Restored from backup", "restoration")
        if self.fault("rds_parameters_pending"):
            instance.shown["DBParameterGroups"][0]["ParameterApplyStatus"] = "pending-reboot"
        return True

    def recover(self, server: Server, instance: Instance, work: Fields) -> None:
        """Replay the archived log upon the newest base backup before the moment."""
        source = self._store.layout.root / work["directory"]
        moment = work["moment"]
        deadline = time.monotonic() + BASE_SECONDS
        while not (usable := [one for one in base_backup.complete(source) if usable_for(one, moment)]):
            if time.monotonic() > deadline:
                raise FileNotFoundError(f"{source} has no base backup from before {moment}")
            time.sleep(0.1)  # the first one is still being taken
        server.lay_down(usable[-1], self._servers.hba(instance))
        server.freeze_archive(source / "wal_archive")
        server.replay(moment)

    def end_badly(self, instance: Instance, status: str) -> None:
        """Leave an instance in a state that no waiting mends; nothing more is done to it."""
        with self._store.lock:
            del instance.work[1:]
            instance.shown["DBInstanceStatus"] = status
        self.note(instance, f"The instance is in the state {status}.", "failure")

    def first_backup(self, instance: Instance, work: Fields) -> bool:
        """Take the first backup of an instance; before it there is no point in time to restore to."""
        self.pause()
        server = self._servers.of(instance)
        if not base_backup.complete(server.directory):
            server.back_up()
            self._snapshots.find_automated()
        self.settle(instance, "available")
        self.note(instance, "Finished DB instance backup", "backup")
        return True

    def modify(self, instance: Instance, work: Fields) -> bool:
        """Apply changes that need no restart of the server."""
        self.pause()
        server = self._servers.of(instance)
        with self._store.lock:
            instance.shown |= work["fields"]
        server.set_access(self._servers.hba(instance))
        if work["verifier"]:
            server.set_password(instance.shown["MasterUsername"], work["verifier"])
            work["verifier"] = ""
            self.note(instance, "Reset master credentials", "configuration change")
        self.settle(instance, "available" if len(instance.work) == 1 else "renaming")
        return True

    def rename(self, instance: Instance, work: Fields) -> bool:
        """Give an instance another name, and its server the port of that name, by a restart."""
        self._servers.of(instance).stop()
        self.pause()
        with self._store.lock:
            instance.shown |= {
                "DBInstanceIdentifier": work["name"],
                "DBInstanceArn": arn(instance.region, "db", work["name"]),
            }
            instance.shown["PendingModifiedValues"].pop("DBInstanceIdentifier", None)
        self._servers.of(instance).start()
        self.settle(instance, "available")
        self.note(instance, f"Renamed instance to {work['name']}", "configuration change")
        return True

    def reboot(self, instance: Instance, work: Fields) -> bool:
        """Restart the server; values that waited for it are in force afterwards."""
        server = self._servers.of(instance)
        if work["failover"]:
            self.note(instance, "Multi-AZ instance failover started.", "failover")
        server.stop()
        self.pause()
        server.start()
        with self._store.lock:
            for group in instance.shown["DBParameterGroups"]:
                group["ParameterApplyStatus"] = "in-sync"
            if work["failover"]:
                instance.shown["AvailabilityZone"] = other_zone(instance.shown["AvailabilityZone"])
        self.note(instance, "DB instance restarted", "availability")
        if work["failover"]:
            self.note(instance, "Multi-AZ instance failover completed", "failover")
        self.settle(instance, "available")
        return True

    def stop(self, instance: Instance, work: Fields) -> bool:
        """Stop the server; `sandbox up` leaves it so."""
        self.pause()
        self._servers.of(instance).stop()
        instance.wanted = False
        self.settle(instance, "stopped", wanted=False)
        self.note(instance, "DB instance stopped", "notification")
        return True

    def start(self, instance: Instance, work: Fields) -> bool:
        """Start a server that was stopped."""
        self.pause()
        self._servers.of(instance).start()
        self.settle(instance, "available")
        self.note(instance, "DB instance started", "notification")
        return True

    def delete(self, instance: Instance, work: Fields) -> bool:
        """End an instance: take the last snapshot, stop the server, remove its data, keep backups where asked."""
        self.pause()
        server = self._servers.of(instance)
        if work["final"] and server.cluster.data.exists():
            self.take_final(instance, server, work["final"])
        server.stop()
        if work["keep_backups"] and server.cluster.data.exists():
            self._backups.retain(instance)
        kept = {"wal_archive", "base_backups"} if work["keep_backups"] else set()
        for path in server.directory.iterdir():
            if path.is_dir() and path.name not in kept:
                shutil.rmtree(path)
        with self._store.lock:
            self._store.instances.remove(instance)
            for other in self._store.instances:
                if instance.name in other.shown["ReadReplicaDBInstanceIdentifiers"] and other.region == instance.region:
                    other.shown["ReadReplicaDBInstanceIdentifiers"].remove(instance.name)
            if not work["keep_backups"]:
                self.forget_automated(instance)
        self.note(instance, "DB instance deleted", "deletion")
        return True

    def take_final(self, instance: Instance, server: Server, name: str) -> None:
        """Take the last snapshot of an instance."""
        if any((one.region, one.name) == (instance.region, name) for one in self._store.snapshots):
            return
        snapshot = self._snapshots.begin(instance, name, [])
        snapshot.work.clear()
        server.copy_to(self._store.layout.root / snapshot.base)
        snapshot.shown |= {"Status": "available", "PercentProgress": 100}

    def forget_automated(self, instance: Instance) -> None:
        """Forget the automated snapshots of an instance whose backups are gone."""
        folder = f"{instance.directory}/"
        self._store.snapshots = [one for one in self._store.snapshots if not one.base.startswith(folder)]

    def settle(self, instance: Instance, status: str, wanted: bool = True) -> None:
        """Note the state in which a step leaves an instance."""
        with self._store.lock:
            instance.wanted = wanted
            instance.shown["DBInstanceStatus"] = status
            instance.shown.setdefault("InstanceCreateTime", timestamp())

    def note(self, instance: Instance, message: str, category: str) -> None:
        """Keep an event of an instance."""
        self._store.note("db-instance", instance.name, instance.shown["DBInstanceArn"], message, category)


def usable_for(base: Any, moment: float | None) -> bool:
    """Say whether a base backup was complete at a moment."""
    return moment is None or base_backup.ended(base) <= moment
