"""Which database servers the sandbox has: that of each RDS instance, in a folder and on a port of its own.

The AWS emulator writes the file, for it starts, renames and ends instances; the supervisor reads it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from hasivu_play.sandbox.layout import Layout, write_private

# The instance of the first start. Whichever server bears this name is the part `postgresql`, on that part's port.
INSTANCE = "hasivu-sandbox"
DIRECTORY = "postgresql"
FILE = "database_servers.json"


@dataclass(frozen=True)
class DatabaseServer:
    """One server: the instance that it serves, its folder, its port, and whether it ought to run."""

    identifier: str
    directory: str
    port: int
    wanted: bool


def read(layout: Layout) -> list[DatabaseServer] | None:
    """Return the servers, or nothing before the emulator has written which there are."""
    try:
        found = json.loads((layout.root / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return [DatabaseServer(**server) for server in found]


def write(layout: Layout, servers: Sequence[DatabaseServer]) -> None:
    """Keep which servers there are."""
    write_private(layout.root / FILE, json.dumps([asdict(server) for server in servers], indent=1) + "\n")


def first(layout: Layout, port: int) -> DatabaseServer:
    """Return the server of the instance that the sandbox is named after; where it is lost, none ought to run."""
    servers = read(layout)
    if servers is None:
        return DatabaseServer(INSTANCE, DIRECTORY, port, wanted=True)
    lost = DatabaseServer(INSTANCE, DIRECTORY, port, wanted=False)
    return next((server for server in servers if server.identifier == INSTANCE), lost)


def others(layout: Layout) -> list[DatabaseServer]:
    """Return the servers of all other instances."""
    return [server for server in read(layout) or [] if server.identifier != INSTANCE]
