"""The database connections of one pod: few, opened when first needed, replaced when broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

Connection = psycopg.AsyncConnection[tuple[object, ...]]

ACQUIRE_SECONDS = 5.0
CONNECT_SECONDS = 2
SESSION_OPTIONS = "-c statement_timeout=5000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000"


def connection_string(config: Mapping[str, str], secret: Mapping[str, str], deployment: str) -> str:
    """Return where to connect and as whom: the Secret decides over `database-url`, that over the single values."""
    url = conninfo_to_dict(config.get("database-url", ""))
    return make_conninfo(
        host=secret.get("host") or url.get("host") or config["database-host"],
        port=secret.get("port") or url.get("port") or config["database-port"],
        dbname=secret.get("dbname") or url.get("dbname") or config["database-name"],
        user=secret["username"],
        password=secret["password"],
        application_name=deployment,
        connect_timeout=CONNECT_SECONDS,
        options=SESSION_OPTIONS,
    )


class Pool:
    """Connections with the address and credentials that the pod started with."""

    def __init__(self, conninfo: str, size: int) -> None:
        """Keep how to connect; nothing is opened yet."""
        self._conninfo = conninfo
        self._slots = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self._closed = False
        self.size = size
        self.in_use = 0

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection that answers; wait for one no longer than a few seconds."""
        async with asyncio.timeout(ACQUIRE_SECONDS):
            await self._slots.acquire()
        self.in_use += 1
        try:
            async with asyncio.timeout(ACQUIRE_SECONDS):
                connection = await self._take()
            try:
                yield connection
            finally:
                await self._give_back(connection)
        finally:
            self.in_use -= 1
            self._slots.release()

    async def close(self) -> None:
        """Close what is idle now, and what is lent when it comes back."""
        self._closed = True
        while self._idle:
            await self._idle.pop().close()

    async def _take(self) -> Connection:
        """Return an idle connection that still answers, or a new one."""
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.execute("SELECT 1")
            except psycopg.Error:
                await connection.close()
            else:
                return connection
        return await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True)

    async def _give_back(self, connection: Connection) -> None:
        """Keep a connection for the next request, unless it broke or the pod is gone."""
        if self._closed or connection.info.transaction_status is not TransactionStatus.IDLE:
            await connection.close()
        else:
            self._idle.append(connection)
