"""Going on with a run that stopped part-way."""

from __future__ import annotations

import hashlib

from hasivu_play.errors import LockedError, RefusedError
from hasivu_play.project import Project
from hasivu_play.records import Run, is_running, load
from hasivu_play.run import Request

RESUMABLE = ("stopped", "interrupted", "budget_spent", "needs_decision")


def request_to_resume(
    project: Project, run_id: str, ticket: str | None, break_glass: str | None, incident: str | None
) -> Request:
    """Return the request that goes on with a run: same procedure, environment and inputs."""
    run = load(run_id)
    refuse_unless_resumable(run)
    refuse_if_changed(project, run)
    return Request(
        procedure=run.procedure,
        environment=run.environment,
        inputs=dict(run.inputs),
        ticket=ticket,
        break_glass=break_glass,
        incident=incident,
        resumes=run.id,
    )


def refuse_unless_resumable(run: Run) -> None:
    """Refuse a run that still works, that only rehearsed, or that left nothing to do."""
    if is_running(run):
        raise LockedError(f"{run.id} still runs. Wait for its end, or stop it where it was started.")
    if run.check:
        raise RefusedError(f"{run.id} was a rehearsal and changed nothing. Rehearse again with run --check.")
    if run.state not in RESUMABLE:
        state = run.state.replace("_", " ")
        raise RefusedError(f"{run.id} ended as '{state}', so nothing is left to resume. Start a new run.")


def refuse_if_changed(project: Project, run: Run) -> None:
    """Refuse when the playbook is no longer the one that the run began with."""
    path = project.playbook(run.procedure)
    if hashlib.sha256(path.read_bytes()).hexdigest() != run.playbook_digest.removeprefix("sha256:"):
        raise RefusedError(
            f"{path.name} has changed since {run.id} began, so its steps may no longer fit what was done. "
            f"Look at what it did with `runs show {run.id}`, then start a new run."
        )
