# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a long module shares with the run around it: its progress, and the request to stop."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RUN_OPTIONS: dict[str, dict[str, Any]] = {"stop_file": {"type": "path"}, "progress_file": {"type": "path"}}


def now() -> str:
    """Return the time in UTC as RFC 3339 writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stop_requested(stop_file: str | None) -> str | None:
    """Return why the run is to stop at the next safe point, or nothing when it may go on."""
    if stop_file is None:
        return None
    try:
        return Path(stop_file).read_text(encoding="utf-8").strip() or "a stop was asked for"
    except FileNotFoundError:
        return None


def report_progress(progress_file: str | None, message: str, **numbers: int) -> None:
    """Append one line of progress, with numbers such as `done`, `total` and `changed`.

    Progress is a courtesy: a file that cannot be written stops nothing, for the record has its own guard.
    """
    if progress_file is None:
        return
    try:
        with Path(progress_file).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"at": now(), "message": message, **numbers}) + "\n")
    except OSError:
        return
