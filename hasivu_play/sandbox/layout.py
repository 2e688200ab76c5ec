"""Where the sandbox keeps the files of its parts, its endpoints and its credentials."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def write_private(path: Path, content: str) -> None:
    """Write a file that only its owner can read; a reader sees the old content or the new, never half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(content, encoding="utf-8")
    draft.replace(path)


@dataclass(frozen=True)
class Layout:
    """The folder of one sandbox, with names for what lies in it."""

    root: Path

    def part(self, name: str) -> Path:
        """Return the folder of a part, made on first use."""
        folder = self.root / name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    def credential(self, name: str) -> Path:
        """Return the path of a credential file."""
        return self.part("credentials") / name

    def read_credential(self, name: str) -> str:
        """Return a credential, exactly as it was written."""
        return self.credential(name).read_text(encoding="utf-8")

    def endpoints(self) -> dict[str, Any]:
        """Return the address of each part, or an empty mapping before the first start."""
        try:
            endpoints: dict[str, Any] = json.loads((self.root / "endpoints.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return endpoints

    def write_endpoints(self, endpoints: dict[str, Any]) -> None:
        """Keep the address of each part for the inventory and for later commands."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self.root / "endpoints.json", json.dumps(endpoints, indent=2) + "\n")
