"""What can be seen of the sandbox's PostgreSQL from outside: its size, connections and processor time."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from hasivu_play.sandbox import database_servers
from hasivu_play.sandbox.layout import Layout

CLIENT = re.compile(r"postgres: .*?\S+ \S+ (?:\[local\]|\S+\(\d+\)) ")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """One PostgreSQL server of a sandbox."""

    layout: Layout

    @property
    def data(self) -> Path | None:
        """Return the data directory, once there is one."""
        directory = database_servers.first(self.layout, 0).directory
        found = sorted(self.layout.part(directory).glob("*/postgresql.conf"))
        return found[0].parent if found else None

    def free_bytes(self, allocated_bytes: int) -> int:
        """Return what is left of the allocated storage; never more than the file system has."""
        used = directory_bytes(self.data) if self.data else 0
        return max(0, min(allocated_bytes - used, shutil.disk_usage(self.layout.root).free))

    def processes(self) -> list[int]:
        """Return the process ids of the postmaster and its children."""
        if self.data is None:
            return []
        try:
            postmaster = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
        except (OSError, ValueError):
            return []
        return [postmaster, *map(int, children.split())]

    def connections(self) -> int:
        """Return how many clients are connected."""
        return sum(1 for process in self.processes() if CLIENT.match(command_line(process)))

    def processor_seconds(self) -> float:
        """Return the processor time of the server since it started, that of ended connections included."""
        return sum(map(processor_seconds, self.processes()))


def directory_bytes(directory: Path) -> int:
    """Return the bytes that a folder occupies; files that go away meanwhile do not count."""
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += (Path(folder) / name).stat().st_blocks * 512
            except FileNotFoundError:
                continue
    return total


def command_line(process: int) -> str:
    """Return the title of a process, or an empty text when it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def processor_seconds(process: int) -> float:
    """Return the processor time of a process and of the children that it has seen end; nothing when it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS_PER_SECOND
