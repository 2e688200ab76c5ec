"""Which faults are on: a small file for each, so that every later command knows."""

from __future__ import annotations

import json

from hasivu_play.sandbox.layout import Layout, write_private


def mark(layout: Layout, name: str, holds_down: str = "") -> None:
    """Note that a fault is on, and which part it holds down."""
    write_private(layout.part("faults") / f"{name}.json", json.dumps({"holds_down": holds_down}) + "\n")


def unmark(layout: Layout, name: str) -> None:
    """Note that a fault is off."""
    (layout.part("faults") / f"{name}.json").unlink(missing_ok=True)


def active(layout: Layout) -> list[str]:
    """Return the names of the faults that are on."""
    return sorted(path.stem for path in (layout.root / "faults").glob("*.json"))


def parts_held_down(layout: Layout) -> dict[str, str]:
    """Return the parts that a fault holds down, each with the name of the fault."""
    held = {}
    for name in active(layout):
        marker = json.loads((layout.part("faults") / f"{name}.json").read_text(encoding="utf-8"))
        if marker["holds_down"]:
            held[marker["holds_down"]] = name
    return held
