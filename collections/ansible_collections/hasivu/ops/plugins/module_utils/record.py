# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The open record of a run: lines that are chained, written ahead, and kept even when the disk is full."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record_line
from ansible_collections.hasivu.ops.plugins.module_utils.record_secrets import Masker

RECORD = "record.jsonl"
STOP = "stop"
PROGRESS = "progress.jsonl"
RESERVE = "reserve"
PASSING = (RESERVE, STOP, PROGRESS)  # files that serve a run while it lives, and prove nothing
RESERVED_BYTES = 64 * 1024
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
HEAVY = frozenset({"result", "diff", "warnings", "request_ids", "item"})
LONGEST_IN_SHORT = 300

_state: dict[str, str] = {}


def broken() -> str | None:
    """Return why the record of this process can no longer be relied on, or nothing while it can.

    The state lives in the process that runs the playbook; the workers that it forks inherit it. A step that changes
    something asks first, and does not begin without a record.
    """
    return _state.get("broken")


def mark_broken(sentence: str) -> None:
    """Remember, for the rest of the run, that the record cannot be relied on."""
    _state.setdefault("broken", sentence)


def mark_whole() -> None:
    """Forget what a run before this one met."""
    _state.clear()


class Record:
    """The record file of one run, open for appending."""

    def __init__(self, directory: Path, masker: Masker) -> None:
        """Create the folder and the file; neither may hold a record already.

        Raises:
            OSError: They cannot be created, or a record is there.
        """
        self.directory = directory
        self.masker = masker
        self.sequence = 0
        self.previous = record_line.NOTHING_BEFORE
        self.size = 0
        self.lost = False
        make_folder(directory)
        write_reserve(directory / RESERVE)
        self.file = os.open(directory / RECORD, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)

    def append(self, event: str, *, durable: bool = False, **fields: Any) -> None:
        """Write one line; a durable one has reached the disk when this returns."""
        if self.lost:
            return
        try:
            self.write(event, shortened(fields) if broken() else fields, durable)
        except OSError as error:
            self.survive(error, event, fields)

    def write(self, event: str, fields: dict[str, Any], durable: bool) -> None:
        """Write one line at the end of the file, whole or not at all."""
        known = {"sequence": self.sequence + 1, "previous": self.previous, **record_line.times(), "event": event}
        line = record_line.encode({**known, **self.masker.mask(fields)})
        try:
            write_whole(self.file, line)
            if durable:
                os.fdatasync(self.file)
        except OSError:
            os.ftruncate(self.file, self.size)
            raise
        self.sequence, self.previous, self.size = self.sequence + 1, record_line.digest(line), self.size + len(line)

    def survive(self, error: OSError, event: str, fields: dict[str, Any]) -> None:
        """Note that the record broke, give half of its reserve back to a full disk, and write the line in short."""
        first = broken() is None
        mark_broken(cannot_write(self.directory, error))
        try:
            if first and error.errno in DISK_FULL:
                os.truncate(self.directory / RESERVE, RESERVED_BYTES // 2)
                self.write("record_disk_full", {"message": broken()}, durable=True)
            self.write(event, shortened(fields), durable=True)
        except OSError:
            self.lost = True

    def free_reserve(self) -> None:
        """Give the rest of the reserve back, so that the last line and the seal have room."""
        (self.directory / RESERVE).unlink(missing_ok=True)
        self.lost = False

    def close(self) -> None:
        """Close the file."""
        os.close(self.file)


def shortened(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a line without what takes room."""
    kept = {name: value for name, value in fields.items() if name not in HEAVY}
    return {name: value[:LONGEST_IN_SHORT] if isinstance(value, str) else value for name, value in kept.items()}


def make_folder(directory: Path) -> None:
    """Make the folder of a run, for its owner only."""
    for folder in (directory.parent.parent, directory.parent, directory):  # the mode is not for parents made on the way
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (directory / RECORD).exists():
        raise FileExistsError(errno.EEXIST, "it holds the record of another run already")


def write_reserve(path: Path) -> None:
    """Take room on the disk that a full disk can get back, so that the record can still tell how the run ended."""
    path.touch(mode=0o600)
    with path.open("wb") as file:
        file.write(b"\n" * RESERVED_BYTES)
        file.flush()
        os.fsync(file.fileno())


def write_whole(file: int, line: bytes) -> None:
    """Write every byte of a line; a short write is followed by its rest, or by the error that cut it short."""
    while line:
        line = line[os.write(file, line) :]


def cannot_write(directory: Path, error: OSError) -> str:
    """Say that a record cannot be written, why, and what to do."""
    reason = error.strerror or str(error)
    return f"The record in {directory} cannot be written: {reason}. Make room or set its rights right, then run again."
