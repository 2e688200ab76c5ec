"""Runs in words: a table of them, and one as a timeline."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import asdict
from datetime import datetime
from typing import Any

from hasivu_play.console import aligned, duration
from hasivu_play.records_run import Run, Step

HEADINGS = ("RUN", "STATE", "EXIT", "CHANGED", "STARTED (IST)", "TOOK", "IN S3", "STEP THAT DECIDED")
PURPOSE = {"forward": "Resumes", "back": "Rolls back"}
MARKS = {
    "ok": "ok",
    "changed": "changed",
    "failed": "FAILED",
    "unreachable": "UNREACHABLE",
    "rescued": "rescued",
    "ignored": "ignored",
    "skipped": "skipped",
    None: "UNFINISHED",
}


def summary(run: Run) -> dict[str, Any]:
    """Return a run without its steps, as JSON holds it."""
    return {**asdict(run), "directory": str(run.directory)}


def details(run: Run) -> dict[str, Any]:
    """Return a run with its steps, as JSON holds it."""
    return {**summary(run), "steps": [asdict(step) for step in run.steps]}


def as_table(runs: list[Run], exported: Container[str] = ()) -> str:
    """Return the runs as lines under headings; `exported` names those that were exported to S3 from here."""
    if not runs:
        return "There are no runs yet. Start one with: hasivu-play run weekly-db"
    return aligned([HEADINGS, *(row(run, run.id in exported) for run in runs)])


def row(run: Run, exported: bool = False) -> tuple[str, ...]:
    """Return the cells of a run."""
    state = run.state.replace("_", " ") + (" (check)" if run.check else "")
    code = "" if run.exit_code is None else str(run.exit_code)
    return (
        run.id,
        state,
        code,
        str(run.changed),
        clock(run.started_ist, "%Y-%m-%d %H:%M"),
        took(run),
        "yes" if exported else "no",
        run.failed_step or "",
    )


def as_timeline(run: Run) -> str:
    """Return a run as a person reads it: what it was, each step with both times, and how it ended."""
    steps = [line for step in run.steps for line in step_lines(step)]
    return "\n".join([*heading(run), "", *steps, "", *ending(run)])


def heading(run: Run) -> list[str]:
    """Return what was run, where, and for whom."""
    lines = [f"{run.title or run.procedure} in {run.environment}{', rehearsed' if run.check else ''}: {run.id}"]
    facts = {"Ticket": run.ticket, "BREAK GLASS": run.break_glass, PURPOSE.get(run.direction, ""): run.resumes}
    facts["Launcher"] = run.launcher
    inputs = ", ".join(f"{name}={value}" for name, value in run.inputs.items())
    lines += [f"{name}: {value}" for name, value in {**facts, "Inputs": inputs}.items() if value]
    return [*lines, f"Started: {run.started} ({clock(run.started_ist)} IST)"]


def step_lines(step: Step) -> list[str]:
    """Return a step as one line, and what it said below when that matters."""
    seconds = "" if step.seconds is None else f"{step.seconds:.1f} s"
    depth = "  " if step.inside else ""
    guard = "[guard] " if step.guard else ""
    times = f"{clock(step.started)} UTC  {clock(step.started_ist)} IST"
    line = f"{times}  {MARKS.get(step.outcome, str(step.outcome)):<11} {seconds:>8}  {depth}{guard}{step.name}"
    says = step.message if step.outcome in ("failed", "unreachable", "rescued", "ignored") else None
    return [line, *(f"{'':<52}{depth}{part}" for part in says.splitlines())] if says else [line]


def ending(run: Run) -> list[str]:
    """Return how a run ended."""
    if run.ended is None:
        return [f"State: {run.state}"]
    steps = "1 step" if run.changed == 1 else f"{run.changed} steps"
    code = f"exit {run.exit_code}, {steps} changed something, {took(run)}"
    lines = [f"Ended: {run.ended} ({clock(run.ended_ist)} IST)", f"State: {run.state.replace('_', ' ')} ({code})"]
    decided = [f"Failed step: {run.failed_step}"] if run.failed_step else []
    return [*lines, *decided, *([run.message] if run.message else [])]


def clock(moment: str | None, form: str = "%H:%M:%S") -> str:
    """Return a time of day, or whatever the form asks for."""
    return datetime.fromisoformat(moment).strftime(form) if moment else ""


def took(run: Run) -> str:
    """Return how long a run took."""
    return "" if run.seconds is None else duration(run.seconds)
