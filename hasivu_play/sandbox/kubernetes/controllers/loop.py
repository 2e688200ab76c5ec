"""Runs the controllers whenever something changed, and once a second for what only time changes."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Callable

from hasivu_play.sandbox.kubernetes.controllers.autoscaling import reconcile_autoscalers
from hasivu_play.sandbox.kubernetes.controllers.cluster import Cluster
from hasivu_play.sandbox.kubernetes.controllers.deployments import reconcile_deployments
from hasivu_play.sandbox.kubernetes.controllers.garbage import collect_garbage, reconcile_namespaces
from hasivu_play.sandbox.kubernetes.controllers.jobs import reconcile_cron_jobs, reconcile_jobs
from hasivu_play.sandbox.kubernetes.controllers.pods import Kubelet
from hasivu_play.sandbox.kubernetes.controllers.replica_sets import reconcile_replica_sets
from hasivu_play.sandbox.kubernetes.faults import Faults
from hasivu_play.sandbox.kubernetes.store import Change, Store

Step = Callable[[Cluster], None]
IGNORED = ("leases", "events")
TICK_SECONDS = 1.0
MOST_ROUNDS = 50


class ControlLoop:
    """All controllers, in one task."""

    def __init__(self, store: Store, faults: Faults) -> None:
        """Work on a store."""
        self._store = store
        self._cluster = Cluster(store, faults)
        self._kubelet = Kubelet()
        self._steps = (
            reconcile_namespaces,
            reconcile_cron_jobs,
            reconcile_jobs,
            reconcile_autoscalers,
            reconcile_deployments,
            reconcile_replica_sets,
            self._kubelet.reconcile,
            collect_garbage,
        )

    async def run(self) -> None:
        """Converge for ever."""
        queue = self._store.subscribe()
        while True:
            self.converge()
            await self._wait(queue)

    def converge(self) -> None:
        """Run every controller until none changes anything more."""
        for _ in range(MOST_ROUNDS):
            before = self._store.version
            for step in self._steps:
                self._run(step)
            if self._store.version == before:
                return

    def _run(self, step: Step) -> None:
        try:
            step(self._cluster)
        except Exception:
            # One object that a controller cannot digest must not stop the others; the log tells of it.
            traceback.print_exc(file=sys.stderr)

    async def _wait(self, queue: asyncio.Queue[Change]) -> None:
        while not queue.empty():
            queue.get_nowait()
        due = min(self._kubelet.next_due or TICK_SECONDS, TICK_SECONDS)
        try:
            async with asyncio.timeout(due):
                while (await queue.get()).resource in IGNORED:
                    pass
        except TimeoutError:
            return
