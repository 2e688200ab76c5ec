"""The workers of the application: one for each pod that Kubernetes says is ready, with the settings of its start."""

from __future__ import annotations

import asyncio
import itertools
import logging
from dataclasses import dataclass

import psycopg
from aiohttp import ClientError

from hasivu_play.sandbox.application import archive, jobs, menu_cache
from hasivu_play.sandbox.application.archive import Archive
from hasivu_play.sandbox.application.cluster import Cluster, ClusterError, Pod
from hasivu_play.sandbox.application.menu_cache import MenuCache
from hasivu_play.sandbox.application.pool import Pool, connection_string

WEB = "hasivu-web"
API = "hasivu-api"
POOL_SIZES = {WEB: 4, API: 2}
RETRY_SECONDS = 1.0

logger = logging.getLogger(__name__)


class NoPodError(Exception):
    """Raised when no pod of a Deployment takes requests."""


@dataclass(frozen=True)
class Worker:
    """One pod at work."""

    name: str
    deployment: str
    pool: Pool
    menus: MenuCache
    archive: Archive

    async def close(self) -> None:
        """Close every connection."""
        await self.pool.close()
        await self.menus.close()


class Fleet:
    """Follows the pods of the Deployments, and hands out their workers in turn."""

    def __init__(self, cluster: Cluster) -> None:
        """Start with no worker; `follow` finds the pods."""
        self._cluster = cluster
        self._pods: dict[str, Pod] = {}
        self._workers: dict[str, Worker] = {}
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._turn = itertools.count()
        self._problem = ""
        self.looked = asyncio.Event()

    def workers(self, deployment: str | None = None) -> list[Worker]:
        """Return the workers of a Deployment, or all."""
        serving = [worker for name, worker in self._workers.items() if self._pods[name].ready]
        return [worker for worker in serving if deployment in (None, worker.deployment)]

    def pick(self, deployment: str) -> Worker:
        """Return the worker whose turn it is."""
        workers = self.workers(deployment)
        if not workers:
            raise NoPodError(f"No pod of {deployment} is ready.")
        return workers[next(self._turn) % len(workers)]

    async def follow(self) -> None:
        """Keep the workers in step with the pods; while Kubernetes is away, they go on as they are."""
        while True:
            try:
                await self._follow_once()
            except (ClusterError, ClientError, TimeoutError, ValueError) as error:
                self._complain(str(error))
            self.looked.set()
            await asyncio.sleep(RETRY_SECONDS)

    def _complain(self, problem: str) -> None:
        """Log why pods cannot be followed, once for each problem and not each second."""
        if problem != self._problem:
            logger.warning("Pods cannot be followed now: %s", problem)
        self._problem = problem

    async def close(self) -> None:
        """Close the connections of every worker, and end what jobs still do."""
        for job in self._jobs.values():
            job.cancel()
        for worker in self._workers.values():
            await worker.close()

    async def _follow_once(self) -> None:
        """List the pods, then follow their changes until the watch ends."""
        pods, version = await self._cluster.list_pods()
        await self._reconcile(pods)
        self._problem = ""
        self.looked.set()
        async for kind, pod in self._cluster.watch_pods(version):
            pods = {name: known for name, known in self._pods.items() if name != pod.name}
            await self._reconcile(pods if kind == "DELETED" else {**pods, pod.name: pod})

    async def _reconcile(self, pods: dict[str, Pod]) -> None:
        """Start a worker for each pod that is ready for the first time, then stop those whose pod is gone.

        In this order, for a real pod is ready only once its program takes requests, and the one before goes after that.
        """
        started, problem = await self._started(pods)
        gone = [self._workers.pop(name) for name in self._workers.keys() - pods.keys()]
        self._pods = pods
        self._workers |= started
        for worker in gone:
            await worker.close()
        self._jobs = {name: task for name, task in self._jobs.items() if name in pods}
        for pod in pods.values():
            if pod.ready and jobs.plays(pod.deployment) and pod.name not in self._jobs:
                self._jobs[pod.name] = asyncio.create_task(self._do_job(pod))
        if problem:
            raise problem

    async def _started(self, pods: dict[str, Pod]) -> tuple[dict[str, Worker], ClusterError | None]:
        """Return new workers for the pods that have none, and why one of them could not start."""
        started: dict[str, Worker] = {}
        problem = None
        for pod in pods.values():
            if pod.ready and pod.deployment in POOL_SIZES and pod.name not in self._workers:
                try:
                    started[pod.name] = await self._start(pod)
                except ClusterError as error:
                    problem = error
        return started, problem

    async def _do_job(self, pod: Pod) -> None:
        """Do the work of the pod of a Job; a failure is in the log, as it would be in that of the pod."""
        try:
            config, secret = await self._cluster.read_settings()
            await jobs.run(connection_string(config, secret, jobs.ROLLOVER))
        except (ClusterError, KeyError, psycopg.Error) as error:
            logger.warning("%s failed: %s", pod.name, error)

    async def _start(self, pod: Pod) -> Worker:
        """Start the worker of a pod with the settings of this moment."""
        config, secret = await self._cluster.read_settings()
        try:
            conninfo = connection_string(config, secret, pod.deployment)
        except KeyError as missing:
            raise ClusterError(f"{pod.name} cannot start: {missing} is in neither ConfigMap nor Secret.") from missing
        except psycopg.ProgrammingError:
            raise ClusterError(f"{pod.name} cannot start: database-url is no connection string.") from None
        menus = MenuCache(config, await self._cluster.read_secret(menu_cache.KEPT_IN), pod.name)
        reports = Archive(config, await self._cluster.read_secret(archive.KEPT_IN))
        return Worker(pod.name, pod.deployment, Pool(conninfo, POOL_SIZES[pod.deployment]), menus, reports)
