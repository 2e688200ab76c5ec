"""What a record tells the site: the whole for the page of its run, and a few words for all others."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.recovery_history import manifest_of

from hasivu_play.records import Run, verify
from hasivu_play.records_run import Step
from hasivu_play.records_view import took

REPORT, PAGE = "report.json", "report.html"
DONE = ("ok", "changed")
FOUND = ("failed", "rescued")  # a step that finds something ends so, and was carried out all the same
# Ansible checks the arguments of a role before its first step; that is no sentence of a procedure.
ARGUMENTS = "Validating arguments against arg spec"
SHORTEST = 0.3
Fields = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A run in the words that other pages than its own need.

    `problems` say why its record does not verify; a run that has not ended is not sealed, and has none.
    """

    run: Run
    problems: tuple[str, ...]
    findings: int
    did: frozenset[str] = field(repr=False)

    @property
    def took(self) -> str:
        """Return how long it took."""
        return took(self.run)

    @property
    def ended(self) -> bool:
        """Tell whether its record was closed."""
        return self.run.state not in ("running", "unreadable")

    @property
    def kind(self) -> str:
        """Return what kind of run it was."""
        if self.run.check:
            return "rehearsal"
        return "rollback" if self.run.direction == "back" else "run"

    @property
    def proves(self) -> bool:
        """Tell whether it may prove anything."""
        return self.ended and self.kind == "run" and not self.problems

    @property
    def page(self) -> Path | None:
        """Return the page that the run wrote of itself, where it did."""
        path = self.run.directory / PAGE
        return path if path.is_file() else None


@dataclass(frozen=True)
class Bar:
    """A step with the stretch of the run that it took, in percent."""

    step: Step
    left: float
    width: float


def tell(run: Run) -> tuple[Told, Fields]:
    """Return a run in few words, and all that its own page shows."""
    report, unread = read_report(run)
    problems = [] if run.state == "running" else verify(run).problems
    steps = [step for step in run.steps if not step.name.startswith(ARGUMENTS)]
    findings = report.get("findings") or []
    well = (*DONE, *FOUND) if run.state == "finding" else DONE
    did = frozenset(step.name for step in steps if step.outcome in well)
    told = Told(run, (*problems, *unread), len(findings), did)
    first = run.events[0] if run.events else {}
    whole = {"told": told, "findings": findings, "who": first.get("who") or {}, "bars": bars(steps)}
    return told, {**whole, "manifest": manifest_of(run.directory)}


def read_report(run: Run) -> tuple[Fields, list[str]]:
    """Return the report of a run, and what is wrong with it; a run need not have one."""
    try:
        found = json.loads((run.directory / REPORT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, []
    except (OSError, ValueError) as error:
        return {}, [f"{REPORT} cannot be read: {error}."]
    return (found, []) if isinstance(found, dict) else ({}, [f"{REPORT} holds no report."])


def bars(steps: list[Step]) -> list[Bar]:
    """Return the steps with their places on the line of time from the first to the last."""
    if not steps:
        return []
    starts = [datetime.fromisoformat(step.started).timestamp() for step in steps]
    begun = min(starts)
    whole = max(start + (step.seconds or 0.0) for start, step in zip(starts, steps, strict=True)) - begun or 1.0
    return [
        Bar(step, *place((start - begun) / whole, (step.seconds or 0.0) / whole))
        for start, step in zip(starts, steps, strict=True)
    ]


def place(begin: float, length: float) -> tuple[float, float]:
    """Return the left end and the width of a bar in percent; every bar can be seen and stays inside."""
    left = min(100 * begin, 100 - SHORTEST)
    return round(left, 2), round(min(max(SHORTEST, 100 * length), 100 - left), 2)
