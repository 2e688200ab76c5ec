"""What the platform keeps in Redis: sessions, carts, cached menus, locks and a queue."""

from __future__ import annotations

import json
from collections.abc import Iterator

import redis

HOUR = 3600


def seed_redis(url: str) -> None:
    """Fill an empty server in one round trip."""
    with redis.Redis.from_url(url) as client, client.pipeline(transaction=False) as pipeline:
        for key, value, seconds in keys():
            pipeline.set(key, value, ex=seconds)
        pipeline.rpush("queue:notifications", *(json.dumps({"order": number}) for number in range(1, 201)))
        pipeline.execute()


def keys() -> Iterator[tuple[str, str, int | None]]:
    """Give each key with its value and its time to live; the menu cache lacks one, which a census should find."""
    for number in range(1, 1501):
        yield f"session:{number:08x}", json.dumps({"guardian": number}), 8 * HOUR
    for number in range(1, 301):
        yield f"cart:{number}", json.dumps({"items": [number % 400]}), HOUR
    for number in range(1, 2001):
        yield f"menu:{1 + number % 200}:{number // 200}", json.dumps({"dishes": [number % 400] * 20}), None
    for number in range(1, 101):
        yield f"payment:idempotency:{number:08x}", "captured", 24 * HOUR
        yield f"ratelimit:guardian:{number}", "3", HOUR
    yield "lock:daily-report", "hasivu-api-0", HOUR
