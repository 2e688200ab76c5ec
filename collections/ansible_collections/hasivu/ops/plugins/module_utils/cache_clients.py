# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who uses a cache: connections from before an instant, and logins that were refused."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.cache import connection, not_reached, redis

USER_OF_TOKENS = "default"  # the user that an AUTH token belongs to


def older_clients(clients: list[dict[str, str]], since: datetime, now: datetime) -> list[dict[str, Any]]:
    """Return the connections of the token's user that are surely older than an instant, the oldest first.

    Ages have whole seconds, so a connection of the very second does not count. A link of a replica is no client.
    """
    elapsed = (now - since).total_seconds()
    old = [
        {"address": one["addr"], "name": one.get("name", ""), "seconds": int(one["age"])}
        for one in clients
        if one.get("user", USER_OF_TOKENS) == USER_OF_TOKENS
        and "S" not in one.get("flags", "")
        and int(one["age"]) > elapsed
    ]
    return sorted(old, key=lambda one: -one["seconds"])


def look_at(options: dict[str, Any], address: tuple[str, int], token: str) -> tuple[list[dict[str, str]], int]:
    """Return the connections of a cache, and how many logins it has refused since it started.

    Raises:
        CacheError: The cache cannot be asked.
    """
    try:
        with connection(options, address, token) as client:
            return client.client_list(), int(client.info("stats").get("acl_access_denied_auth", 0))
    except redis.RedisError as error:
        raise not_reached(address, error) from None


def wait_for_old(
    options: dict[str, Any], address: tuple[str, int], token: str, since: datetime, seconds: float
) -> list[dict[str, Any]]:
    """Return the connections from before an instant that are still open when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        old = older_clients(look_at(options, address, token)[0], since, datetime.now(UTC))
        if not old or time.monotonic() > deadline:
            return old
        time.sleep(1)
