"""The project copied, so that a test may give the sandbox's inventory what an operator would write there."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.sandbox import PROJECT, Sandbox

PARTS = ("hasivu_play", "playbooks", "roles", "inventory", "collections")
LAST = "zz_of_the_test.yml"


@dataclass(frozen=True)
class OwnProject(Sandbox):
    """A sandbox whose commands take their playbooks and their inventory from a copy of the project."""

    root: Path

    @classmethod
    def make(cls, folder: Path) -> OwnProject:
        """Copy the project."""
        root = folder / "project"
        for part in PARTS:
            shutil.copytree(PROJECT / part, root / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(PROJECT / "ansible.cfg", root)
        home = folder / "home"
        home.mkdir()
        return cls(home, root)

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of its commands, in which Python finds the copy first."""
        return {**super().environment, "PYTHONPATH": str(self.root)}

    def declare(self, **variables: Any) -> None:
        """Write variables into the inventory of the sandbox, over those that stand there."""
        file = self.root / "inventory" / "sandbox" / "group_vars" / "all" / LAST
        file.write_text(json.dumps(variables))
