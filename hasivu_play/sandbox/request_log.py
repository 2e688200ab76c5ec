"""The log of an HTTP part: one JSON line for each request, so that a test can prove what was written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path


class RequestLog:
    """Appends the requests of one service to a file; lines of parallel requests never mix."""

    def __init__(self, path: Path, service: str) -> None:
        """Open the log for appending."""
        self._file = path.open("ab", buffering=0)
        self._service = service

    def write(self, action: str, changing: bool, status: int, client: str) -> None:
        """Append one request: what was asked, whether it changes anything, the HTTP status and the user agent."""
        line = {
            "at": datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "service": self._service,
            "action": action,
            "changing": changing,
            "status": status,
            "client": client,
        }
        self._file.write(json.dumps(line).encode() + b"\n")
