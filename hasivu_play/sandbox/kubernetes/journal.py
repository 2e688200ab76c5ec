"""The objects on disk: a file of JSON lines that survives `kill -9` at any byte."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

LINES_BEFORE_COMPACTION = 5000


class Journal:
    """Appends each change, and rewrites the file when most of its lines are history."""

    def __init__(self, path: Path) -> None:
        """Name the file; `read` before the first `append`."""
        self._path = path
        self._descriptor = -1
        self._lines = 0

    def read(self) -> Iterator[dict[str, Any]]:
        """Return every whole entry; a line that was cut off by a kill was never acknowledged."""
        if not self._path.exists():
            return
        for line in self._path.read_bytes().splitlines():
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                return

    def rewrite(self, entries: Iterable[dict[str, Any]]) -> None:
        """Replace the file by these entries and go on appending to it."""
        lines = [_encode(entry) for entry in entries]
        draft = self._path.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_bytes(b"".join(lines))
        draft.replace(self._path)
        self.close()
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND)
        self._lines = 0

    def append(self, entry: dict[str, Any]) -> None:
        """Keep one change; it is in the kernel's hands when this returns."""
        os.write(self._descriptor, _encode(entry))
        self._lines += 1

    def is_long(self) -> bool:
        """Tell whether the file is due to be rewritten."""
        return self._lines >= LINES_BEFORE_COMPACTION

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _encode(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, separators=(",", ":")).encode() + b"\n"
