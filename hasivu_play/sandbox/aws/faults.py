"""The faults that a test or an operator has set: `faults.json`, read again for each request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


class Faults:
    """What is to go wrong at present."""

    def __init__(self, directory: Path) -> None:
        """Look for faults in the folder of the emulator."""
        self._path = directory / "faults.json"
        self._met: dict[tuple[str, str, int], int] = {}

    def read(self) -> dict[str, Any]:
        """Return the faults that are set, or an empty mapping."""
        try:
            faults: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):  # an editor may be half-way through
            return {}
        return faults

    def is_down(self, service: str) -> bool:
        """Say whether a service is to answer as AWS does during an outage."""
        return service in self.read().get("down", [])

    def refused(self, action: str) -> str:
        """Return the code with which an action, such as `iam:GetAccountSummary`, is to be refused, or nothing."""
        return str(self.read().get("refused", {}).get(action, ""))

    def falls_to(self, kind: str, action: str) -> bool:
        """Say whether a fault falls to this request, one of the first so many of an action since the file was written.

        Of `throttled` they are turned away; of `lost_answers` they are done, and then answered with 500.
        """
        wanted = int(self.read().get(kind, {}).get(action, 0))
        if not wanted:
            return False
        key = (kind, action, self._path.stat().st_mtime_ns)
        self._met[key] = self._met.get(key, 0) + 1
        return self._met[key] <= wanted
