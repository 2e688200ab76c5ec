# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scans that procedures which are rehearsed together share: each is made by the first, and the others wait for it.

A rehearsal proves nothing, so nothing is sealed here. The folder is gone when the last of the rehearsals has ended.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils.report_file import write_private
from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import Scan, scan_of


@dataclass(frozen=True)
class Sharing:
    """The folder of shared scans; without one nothing is shared."""

    folder: Path | None

    @contextmanager
    def turn(self, scan: Scan, wait: Callable[[], None]) -> Iterator[None]:
        """Keep everybody else from the same scan meanwhile; `wait` is called while somebody else is at it.

        Raises:
            OSError: The folder cannot be written.
        """
        if self.folder is None:
            yield
            return
        self.folder.mkdir(mode=0o700, exist_ok=True)
        with (self.folder / f"{name_of(scan)}.lock").open("w", encoding="utf-8") as lock:
            while not taken(lock.fileno()):
                wait()
            yield

    def find(self, scan: Scan) -> tuple[Scan, str] | None:
        """Return the same scan as another procedure made it, with its bill of materials, if one did."""
        if self.folder is None:
            return None
        try:
            found = json.loads((self.folder / f"{name_of(scan)}.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return replace(scan_of(found["scan"]), outcome="reused", seconds=0.0), found["bill"]

    def leave(self, scan: Scan, bill: str) -> None:
        """Leave a scan to the others, with its bill of materials, if it looked at all that it was asked to look at.

        Raises:
            OSError: The folder cannot be written.
        """
        if self.folder and scan.complete:
            write_private(self.folder / f"{name_of(scan)}.json", json.dumps({"scan": scan.as_data(), "bill": bill}))


def name_of(scan: Scan) -> str:
    """Return a name for what is scanned and what scans it."""
    told = (scan.scanner, scan.program, scan.target, scan.digest)
    return hashlib.sha256(repr(told).encode()).hexdigest()


def taken(descriptor: int) -> bool:
    """Take a lock unless somebody has it, and tell whether it is taken now."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
