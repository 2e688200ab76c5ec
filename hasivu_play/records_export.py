"""Records as one archive, to keep elsewhere: whole folders as they are, so that they verify wherever they lie."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils.record_origin import files_below

from hasivu_play.errors import LockedError, UsageError
from hasivu_play.records import Run, is_running

KIND = ".tar.gz"


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
    for run in runs:
        if is_running(run):
            raise LockedError(f"{run.id} still runs. Wait for its end, then export it.")
    try:
        write(runs, path)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(runs: list[Run], path: Path) -> None:
    """Write an archive with a folder for each run; owners are left out, and everything else is as it lies there."""
    with tarfile.open(path, "x:gz") as archive:
        for run in runs:
            for file in files_below(run.directory):
                name = f"{run.id}/{file.relative_to(run.directory)}"
                archive.add(file, name, recursive=False, filter=without_owner)


def without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Return an entry of an archive that names nobody of this machine."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry
