"""LatestRestorableTime: how far the archived log of each server reaches.

RDS uploads the log every five minutes; the sandbox closes and archives a segment every few seconds in which anything
was written. While nothing is written, every moment up to the present one can be restored.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.rds.server import Server

UPLOAD_SECONDS = 3.0
SEGMENT = re.compile(r"[0-9A-F]{24}")
# A file system notes the time of a write no finer than this: what was written in the same moment may be unseen.
TICK_SECONDS = 0.05


@dataclass
class Reach:
    """How far the archive of one server reaches, and the segment whose arrival moves that on."""

    moment: float = 0.0
    seen: float = 0.0  # the newest write to the log that is known to be archived
    switched: float = 0.0
    waiting: tuple[float, float, str] | None = None  # the moment reached, the newest write before it, the segment


class Archive:
    """The archived logs of all servers."""

    def __init__(self, faults: Faults) -> None:
        """Know nothing yet; the first look tells."""
        self._faults = faults
        self._reaches: dict[str, Reach] = {}

    def reached(self, directory: Path) -> float:
        """Return the moment to which a server of this folder can be restored; 0 before the first look."""
        oldest = min(waiting(directory), default=None)
        moment = self._reaches.get(directory.name, Reach()).moment
        return moment if oldest is None else min(moment, oldest)

    def look(self, server: Server) -> None:
        """Move the reach of a server on, and have its log archived where something was written."""
        if self._faults.read().get("rds_uploads_stalled"):
            return
        reach = self._reaches.setdefault(server.directory.name, Reach())
        now = time.time()
        newest = newest_write(server.cluster.data)
        if reach.waiting:
            reach.waiting = arrived(reach, server.directory)
        if reach.waiting:
            return
        if newest <= reach.seen and now - newest > TICK_SECONDS:
            reach.moment = now
        elif now - reach.switched >= float(self._faults.read().get("rds_upload_seconds", UPLOAD_SECONDS)):
            switch(reach, server, now, newest)


def switch(reach: Reach, server: Server, now: float, newest: float) -> None:
    """Close the segment: every transaction that was committed before now is in it or in an older one."""
    try:
        segment = server.switch_log()
    except psycopg.Error:  # the server is down, or busy with its start
        return
    reach.switched = now
    reach.waiting = (now, newest, segment)
    reach.waiting = arrived(reach, server.directory)


def arrived(reach: Reach, directory: Path) -> tuple[float, float, str] | None:
    """Move the reach on when the segment is in the archive; return what is still waited for."""
    if reach.waiting is None:
        return None
    moment, newest, segment = reach.waiting
    if not (directory / "wal_archive" / segment).exists():
        return reach.waiting
    reach.moment, reach.seen = moment, newest
    return None


def newest_write(data: Path) -> float:
    """Return when the log of a server was written last."""
    segments = (path for path in (data / "pg_wal").glob("?" * 24) if SEGMENT.fullmatch(path.name))
    return max(modified(segments), default=0.0)


def waiting(directory: Path) -> list[float]:
    """Return since when segments wait for their archive, by their notes."""
    return modified(directory.glob("data/pg_wal/archive_status/*.ready"))


def modified(paths: Iterable[Path]) -> list[float]:
    """Return when files were written last; one that was renamed or removed meanwhile is left out."""
    moments = []
    for path in paths:
        with suppress(FileNotFoundError):
            moments.append(path.stat().st_mtime)
    return moments
