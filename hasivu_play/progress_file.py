"""The progress that long modules report, read while they write it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class ProgressFile:
    """Follows `progress.jsonl` of a run."""

    def __init__(self, path: Path) -> None:
        """Begin before the file exists."""
        self._path = path
        self._position = 0
        self._rest = b""
        self.last: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """Return the newest complete line; a line that is half written waits for its end."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._position)
                new = file.read()
        except FileNotFoundError:
            return self.last
        self._position += len(new)
        *complete, self._rest = (self._rest + new).split(b"\n")
        for line in reversed(complete):
            if line.strip():
                self.last = parsed(line) or self.last
                break
        return self.last

    def forget(self) -> None:
        """Drop the newest line when the step that wrote it has ended."""
        self.read()
        self.last = {}


def parsed(line: bytes) -> dict[str, Any]:
    """Return a line as a mapping, or nothing when it is none."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
