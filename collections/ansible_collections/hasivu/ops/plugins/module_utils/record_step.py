# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A step of a run: one task of the playbook, as the record names it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.record_outcome import Place, place_of

GUARD = "guard"
ONLY_DECIDE = frozenset(
    f"{prefix}{name}"
    for prefix in ("", "ansible.builtin.", "ansible.legacy.")
    for name in ("assert", "debug", "fail", "import_role", "include_role", "include_tasks", "include_vars", "meta",
                 "pause", "set_fact", "set_stats")
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """What is known of a step when it starts."""

    number: int
    name: str
    action: str
    role: str | None
    where: str
    guard: bool
    handler: bool
    inside: int | None
    place: Place
    began: dict[str, float] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """Return the fields of the line that is written before the step does anything."""
        fields = {
            "step": self.number,
            "name": self.name,
            "action": self.action,
            "role": self.role,
            "where": self.where,
            "guard": self.guard or None,
            "handler": self.handler or None,
            "inside": self.inside,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def may_change(self) -> bool:
        """Tell whether the step could change anything outside of Ansible; by custom a module named so only reads."""
        return self.action not in ONLY_DECIDE and not self.action.endswith("_info")

    def start(self, host: str) -> None:
        """Start the clock of a host; the empty name stands for all of them."""
        self.began[host] = time.monotonic()

    def seconds(self, host: str) -> float:
        """Return how long the step has run on a host."""
        return round(time.monotonic() - self.began.get(host, self.began[""]), 3)


def step_of(task: Any, number: int, before: Mapping[str, Step], project: Path, handler: bool) -> Step:
    """Read a step from a task of Ansible.

    Args:
        task: The task that starts.
        number: The number of the step in this run.
        before: The steps before it, by the id of their task.
        project: The folder that paths are told from.
        handler: Whether the task is a handler that was notified.
    """
    step = Step(
        number=number,
        name=str(task.name or task.action),
        action=str(task.action),
        role=task._role.get_name() if task._role else None,
        where=relative(task.get_path(), project),
        guard=GUARD in task.tags,
        handler=handler,
        inside=including(task, before),
        place=place_of(task),
    )
    step.start("")
    return step


def including(task: Any, before: Mapping[str, Step]) -> int | None:
    """Return the number of the step that brought a task in, such as the call of its role."""
    outer = task._parent
    while outer is not None:
        if outer._uuid in before and not hasattr(outer, "rescue"):
            return before[outer._uuid].number
        outer = outer._parent
    return None


def relative(where: str | None, project: Path) -> str:
    """Return `path:line` told from the project, or as it is when it lies elsewhere."""
    path, _colon, line = (where or "").rpartition(":")
    inside = Path(path).is_relative_to(project)
    return f"{Path(path).relative_to(project)}:{line}" if inside else f"{path}:{line}"
