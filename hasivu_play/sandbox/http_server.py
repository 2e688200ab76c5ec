"""A part that is a Python module with an HTTP interface: the emulators, the application and its companions."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hasivu_play.sandbox import probes
from hasivu_play.sandbox.part import Part


class HttpServer(Part):
    """A part started as `python -m hasivu_play.sandbox.<name> DIRECTORY PORT`."""

    def command(self) -> Sequence[str]:
        """Return the command; -P keeps modules of the current folder out."""
        module = f"hasivu_play.sandbox.{self.name}"
        return [sys.executable, "-P", "-m", module, str(self.directory), str(self.port)]

    def answers(self) -> bool:
        """Say whether the part calls itself healthy."""
        return probes.http_answers(self.port)

    def url(self) -> str:
        """Return the root of the part."""
        return f"http://127.0.0.1:{self.port}"

    def endpoint(self) -> dict[str, Any]:
        """Return the addresses that the inventory reads."""
        return {"url": self.url()}

    def log(self) -> Path:
        """Return the log of requests."""
        return self.directory / "requests.jsonl"

    def seed(self) -> None:
        """Fill the part over its own interface, where it offers that."""
        fill = getattr(importlib.import_module(f"hasivu_play.sandbox.{self.name}"), "seed", None)
        if callable(fill):
            fill(self.layout)
