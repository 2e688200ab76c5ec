"""Where proxies listen: each on a loopback address of its own, at the port of PostgreSQL, as in AWS on its own host.

They run in a thread with a loop of their own, so that a slow answer of the control plane holds nobody up, and end with
the process.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import threading
from collections.abc import Coroutine, Iterable
from typing import Any

from hasivu_play.sandbox.aws.rds.errors import RdsError
from hasivu_play.sandbox.aws.rds.proxy_certificates import Certificates
from hasivu_play.sandbox.aws.rds.proxy_door import Door
from hasivu_play.sandbox.aws.rds.proxy_health import Healths
from hasivu_play.sandbox.aws.rds.store import Proxy, Store

PORT = 5432
ATTEMPTS = 50
PATIENCE_SECONDS = 10.0
TAKEN = "incompatible-network"  # what RDS says of a proxy that cannot have its addresses


class Doors:
    """The doors of all proxies."""

    def __init__(self, store: Store, healths: Healths, certificates: Certificates) -> None:
        """Open none yet."""
        self._store = store
        self._healths = healths
        self._certificates = certificates
        self._doors: dict[str, Door] = {}
        self._loop = asyncio.new_event_loop()

    def start(self) -> None:
        """Open the doors of the proxies that were available when an earlier process ended."""
        self._certificates.make_root()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        for proxy in self._store.proxies:
            if proxy.shown["Status"] in ("available", TAKEN):
                self._open_again(proxy)

    def new_address(self, taken: Iterable[dict[str, Any]]) -> str:
        """Return a loopback address on whose port of PostgreSQL nobody listens.

        Raises:
            RdsError: There is none, as where a server of the machine listens on every address.
        """
        known = {shown["Endpoint"] for shown in taken}
        for _ in range(ATTEMPTS):
            address = "127." + ".".join(str(1 + secrets.randbelow(254)) for _ in range(3))
            if address not in known and is_free(address):
                return address
        message = f"No loopback address has its port {PORT} free. End the server that listens on all addresses."
        raise RdsError("InsufficientAvailableIPsInSubnetFault", message)

    def open(self, proxy: Proxy) -> None:
        """Listen for the clients of a proxy, unless that is done already."""
        name = proxy.shown["DBProxyArn"]
        if name not in self._doors:
            context = self._certificates.context(proxy.shown["Endpoint"])
            door = Door(proxy, self._healths, self._store, context)
            self._do(door.open(proxy.shown["Endpoint"], PORT))
            self._doors[name] = door

    def _open_again(self, proxy: Proxy) -> None:
        """Listen where an earlier process did; where somebody else does now, the proxy says that it cannot."""
        try:
            self.open(proxy)
        except OSError:
            logging.getLogger(__name__).exception("The address of the proxy %s is taken", proxy.name)
        proxy.shown["Status"] = "available" if proxy.shown["DBProxyArn"] in self._doors else TAKEN

    def close(self, proxy: Proxy) -> None:
        """Listen no more, and cut everybody off."""
        door = self._doors.pop(proxy.shown["DBProxyArn"], None)
        if door:
            self._do(door.close())
        self._certificates.remove(proxy.shown["Endpoint"])

    def cut_off(self, proxy: Proxy) -> None:
        """Cut off whoever is connected to an instance that is no target any more."""
        door = self._doors.get(proxy.shown["DBProxyArn"])
        if door:
            self._do(door.cut_off())

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)


def is_free(address: str) -> bool:
    """Say whether a proxy could listen on an address."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((address, PORT))
        except OSError:
            return False
    return True
