"""The operations of RDS that are ours, put in the place of ministack's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import get_region
from ministack.services import rds as emulated

from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.rds import (
    account,
    backups,
    instances,
    proxies,
    replicas,
    replication,
    restores,
    snapshots,
    tags,
    wire,
)
from hasivu_play.sandbox.aws.rds.archive import Archive
from hasivu_play.sandbox.aws.rds.errors import RdsError
from hasivu_play.sandbox.aws.rds.paging import PAGING
from hasivu_play.sandbox.aws.rds.proxy_certificates import Certificates
from hasivu_play.sandbox.aws.rds.proxy_doors import Doors
from hasivu_play.sandbox.aws.rds.proxy_health import Healths
from hasivu_play.sandbox.aws.rds.snapshot_steps import SnapshotSteps
from hasivu_play.sandbox.aws.rds.steps import Steps
from hasivu_play.sandbox.aws.rds.store import Store
from hasivu_play.sandbox.aws.rds.view import View
from hasivu_play.sandbox.aws.rds.work import Keeper, Servers, Worker
from hasivu_play.sandbox.layout import Layout

Fields = dict[str, Any]
Operation = Callable[[str, Fields], Fields]
NAMED = ("DBInstanceIdentifier",)


class Rds:
    """RDS of one sandbox."""

    def __init__(self, layout: Layout, faults: Faults, path: Path) -> None:
        """Bring back what an earlier process has kept in a file."""
        self.store = Store(layout, path)
        archive = Archive(faults)
        servers = Servers(layout, self.store)
        view = View(self.store, archive, faults)
        self._snapshots = snapshots.Snapshots(self.store, view)
        self._backups = backups.Backups(self.store, view)
        self._replication = replication.Replication(self.store, self._backups, archive, faults)
        self._account = account.Account(self.store, faults)
        self._instances = instances.Instances(self.store, view, servers, self._snapshots)
        self._replicas = replicas.Replicas(self.store, view, servers, self._account)
        self._restores = restores.Restores(self.store, view, self._backups, self._account)
        steps = Steps(self.store, servers, self._backups, self._snapshots, faults)
        self._healths = Healths(self.store, faults)
        self._doors = Doors(self.store, self._healths, Certificates(layout))
        self._proxies = proxies.Proxies(self.store, self._doors, self._healths, steps)
        others = {**SnapshotSteps(self.store, servers, faults).table(), **self._replicas.steps()}
        self._worker = Worker(self.store, {**steps.table(), **others, **self._proxies.steps()})
        self._keeper = Keeper(self.store, servers, archive, self._replication)

    def apply(self) -> None:
        """Put the operations in place."""
        for name, (operation, known) in self.operations().items():
            emulated._ACTION_MAP[name] = self._handler(name, operation, known)
        tags.apply(self.store, self._account)

    def start(self) -> None:
        """Begin to do what is due; the threads end with the process."""
        self._keeper.look()
        self._doors.start()
        for work in (self._worker.keep_working, self._keeper.keep_looking, self._healths.keep_looking):
            threading.Thread(target=work, daemon=True).start()

    def lags(self) -> dict[str, float]:
        """Return how far each read replica is behind."""
        return self._replicas.lags()

    def operations(self) -> dict[str, tuple[Operation, Collection[str]]]:
        """Return each operation with the parameters that it knows."""
        ours, kept, made = self._instances, self._snapshots, self._restores
        return {
            "DescribeDBInstances": (ours.describe, (*PAGING, *NAMED)),
            "ModifyDBInstance": (ours.modify, instances.MODIFIABLE),
            "RebootDBInstance": (ours.reboot, (*NAMED, "ForceFailover")),
            "StopDBInstance": (ours.stop, (*NAMED, "DBSnapshotIdentifier")),
            "StartDBInstance": (ours.start, NAMED),
            "CreateDBInstanceReadReplica": (
                self._replicas.create,
                replicas.PARAMETERS["CreateDBInstanceReadReplica"],
            ),
            "PromoteReadReplica": (self._replicas.promote, replicas.PARAMETERS["PromoteReadReplica"]),
            "DeleteDBInstance": (
                ours.delete,
                (*NAMED, "SkipFinalSnapshot", "FinalDBSnapshotIdentifier", "DeleteAutomatedBackups"),
            ),
            "CreateDBSnapshot": (kept.create, snapshots.PARAMETERS["CreateDBSnapshot"]),
            "DeleteDBSnapshot": (kept.delete, snapshots.PARAMETERS["DeleteDBSnapshot"]),
            "DescribeDBSnapshots": (kept.describe, snapshots.PARAMETERS["DescribeDBSnapshots"]),
            "RestoreDBInstanceToPointInTime": (
                made.to_point_in_time,
                restores.PARAMETERS["RestoreDBInstanceToPointInTime"],
            ),
            "RestoreDBInstanceFromDBSnapshot": (
                made.from_snapshot,
                restores.PARAMETERS["RestoreDBInstanceFromDBSnapshot"],
            ),
            "DescribeDBInstanceAutomatedBackups": (self._backups.describe, backups.PARAMETERS),
            "StartDBInstanceAutomatedBackupsReplication": (self._replication.start, replication.PARAMETERS),
            "StopDBInstanceAutomatedBackupsReplication": (self._replication.stop, ("SourceDBInstanceArn",)),
            "DescribeAccountAttributes": (self._account.describe, ()),
            "DescribeEvents": (self._account.events, account.EVENT_PARAMETERS),
            **self._of_proxies(),
        }

    def _of_proxies(self) -> dict[str, tuple[Operation, Collection[str]]]:
        """Return the operations on proxies."""
        ours = self._proxies
        operations: dict[str, Operation] = {
            "CreateDBProxy": ours.create,
            "DeleteDBProxy": ours.delete,
            "DescribeDBProxies": ours.describe,
            "DescribeDBProxyTargetGroups": ours.groups,
            "DescribeDBProxyTargets": ours.targets,
            "RegisterDBProxyTargets": ours.register,
            "DeregisterDBProxyTargets": ours.deregister,
        }
        return {name: (operation, proxies.PARAMETERS[name]) for name, operation in operations.items()}

    def _handler(self, name: str, operation: Operation, known: Collection[str]) -> Callable[[Fields], Any]:
        """Return the handler of an operation as ministack calls it."""

        def handle(form: Fields) -> Any:
            sent = {key: value for key, value in form.items() if key not in ("Action", "Version")}
            try:
                with self.store.lock:
                    return wire.response(name, operation(get_region(), wire.read(name, sent, known)))
            except RdsError as refused:
                return emulated._error(refused.code, escape(refused.message), refused.status)

        return handle
