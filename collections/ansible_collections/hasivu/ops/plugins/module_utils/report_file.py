# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes a report so that a reader sees the old one or the new one and never half of one."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_report(directory: str, report: dict[str, Any], page: str) -> dict[str, str]:
    """Write a report as data and as a page, for its owner only, and return where.

    Raises:
        OSError: The folder is missing, full or not ours.
    """
    data = json.dumps(report, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    return {
        "json": write_private(Path(directory) / "report.json", data),
        "html": write_private(Path(directory) / "report.html", page),
    }


def write_private(path: Path, text: str) -> str:
    """Write a file of mode 0600 beside its place and move it there; return its path.

    Raises:
        OSError: The folder is missing, full or not ours.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return str(path)
