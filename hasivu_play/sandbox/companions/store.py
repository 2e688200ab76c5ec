"""The state of a companion: one JSON file, written whole on each change, so that a restart keeps it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hasivu_play.sandbox.layout import write_private


class Store:
    """The records of one companion, oldest first."""

    def __init__(self, path: Path, first: list[dict[str, Any]]) -> None:
        """Load the records, or begin with the first ones."""
        self._path = path
        self.records = json.loads(path.read_text(encoding="utf-8")) if path.exists() else first
        self.save()

    def add(self, record: dict[str, Any]) -> None:
        """Keep one more record."""
        self.records.append(record)
        self.save()

    def save(self) -> None:
        """Write the records after a change to one of them."""
        write_private(self._path, json.dumps(self.records))
