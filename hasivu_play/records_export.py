"""Records as one file, to keep elsewhere."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hasivu_play.errors import PlayError, UsageError
from hasivu_play.records import Run
from hasivu_play.records_packing import KIND, pack


def export(runs: list[Run], path: Path) -> str:
    """Write the records of runs into a new archive, and return its SHA-256.

    Raises:
        UsageError: The archive exists, or its name is that of another kind of file.
        LockedError: A run has not ended, so its record is not whole.
    """
    if not path.name.endswith(KIND):
        raise UsageError(f"{path} is to be a {KIND[1:]} archive. Name it so.")
    if path.exists():
        raise UsageError(f"{path} exists already. Name another file.")
    try:
        with path.open("xb") as output:
            pack(runs, output)
    except (OSError, PlayError):
        path.unlink(missing_ok=True)
        raise
    return hashlib.sha256(path.read_bytes()).hexdigest()
