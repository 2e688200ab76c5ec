"""Records as one archive: whole folders as they are, so that they verify wherever they lie.

The same records make the same bytes, whenever and wherever they are packed.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from datetime import datetime
from pathlib import Path
from typing import IO

from ansible_collections.hasivu.ops.plugins.module_utils.record_origin import files_below

from hasivu_play.errors import LockedError
from hasivu_play.records import Run, is_running

KIND = ".tar.gz"
FILE_MODE = 0o600


def pack(runs: list[Run], output: IO[bytes]) -> None:
    """Write an archive with a folder for each run; owners and times of files are left out.

    Raises:
        LockedError: A run has not ended, so its record is not whole.
    """
    for run in runs:
        if is_running(run):
            raise LockedError(f"{run.id} still runs. Wait for its end, then export it.")
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=output, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for run in runs:
            for file in files_below(run.directory):
                add(archive, file, f"{run.id}/{file.relative_to(run.directory)}", run)


def add(archive: tarfile.TarFile, file: Path, name: str, run: Run) -> None:
    """Add a file under the time at which its run ended, so that a copy of the folder packs to the same bytes."""
    entry = tarfile.TarInfo(name)
    content = file.read_bytes()
    entry.size, entry.mode = len(content), FILE_MODE
    entry.mtime = int(datetime.fromisoformat(run.ended).timestamp()) if run.ended else 0
    archive.addfile(entry, io.BytesIO(content))


def packed(run: Run) -> bytes:
    """Return the archive of one run."""
    output = io.BytesIO()
    pack([run], output)
    return output.getvalue()


def digests_in(content: bytes) -> dict[str, str]:
    """Return the SHA-256 of each file in an archive, by its name.

    Raises:
        tarfile.TarError: It is none.
    """
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        files = [(entry.name, archive.extractfile(entry)) for entry in archive if entry.isfile()]
        return {name: hashlib.sha256(file.read()).hexdigest() for name, file in files if file}
