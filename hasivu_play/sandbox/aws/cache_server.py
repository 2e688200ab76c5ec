"""The sandbox's Valkey as the control plane of ElastiCache sees it: a server whose logins it sets."""

from __future__ import annotations

from collections.abc import Sequence

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from hasivu_play.sandbox.layout import Layout, write_private
from hasivu_play.sandbox.valkey import ADMINISTRATOR

SECONDS = 2.0
ONCE = Retry(NoBackoff(), 0)


class CacheServer:
    """The real server behind the replication group."""

    def __init__(self, layout: Layout) -> None:
        """Find the server by the files of the sandbox, each time anew."""
        self._layout = layout

    def accept(self, tokens: Sequence[str]) -> None:
        """Let clients in with these tokens, given as hashes, and with no other; keep that over a restart.

        Raises:
            redis.RedisError: The server does not answer now.
        """
        found = self._layout.endpoints()["redis"]
        password = self._layout.read_credential("redis_admin")
        login = {"username": ADMINISTRATOR, "password": password, "socket_timeout": SECONDS, "retry": ONCE}
        with redis.Redis(host=found["host"], port=found["port"], **login) as server:
            server.execute_command("ACL", "SETUSER", "default", "resetpass", *(f"#{token}" for token in tokens))
            server.execute_command("ACL", "SAVE")

    def publish(self, token: str) -> None:
        """Keep the newest token for people and tests, who read it where the sandbox keeps its credentials."""
        write_private(self._layout.credential("redis"), token)
