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
        self._throttled: dict[tuple[str, int], int] = {}
        self._met: dict[tuple[str, str], int] = {}
        self._lost: dict[tuple[str, int], int] = {}

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
    def throttles(self, action: str) -> bool:
        """Say whether a request is one of the first so many of an action that are to be turned away."""
        wanted = int(self.read().get("throttled", {}).get(action, 0))
        if not wanted:
            return False
        key = (action, self._path.stat().st_mtime_ns)  # a file that is written anew counts anew
        self._throttled[key] = self._throttled.get(key, 0) + 1
        return self._throttled[key] <= wanted

    def loses_answer(self, action: str) -> bool:
        """Say whether a request is one of the first so many of an action that are done and then answered with 500."""
        wanted = int(self.read().get("lost_answers", {}).get(action, 0))
        if not wanted:
            return False
        key = (action, self._path.stat().st_mtime_ns)
        self._lost[key] = self._lost.get(key, 0) + 1
        return self._lost[key] <= wanted
