"""The kinds of faults that need no database: a part that is down, a file that changes answers."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hasivu_play.sandbox.layout import Layout, write_private
from hasivu_play.sandbox.parts import part


@dataclass(frozen=True)
class Fault(ABC):
    """Something that can go wrong on demand."""

    description: str

    @property
    def holds_down(self) -> str:
        """Return the part that must not be started while the fault is on."""
        return ""

    @property
    def needs(self) -> str:
        """Return the part that must run for the fault to come about."""
        return ""

    @property
    def default_seconds(self) -> float | None:
        """Return when the fault ends by itself, unless somebody says otherwise."""
        return None

    def begin(self, layout: Layout) -> None:
        """Bring the fault about."""
        return

    def hold(self, layout: Layout, seconds: float) -> None:
        """Keep the fault for a time, in a process of its own."""
        time.sleep(seconds)

    def has_begun(self, layout: Layout) -> bool:
        """Say whether the fault can be felt."""
        return True

    @abstractmethod
    def end(self, layout: Layout, restart: bool = True) -> None:
        """Undo the fault; without `restart` what it stopped stays down."""


@dataclass(frozen=True)
class PartDown(Fault):
    """A part is stopped."""

    name: str

    @property
    def holds_down(self) -> str:
        """Return the part that is stopped."""
        return self.name

    def begin(self, layout: Layout) -> None:
        """Stop the part."""
        part(layout, self.name).stop()

    def end(self, layout: Layout, restart: bool = True) -> None:
        """Start the part again."""
        if restart:
            part(layout, self.name).up()


@dataclass(frozen=True)
class FileFault(Fault):
    """A file makes a part, or the policy of the sandbox, answer something else."""

    file: str
    content: Callable[[], dict[str, Any]]

    def begin(self, layout: Layout) -> None:
        """Set the keys of this fault, beside those of others."""
        self.write(layout, {**self.read(layout), **self.content()})

    def end(self, layout: Layout, restart: bool = True) -> None:
        """Take the keys of this fault away."""
        mine = self.content()
        self.write(layout, {key: value for key, value in self.read(layout).items() if key not in mine})

    def read(self, layout: Layout) -> dict[str, Any]:
        """Return what the file holds."""
        try:
            content: dict[str, Any] = json.loads(self.path(layout).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return content

    def write(self, layout: Layout, content: dict[str, Any]) -> None:
        """Write the file; without content there is none."""
        if content:
            write_private(self.path(layout), json.dumps(content) + "\n")
        else:
            self.path(layout).unlink(missing_ok=True)

    def path(self, layout: Layout) -> Path:
        """Return where the file lies in the sandbox."""
        return layout.root / self.file
