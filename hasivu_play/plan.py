"""Plans: what a rehearsal found, written down so that other people can approve it."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import plan_changes, record_line
from ansible_collections.hasivu.ops.plugins.module_utils.plan_comparison import files_of
from ansible_collections.hasivu.ops.plugins.module_utils.plan_document import Plan, PlanError, encode, read_plan

from hasivu_play.errors import PlayError, RefusedError, UsageError
from hasivu_play.execution import execute
from hasivu_play.header import Header
from hasivu_play.progress import LiveProgress, PlainProgress
from hasivu_play.project import Project
from hasivu_play.records import Run, load
from hasivu_play.result import Result
from hasivu_play.run import Request

Progress = PlainProgress | LiveProgress
WHO = ("awx_user", "sudo_user", "login_user", "user")


def make_plan(project: Project, header: Header, request: Request, progress: Progress, path: Path) -> Plan:
    """Rehearse a procedure, and write what it would change into a new file.

    Raises:
        PlayError: The rehearsal did not come to its end, or the file cannot be written.
    """
    refuse_existing(path)
    result = execute(project, header, replace(request, check=True), progress)
    refuse_failed(result)
    fields = fields_of(project, load(result.run))
    write_new(path, encode(fields))
    return load_plan(path)


def refuse_existing(path: Path) -> None:
    """Refuse to write over a file, for its approvals would then be for something else."""
    if path.exists():
        raise UsageError(f"{path} exists already. Name another file, or remove it together with its approvals.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}. Make it, or name another file.")


def refuse_failed(result: Result) -> None:
    """Refuse to plan by a rehearsal that did not come to its end, with the exit code that it had."""
    if result.exit_code:
        error = PlayError(
            f"No plan was made, for the rehearsal ended as {result.state.replace('_', ' ')}: {result.message} "
            f"See it with: hasivu-play runs show {result.run}"
        )
        error.exit_code = result.exit_code
        raise error


def fields_of(project: Project, run: Run) -> dict[str, Any]:
    """Return the fields of the plan that the record of a rehearsal makes."""
    events, start = run.events, run.events[0]
    terms = plan_changes.guard_result(events)
    if "inputs" not in terms:
        raise RefusedError(f"{run.procedure} asks nobody for approval, so no plan can bind it. Run it without one.")
    made = datetime.now(UTC)
    changes = plan_changes.changes_of(events)
    return {
        "procedure": run.procedure,
        "title": run.title or run.procedure,
        "risk": terms["risk"],
        "environment": run.environment,
        "inputs": terms["inputs"],
        "approvals_wanted": terms["approvals_wanted"],
        "made": record_line.times(made),
        "made_by": made_by(start["who"]),
        "expires": record_line.times(made + timedelta(hours=terms["plan_hours"])),
        "rehearsal": run.id,
        "reality": plan_changes.reality(changes),
        "changes": changes,
        "not_predicted": plan_changes.not_predicted(events),
        "warnings": plan_changes.warnings_of(events),
        "digests": start["digests"],
        "files": files_of(project.root, run.procedure, run.environment),
    }


def made_by(who: dict[str, Any]) -> str:
    """Return who rehearsed, and where."""
    return f"{next((who[name] for name in WHO if who.get(name)), 'nobody')}@{who['host']}"


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet; people who are to approve it may read it."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
        file.write(content)


def load_plan(path: Path) -> Plan:
    """Read a plan.

    Raises:
        UsageError: It is none.
    """
    try:
        return read_plan(path)
    except PlanError as error:
        raise UsageError(str(error)) from error


def execute_plan(project: Project, header: Header, request: Request, progress: Progress) -> Result:
    """Rehearse, so that the guard can hold what it finds now against the plan, then run; a bad rehearsal is the end."""
    if not request.check:
        progress.line("Rehearsing first, to see whether the world still is as the plan found it.")
        rehearsed = execute(project, header, replace(request, check=True), progress)
        if rehearsed.exit_code:
            return rehearsed
        progress.line("Running by the plan.")
    return execute(project, header, request, progress)
