"""The faults of the Kubernetes part: `faults.json` in its folder, read again when it changes.

`down` (every API request answers 503), `latency_seconds`, `conflict` (a resource, or a list of them, whose updates
answer 409), `images` (parts of image names and what becomes of their containers: `missing` or `crash`),
`unschedulable` (new pods stay pending), `load` (processor time that the pods together ask for, in pods' requests),
`pod_start_seconds` and `pod_stop_seconds`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Faults:
    """The present faults."""

    def __init__(self, path: Path) -> None:
        """Name the file; it need not exist."""
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._content: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """Return the faults; a file that is no object counts as none."""
        try:
            status = self._path.stat()
        except FileNotFoundError:
            self._seen, self._content = None, {}
            return self._content
        if (status.st_mtime_ns, status.st_ino) != self._seen:
            self._seen, self._content = (status.st_mtime_ns, status.st_ino), self._load()
        return self._content

    def _load(self) -> dict[str, Any]:
        try:
            content = json.loads(self._path.read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def conflicts_on(self, resource: str) -> bool:
        """Tell whether updates of a resource are to be refused as stale."""
        wanted = self.read().get("conflict", [])
        return resource in ([wanted] if isinstance(wanted, str) else wanted)
