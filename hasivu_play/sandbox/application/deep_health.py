"""The deep health of a Deployment: each of its pods reads and writes, and takes back what it wrote."""

from __future__ import annotations

import time
from typing import Any

import psycopg

from hasivu_play.sandbox.application.fleet import Worker

READ = "SELECT count(*) FROM (SELECT FROM orders ORDER BY id DESC LIMIT 100) AS recent"
WRITE = "INSERT INTO idempotency_keys (key, order_id) SELECT 'deep-health-' || gen_random_uuid(), max(id) FROM orders"


async def examine(worker: Worker) -> dict[str, Any]:
    """Return whether a pod can read and write, and how long that took."""
    begun = time.monotonic()
    try:
        async with worker.pool.connection() as connection:
            await connection.execute(READ)
            async with connection.transaction(force_rollback=True):
                await connection.execute(WRITE)
    except (psycopg.Error, TimeoutError) as error:
        return {
            "pod": worker.name,
            "works": False,
            "problem": next(iter(str(error).splitlines()), type(error).__name__),
        }
    return {"pod": worker.name, "works": True, "milliseconds": round((time.monotonic() - begun) * 1000, 1)}
