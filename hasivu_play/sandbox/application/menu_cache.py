"""Menus in Redis: one cache for each pod, with the login that the pod read when it started."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

KEPT_IN = "hasivu-redis"
SECONDS = 1.0
KEPT_SECONDS = 60
HIT, MISS, ERROR = "hit", "miss", "error"

Menu = dict[str, Any]


class MenuCache:
    """The menus that a pod finds in Redis; without Redis it finds none, and the database is asked."""

    def __init__(self, config: Mapping[str, str], secret: Mapping[str, str], pod: str) -> None:
        """Keep address and login; nothing is opened yet."""
        self._client: redis.Redis = redis.Redis(
            host=secret.get("host") or config.get("redis-host", "127.0.0.1"),
            port=int(secret.get("port") or config.get("redis-port", "6379")),
            password=secret.get("password"),
            client_name=pod,
            socket_timeout=SECONDS,
            socket_connect_timeout=SECONDS,
            retry=Retry(NoBackoff(), 1),  # for a connection that the server closed; more would hold up each request
        )

    async def find(self, school_id: int, day: date) -> tuple[Menu | None, str]:
        """Return a menu and `hit`, or none and why: `miss` or `error`."""
        try:
            found = await self._client.get(key_of(school_id, day))
        except (redis.RedisError, TimeoutError):
            return None, ERROR
        return (json.loads(found), HIT) if found else (None, MISS)

    async def keep(self, school_id: int, day: date, menu: Menu) -> None:
        """Keep a menu for a minute; where that fails, the next request asks the database again."""
        try:
            await self._client.set(key_of(school_id, day), json.dumps(menu), ex=KEPT_SECONDS)
        except (redis.RedisError, TimeoutError):
            return

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def key_of(school_id: int, day: date) -> str:
    """Return under which key a menu is kept."""
    return f"menu:day:{school_id}:{day.isoformat()}"
