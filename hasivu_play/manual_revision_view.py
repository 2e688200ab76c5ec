"""The changes of a revision of the manual, as a page for a person and as JSON for a program."""

from __future__ import annotations

from typing import Any

from hasivu_play.console import wrapped
from hasivu_play.manual import Manual
from hasivu_play.manual_revision import PROSE, Change


def as_dictionary(old: Manual, new: Manual, changes: list[Change]) -> dict[str, Any]:
    """Return the changes as JSON holds them."""
    return {
        "from": old.version,
        "to": new.version,
        "procedures": touched(changes),
        "changes": [vars(change) for change in changes],
    }


def touched(changes: list[Change]) -> list[str]:
    """Return the procedures that somebody must look at."""
    return sorted({name for change in changes for name in change.procedures})


def as_page(old: Manual, new: Manual, changes: list[Change]) -> str:
    """Return the changes one after another, and below them which procedures they touch."""
    title = f"{old.title}: version {old.version} against version {new.version}"
    if not changes:
        return f"{title}\n\nEvery section and block is as it was."
    names = ", ".join(touched(changes)) or "none"
    return "\n\n".join([title, *(change_text(change) for change in changes), wrapped(f"Touched procedures: {names}")])


def change_text(change: Change) -> str:
    """Return one change with the lines that went and came."""
    whom = ", ".join(change.procedures) or "no procedure"
    left = f"; left to {change.planned}" if change.planned else ""
    went = [f"    - {line}" for line in change.before if line not in change.after or change.kind == "reordered"]
    came = [f"    + {line}" for line in change.after if line not in change.before or change.kind == "reordered"]
    lines = [line for line in (*went, *came) if not line[6:].startswith(PROSE)]
    prose = ["    the prose below it is another one"] if len(lines) < len(went) + len(came) else []
    return "\n".join([f"{change.kind}: {change.section}", f"  {change.key}", *lines, *prose, f"  touches {whom}{left}"])
