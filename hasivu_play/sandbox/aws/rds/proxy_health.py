"""Whether a proxy reaches its targets: each is tried with the logins of the proxy before anybody is sent there."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from typing import Any

import psycopg

from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.rds.proxy_logins import logins
from hasivu_play.sandbox.aws.rds.store import Instance, Proxy, Store

Fields = dict[str, Any]
LOOK_SECONDS = 0.1
AGAIN_SECONDS = 1.0
CONNECT_SECONDS = 2
REGISTERING: Fields = {"State": "REGISTERING"}
AVAILABLE: Fields = {"State": "AVAILABLE"}
# What PostgreSQL says to a login that is wrong; to one that pg_hba.conf keeps out the network would say nothing.
REFUSED = ("authentication failed", "is not permitted to log in")


@dataclass
class Seen:
    """What was last seen of a target, by which logins, and when it is looked at again."""

    health: Fields = field(default_factory=lambda: dict(REGISTERING))
    logins: dict[str, str] = field(default_factory=dict)
    due: float = 0.0


class Healths:
    """The health of each target of each proxy."""

    def __init__(self, store: Store, faults: Faults) -> None:
        """Look at the targets in the store."""
        self._store = store
        self._faults = faults
        self._seen: dict[tuple[str, str], Seen] = {}

    def of(self, proxy: Proxy, resource: str) -> Fields:
        """Return the health of a target."""
        return self._seen.get(key(proxy, resource), Seen()).health

    def available(self, proxy: Proxy) -> Instance | None:
        """Return the instance that clients are sent to, where there is one now."""
        for resource in list(proxy.targets):
            if self.of(proxy, resource)["State"] == "AVAILABLE":
                return instance_of(self._store, proxy, resource)
        return None

    def forget(self, proxy: Proxy, resource: str) -> None:
        """Know nothing any more of what is no target; one that is registered again at once begins anew."""
        self._seen.pop(key(proxy, resource), None)

    def keep_looking(self) -> None:
        """Look at each target for as long as the process lives."""
        while True:
            self.look()
            time.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Look at each target that is due; what is registered no more is forgotten."""
        wanted = {
            key(proxy, resource): (proxy, resource) for proxy in self._store.proxies for resource in proxy.targets
        }
        for gone in self._seen.keys() - wanted.keys():
            self._seen.pop(gone, None)
        for name, (proxy, resource) in wanted.items():
            if name not in self._seen:
                self._seen[name] = Seen(due=time.monotonic() + self._registering_seconds())
            self._look_at(self._seen.get(name, Seen()), proxy, resource)

    def _look_at(self, seen: Seen, proxy: Proxy, resource: str) -> None:
        """Try a target: by a login where none has worked yet or the logins are others now, else by its port."""
        known = logins(proxy)
        changed = known != seen.logins and seen.health["State"] != "REGISTERING"
        if time.monotonic() < seen.due and not changed:
            return
        instance = instance_of(self._store, proxy, resource)
        port = self._store.port(instance) if instance and instance.wanted else None
        if port is None:
            seen.health = unavailable("UNREACHABLE", "The target has no server that runs.")
        elif seen.health["State"] == "AVAILABLE" and not changed:
            seen.health = AVAILABLE if listens(port) else unavailable("UNREACHABLE", "Nothing answers at its address.")
        else:
            seen.health = tried(port, known, str(instance.shown.get("DBName", "postgres")) if instance else "")
        seen.logins, seen.due = known, time.monotonic() + AGAIN_SECONDS

    def _registering_seconds(self) -> float:
        """Return how long a new target is seen to register: a second here, minutes in AWS."""
        return float(self._faults.read().get("rds_step_seconds", AGAIN_SECONDS))


def key(proxy: Proxy, resource: str) -> tuple[str, str]:
    """Return what tells the targets of all proxies apart."""
    return (str(proxy.shown["DBProxyArn"]), resource)


def instance_of(store: Store, proxy: Proxy, resource: str) -> Instance | None:
    """Return the instance with an identity, under whatever name it has now; nothing where it is gone."""
    found = (one for one in store.instances if one.region == proxy.region)
    return next((one for one in found if one.shown["DbiResourceId"] == resource), None)


def unavailable(reason: str, description: str) -> Fields:
    """Return the health of a target that nobody is sent to."""
    return {"State": "UNAVAILABLE", "Reason": reason, "Description": description}


def listens(port: int) -> bool:
    """Say whether a server takes connections."""
    try:
        socket.create_connection(("127.0.0.1", port), CONNECT_SECONDS).close()
    except OSError:
        return False
    return True


def tried(port: int, known: dict[str, str], database: str) -> Fields:
    """Return the health of a target after logging in with the logins of the proxy; one that works is enough."""
    refused = False
    for user, password in known.items():
        try:
            psycopg.connect(
                host="127.0.0.1",
                port=port,
                user=user,
                password=password,
                dbname=database,
                sslmode="disable",
                connect_timeout=CONNECT_SECONDS,
                application_name="rdsproxy",
            ).close()
        except psycopg.OperationalError as error:
            refused = refused or any(words in str(error) for words in REFUSED)
        else:
            return AVAILABLE
    if refused or not known:
        return unavailable("AUTH_FAILURE", "Proxy does not have any registered credentials that the target accepts.")
    return unavailable("UNREACHABLE", "The target cannot be reached.")
