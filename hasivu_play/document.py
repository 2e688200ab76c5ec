"""The steps of a playbook in the order in which a person reads them, rescue and always too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

SECTIONS = ("pre_tasks", "roles", "tasks", "post_tasks", "handlers")
IF_IT_FAILS = "If a step above fails"
WHATEVER_HAPPENS = "Whatever happens"


@dataclass(frozen=True)
class Step:
    """One sentence of the procedure: a play, a step, or the words that open a rescue or an always."""

    depth: int
    kind: str
    text: str
    guard: bool = False


def steps(plays: list[dict[str, Any]]) -> Iterator[Step]:
    """Walk through every play, block, step, rescue, always and handler."""
    for play in plays:
        yield Step(0, "play", str(play.get("name") or play.get("import_playbook") or play.get("hosts")))
        for section in SECTIONS:
            yield from walk(play.get(section) or [], 1, guard=is_guard(play))


def walk(tasks: list[Any], depth: int, *, guard: bool) -> Iterator[Step]:
    """Walk through tasks and, below each block, through its own."""
    for task in tasks:
        guarded = guard or is_guard(task)
        yield Step(depth, "block" if is_block(task) else "step", sentence(task), guarded)
        if not is_block(task):
            continue
        yield from walk(task["block"], depth + 1, guard=guarded)
        for section, words in (("rescue", IF_IT_FAILS), ("always", WHATEVER_HAPPENS)):
            if task.get(section):
                yield Step(depth + 1, section, words)
                yield from walk(task[section], depth + 2, guard=guarded)


def is_block(task: Any) -> bool:
    """Tell whether a task is a block of tasks."""
    return isinstance(task, dict) and "block" in task


def is_guard(task: Any) -> bool:
    """Tell whether a task answers whether the procedure may start."""
    tags = task.get("tags", []) if isinstance(task, dict) else []
    return "guard" in (tags if isinstance(tags, list) else str(tags).split(","))


def sentence(task: Any) -> str:
    """Return the sentence that a task says of itself."""
    if not isinstance(task, dict):
        return str(task)
    return str(task.get("name") or task.get("role") or "(a step without a name)")
