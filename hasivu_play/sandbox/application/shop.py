"""The work of the application: each request goes to the pod whose turn it is, and is counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import psycopg

from hasivu_play.sandbox.application import menus, orders
from hasivu_play.sandbox.application.errors import RequestError
from hasivu_play.sandbox.application.fleet import API, WEB, Fleet, NoPodError, Worker
from hasivu_play.sandbox.application.metrics import Metrics
from hasivu_play.sandbox.application.pool import Connection
from hasivu_play.sandbox.application.till import Till


class Shop:
    """Everything that handlers and the built-in traffic share."""

    def __init__(self, fleet: Fleet, metrics: Metrics, till: Till) -> None:
        """Keep the workers, the counters and the till."""
        self.fleet = fleet
        self.metrics = metrics
        self.till = till

    @asynccontextmanager
    async def connection(self, deployment: str) -> AsyncIterator[Connection]:
        """Lend a connection of a Deployment; what goes wrong with the database is a 503."""
        try:
            async with self.pick(deployment).pool.connection() as connection:
                yield connection
        except (psycopg.Error, TimeoutError) as error:
            raise RequestError(503, f"The database does not serve: {first_line(error)}") from error

    async def place_order(self, order: orders.Order, key: str | None) -> int:
        """Place an order as a pod of the web Deployment does."""
        try:
            async with self.connection(WEB) as connection:
                number, payment = await orders.place(connection, order, key)
        except RequestError as error:
            self.metrics.orders_failed += error.status == 503
            raise
        self.metrics.orders_created += 1
        if payment:
            self.till.take(payment)
        return number

    async def menu(self, school_id: int, day: date) -> menus.Menu:
        """Return a menu as a pod of the web Deployment does: from Redis, else from the database."""
        cache = self.pick(WEB).menus
        found, outcome = await cache.find(school_id, day)
        self.metrics.menus[outcome] += 1
        if found is None:
            async with self.connection(WEB) as connection:
                found = await menus.read(connection, school_id, day)
            await cache.keep(school_id, day, found)
        return found

    async def archive(self, report: dict[str, Any]) -> None:
        """Put a report into the archive as a pod of the API Deployment does."""
        self.metrics.reports["archived" if await self.pick(API).archive.put(report) else "failed"] += 1

    def pick(self, deployment: str) -> Worker:
        """Return the worker of a Deployment whose turn it is; without one the answer is a 503."""
        try:
            return self.fleet.pick(deployment)
        except NoPodError as error:
            raise RequestError(503, str(error)) from error

    async def check(self) -> dict[str, dict[str, str]]:
        """Return for each Deployment and pod whether the database answers it."""
        workers = self.fleet.workers()
        answers = await asyncio.gather(*(answer(worker) for worker in workers))
        checked: dict[str, dict[str, str]] = {}
        for worker, state in zip(workers, answers, strict=True):
            checked.setdefault(worker.deployment, {})[worker.name] = state
        return checked


async def answer(worker: Worker) -> str:
    """Return `ok`, or why a pod cannot use the database."""
    try:
        async with worker.pool.connection() as connection:
            await connection.execute("SELECT 1")
    except (psycopg.Error, TimeoutError) as error:
        return first_line(error)
    return "ok"


def first_line(error: Exception) -> str:
    """Return the first line of an error, or its name where it has none."""
    return next(iter(str(error).splitlines()), type(error).__name__)
