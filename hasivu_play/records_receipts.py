"""What this machine remembers of records that are kept in S3; the bucket itself is what proves it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from hasivu_play.home import home

FOLDER, SUFFIX = "exported", ".json"


@dataclass(frozen=True)
class Receipt:
    """Where the record of a run lies in S3, in which version, and until when nobody can remove it."""

    run: str
    bucket: str
    key: str
    version: str
    sha256: str
    mode: str
    retain_until: str
    at: str


def folder() -> Path:
    """Return the folder of the receipts; a record's own folder is sealed."""
    return home() / FOLDER


def exported() -> set[str]:
    """Return the names of the runs that were exported, without reading a receipt."""
    if not folder().is_dir():
        return set()
    with os.scandir(folder()) as entries:
        return {entry.name.removesuffix(SUFFIX) for entry in entries if entry.name.endswith(SUFFIX)}


def keep(receipt: Receipt) -> None:
    """Write a receipt; it is there whole, or not at all."""
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder() / f"{receipt.run}{SUFFIX}"
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(receipt), indent=2) + "\n", encoding="utf-8")
    draft.replace(path)
