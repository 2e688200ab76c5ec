"""Two runs of one procedure side by side: what was given, what ran, what each step found and changed, and how long."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.plan_comparison import first_lines, input_differences

from hasivu_play.console import aligned
from hasivu_play.errors import UsageError
from hasivu_play.records_run import Run, Step

HEADINGS = ("", "STEP", "HOST", "FIRST", "SECOND", "TOOK", "TOOK", "WHAT DIFFERS")
Key = tuple[str, str, int]


@dataclass(frozen=True)
class Pair:
    """A step as each of two runs met it; one that a run never met is nothing there."""

    name: str
    host: str
    first: Step | None
    second: Step | None

    @property
    def difference(self) -> str:
        """Say what differs in outcome, message or change, or nothing when only the time does."""
        if self.first is None or self.second is None:
            return "only in the second" if self.first is None else "only in the first"
        if self.first.diff != self.second.diff:
            return str(first_lines(self.first.diff, self.second.diff))
        if self.first.message != self.second.message:
            return self.second.message or "said nothing"
        return "outcome" if self.first.outcome != self.second.outcome else ""

    def as_dictionary(self) -> dict[str, Any]:
        """Return the pair as JSON holds it."""
        sides = {"first": self.first, "second": self.second}
        seen = {name: side and {"outcome": side.outcome, "seconds": side.seconds} for name, side in sides.items()}
        return {"step": self.name, "host": self.host, **seen, "difference": self.difference}


@dataclass(frozen=True)
class Comparison:
    """What two runs of one procedure have apart."""

    first: Run
    second: Run
    given: list[str]
    parts: list[str]
    pairs: list[Pair]

    def as_dictionary(self) -> dict[str, Any]:
        """Return the comparison as JSON holds it."""
        runs = {name: head(run) for name, run in (("first", self.first), ("second", self.second))}
        steps = [pair.as_dictionary() for pair in self.pairs]
        return {**runs, "given": self.given, "changed_parts": self.parts, "steps": steps}

    def as_text(self) -> str:
        """Return the comparison as a table; a line with a sign differs in more than time."""
        lines = [f"First  {words(self.first)}", f"Second {words(self.second)}", *self.given]
        lines += [f"The {part} is not the same." for part in self.parts]
        return "\n".join([*lines, "", aligned([HEADINGS, *(row(pair) for pair in self.pairs)])])


def compare(first: Run, second: Run) -> Comparison:
    """Compare two runs of one procedure.

    Raises:
        UsageError: They are of different procedures.
    """
    if first.procedure != second.procedure:
        raise UsageError(f"{first.id} is of {first.procedure}, {second.id} of {second.procedure}. Name two of one.")
    return Comparison(first, second, given(first, second), parts(first, second), pairs(first, second))


def given(first: Run, second: Run) -> list[str]:
    """Say which environment, mode or inputs the second run had otherwise."""
    other = [
        f"The {name} is {getattr(second, name)}, and was {getattr(first, name)}."
        for name in ("environment", "check", "direction")
        if getattr(first, name) != getattr(second, name)
    ]
    said = input_differences(first.inputs, second.inputs)
    return other + [sentence.replace(", and in the plan ", ", and was ") for sentence in said]


def parts(first: Run, second: Run) -> list[str]:
    """Name what ran and was not the same: playbook, roles, collection, inventory."""
    before, after = (run.events[0].get("digests") or {} if run.events else {} for run in (first, second))
    return [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]


def pairs(first: Run, second: Run) -> list[Pair]:
    """Pair the steps of two runs by name and host, in the order of the first and then of the second."""
    before, after = keyed(first.steps), keyed(second.steps)
    return [Pair(key[0], key[1], before.get(key), after.get(key)) for key in {**before, **after}]


def keyed(steps: list[Step]) -> dict[Key, Step]:
    """Return steps by name, host, and how often both were met before."""
    found: dict[Key, Step] = {}
    for step in steps:
        numbers = ((step.name, step.host or "", number) for number in count())
        found[next(key for key in numbers if key not in found)] = step
    return found


def row(pair: Pair) -> tuple[str, ...]:
    """Return the cells of a pair."""
    sides = (pair.first, pair.second)
    outcomes = ((side.outcome or "unfinished") if side else "" for side in sides)
    times = ("" if side is None or side.seconds is None else f"{side.seconds:.1f} s" for side in sides)
    return ("*" if pair.difference else "", pair.name, pair.host, *outcomes, *times, pair.difference)


def head(run: Run) -> dict[str, Any]:
    """Return what names a run and how it ended."""
    return {"run": run.id, "state": run.state, "exit_code": run.exit_code, "changed": run.changed}


def words(run: Run) -> str:
    """Return a run in a line."""
    return f"{run.id}: {run.state.replace('_', ' ')}; steps that changed something: {run.changed}"
