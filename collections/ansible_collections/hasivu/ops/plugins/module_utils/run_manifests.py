# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sealed records beside that of this run: what ran, when, and whether it could change anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


def changing_runs(folder: Path, environment: str) -> Iterator[dict[str, Any]]:
    """Return id, procedure, start and end of each run of an environment that was no rehearsal and no mere reading."""
    for path in sorted(folder.glob(f"*/{MANIFEST}")):
        manifest = read(path)
        if manifest.get("environment") != environment or manifest.get("check") or manifest.get("risk") == "read":
            continue
        start, end = moment(manifest, "started"), moment(manifest, "ended")
        if start and end:
            yield {"id": manifest["run"], "procedure": manifest["procedure"], "start": start, "end": end}


def read(path: Path) -> dict[str, Any]:
    """Return a manifest; one that cannot be read explains nothing."""
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest


def moment(manifest: dict[str, Any], name: str) -> datetime | None:
    """Return when a run started or ended."""
    at = (manifest.get(name) or {}).get("at")
    return datetime.fromisoformat(at) if at else None
