"""The platform as its users see it: through the front door, over TLS."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from support.sandbox import Sandbox

HOST = "app.sandbox.hasivu.edu.in"
SERVED = "/menus/1"
LOOK_SECONDS = 0.1


def get(sandbox: Sandbox, path: str) -> tuple[int, str | None, bytes]:
    """Return status, Retry-After and body of an answer to a user."""
    door = sandbox.endpoints()["edge"]
    context = ssl.create_default_context(cafile=door["ca_bundle"])
    connection = http.client.HTTPConnection(HOST, timeout=10)
    bare = socket.create_connection((door["host"], door["port"]), 10)
    connection.sock = context.wrap_socket(bare, server_hostname=HOST)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Retry-After"), answer.read()
    finally:
        connection.close()


@contextmanager
def watched(sandbox: Sandbox) -> Iterator[list[datetime]]:
    """Look ten times a second as a user does, and list when the platform did not serve."""
    closed: list[datetime] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            try:
                served = get(sandbox, SERVED)[0] == 200
            except (OSError, http.client.HTTPException):
                served = False
            if not served:
                closed.append(datetime.now(UTC))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield closed
    finally:
        over.set()
        thread.join()
