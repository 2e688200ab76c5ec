# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the last run scanned: used again where the same program asked the same database about the same bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_file import write_private
from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import Database, Scan, scan_of

FOLDER = "scans"
FILE = "scans.json"
FORM = "hasivu-scans/2"  # in form 1 severities were those that count here, and not the scanner's


def key_of(scan: Scan) -> tuple[str, str, str, Database]:
    """Return what a scan is known by: scanner, its program, the digest of what it looked at, and the database."""
    return scan.scanner, scan.program, f"{scan.target} {scan.digest}", scan.database


def previous(report: str) -> dict[tuple[str, str, str, Database], Scan]:
    """Return the complete scans of an earlier record by their keys; a file that was altered, or is old, gives none."""
    try:
        kept = json.loads(sealed(report, f"{FOLDER}/{FILE}"))
        scans = [scan_of(entry) for entry in kept["scans"] if kept["form"] == FORM]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {key_of(scan): replace(scan, outcome="reused", seconds=0.0) for scan in scans if scan.complete}


def sealed(report: str, name: str) -> str:
    """Return a file of an earlier record.

    Raises:
        OSError: There is no such record or file.
        ValueError, KeyError: It was altered since it was sealed, or the seal is none.
    """
    folder = Path(report).parent if report else Path("/nonexistent")
    content = (folder / name).read_bytes()
    files: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    if files[name] != hashlib.sha256(content).hexdigest():
        raise ValueError(name)
    return content.decode()


def keep(directory: str, scans: list[Scan]) -> str:
    """Write every hit of every scan into the record, and return where.

    Raises:
        OSError: The folder of the record cannot be written.
    """
    folder = Path(directory) / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    data = {"form": FORM, "scans": [scan.as_data() for scan in scans]}
    return write_private(folder / FILE, json.dumps(data, indent=2, sort_keys=True) + "\n")


def keep_bill(directory: str, number: int, scanner: str, bill: str) -> str:
    """Write a bill of materials into the record, and return its name there.

    Raises:
        OSError: The folder of the record cannot be written.
    """
    folder = Path(directory) / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    name = f"{FOLDER}/bill-{number:03}-{scanner}.cdx.json"
    write_private(Path(directory) / name, bill)
    return name
