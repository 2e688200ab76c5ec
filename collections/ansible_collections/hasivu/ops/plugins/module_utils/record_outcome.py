# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a run ended: its state and exit code, from the first failure that no rescue made good."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ENDINGS = {
    "finding": ("finding", 1),
    "bad_input": ("bad_input", 2),
    "refused": ("refused", 3),
    "resumable": ("stopped", 4),
    "decision": ("needs_decision", 5),
    "locked": ("locked", 6),
    "budget": ("budget_spent", 7),
}
DONE = ("done", 0)
INTERRUPTED = ("interrupted", 4)
STATES = frozenset(state for state, _code in (*ENDINGS.values(), DONE, INTERRUPTED))
ASSERTIONS = frozenset({"assert", "ansible.builtin.assert", "ansible.legacy.assert"})


def failure_class(action: str, guard: bool, stop: Any) -> str:
    """Tell the class of a failed step: the one it named, else by what kind of step it was."""
    if stop in ENDINGS:
        return str(stop)
    if guard:
        return "refused"
    return "finding" if action in ASSERTIONS else "resumable"


@dataclass(frozen=True)
class Place:
    """Where a step stands: the blocks around it from the inside out, each with the section that holds the step."""

    blocks: tuple[tuple[str, str, bool], ...] = ()

    def rescuer(self, outside: str | None = None) -> str | None:
        """Return the nearest block that would rescue a failure here, looking only outside of the block named."""
        blocks = list(self.blocks)
        if outside is not None:
            names = [name for name, _section, _rescues in blocks]
            blocks = blocks[names.index(outside) + 1 :] if outside in names else []
        return next((name for name, section, rescues in blocks if section == "block" and rescues), None)

    def inside_rescue(self, block: str | None) -> bool:
        """Tell whether this place lies in the rescue section of a block."""
        return any(name == block and section == "rescue" for name, section, _rescues in self.blocks)


@dataclass
class Failure:
    """A step that failed on a host, and the block whose rescue may still make it good."""

    step: int
    host: str
    name: str
    message: str
    kind: str
    place: Place
    rescuer: str | None = None


@dataclass
class Outcome:
    """What failed so far, in order; a failure inside a rescue is a consequence and not a cause."""

    failures: list[Failure] = field(default_factory=list)

    def fail(self, failure: Failure, rescuable: bool = True) -> None:
        """Add a failed step; if it failed in a rescue, pass what that was to mend on to the next block outside."""
        causes = self.causes(failure)
        for cause in causes:
            cause.rescuer = cause.place.rescuer(outside=cause.rescuer) if rescuable else None
        if not causes:
            failure.rescuer = failure.place.rescuer() if rescuable else None
            self.failures.append(failure)

    def causes(self, failure: Failure) -> list[Failure]:
        """Return the failures whose rescue this step belongs to: those of its host, else those of any host."""
        causes = [cause for cause in self.failures if cause.rescuer and failure.place.inside_rescue(cause.rescuer)]
        return [cause for cause in causes if cause.host == failure.host] or causes

    def cause(self) -> Failure | None:
        """Return the first failure that nothing made good."""
        return next((failure for failure in self.failures if failure.rescuer is None), None)

    def rescued(self) -> list[int]:
        """Return the numbers of the steps that failed and were made good."""
        return [failure.step for failure in self.failures if failure.rescuer is not None]

    def ending(self) -> dict[str, Any]:
        """Return state, exit code and the step that decided them."""
        cause = self.cause()
        state, exit_code = ENDINGS[cause.kind] if cause else DONE
        return {
            "state": state,
            "exit_code": exit_code,
            "failed_step": cause.name if cause else None,
            "message": cause.message if cause else None,
            "rescued": self.rescued(),
        }


def place_of(task: Any) -> Place:
    """Read from a task of Ansible where it stands."""
    blocks = []
    inner, outer = task, task._parent
    while outer is not None:
        if hasattr(outer, "rescue"):
            blocks.append((outer._uuid, section_of(outer, inner), bool(outer.rescue)))
        inner, outer = outer, outer._parent
    return Place(tuple(blocks))


def section_of(block: Any, inner: Any) -> str:
    """Tell which section of a block holds a task or block."""
    for section in ("rescue", "always"):
        if any(member._uuid == inner._uuid for member in getattr(block, section)):
            return section
    return "block"
