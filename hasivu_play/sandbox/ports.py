"""The ports of a sandbox: free when they are chosen, and kept until the next reset."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Iterable

from hasivu_play.sandbox.layout import Layout, write_private

# Below the range from which Linux takes the ports of outgoing connections: a part that is down keeps its port free.
RANGE = range(20000, 32000)
# A datagram socket so far below a port keeps it for whoever has chosen it, until its process ends: by then a server
# listens there. Without it two sandboxes that begin at once may choose the same. On the port itself the edge may
# answer DNS.
CLAIM_BELOW = 12000
CLAIMS: list[socket.socket] = []


def ports(layout: Layout, names: Iterable[str]) -> dict[str, int]:
    """Return the port of each part, chosen now where it has none."""
    chosen = read_ports(layout)
    missing = [name for name in names if name not in chosen]
    for name in missing:
        chosen[name] = free_port(chosen.values())
    if missing:
        write_private(layout.root / "ports.json", json.dumps(chosen) + "\n")
    return chosen


def read_ports(layout: Layout) -> dict[str, int]:
    """Return the ports chosen so far."""
    try:
        chosen: dict[str, int] = json.loads((layout.root / "ports.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return chosen


def free_port(taken: Iterable[int]) -> int:
    """Return a port on which nobody listens, and which is not taken, nor chosen by anybody else on this machine."""
    excluded = set(taken)
    while True:
        port = secrets.choice(RANGE)
        if port not in excluded and is_free(port) and claimed(port):
            return port


def claimed(port: int) -> bool:
    """Keep a port for this process, and tell whether nobody else had it."""
    claim = socket.socket(type=socket.SOCK_DGRAM)
    try:
        claim.bind(("127.0.0.1", port - CLAIM_BELOW))
    except OSError:
        claim.close()
        return False
    CLAIMS.append(claim)
    return True


def is_free(port: int) -> bool:
    """Say whether a server could listen on a port of this machine."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
