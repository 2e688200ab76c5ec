"""Going on with a run that stopped part-way, or going back from it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ansible_collections.hasivu.ops.plugins.module_utils.plan_document import NAME

from hasivu_play.errors import LockedError, RefusedError
from hasivu_play.header import Header
from hasivu_play.project import Project
from hasivu_play.records import Run, is_running
from hasivu_play.run import Request

RESUMABLE = ("stopped", "interrupted", "budget_spent", "needs_decision")
REVERSIBLE = (*RESUMABLE, "done", "finding")


@dataclass(frozen=True)
class Consent:
    """What an operator gives with a run besides its inputs."""

    ticket: str | None = None
    break_glass: str | None = None
    incident: str | None = None


def request_to_resume(project: Project, run: Run, consent: Consent) -> Request:
    """Return the request that goes on with a run, in the direction that it had."""
    refuse_if_not_over(run)
    if run.state not in RESUMABLE:
        state = run.state.replace("_", " ")
        raise RefusedError(f"{run.id} ended as '{state}', so nothing is left to resume. Start a new run.")
    refuse_if_changed(project, run)
    return request(run, consent, run.direction)


def request_to_roll_back(project: Project, run: Run, header: Header, consent: Consent) -> Request:
    """Return the request that undoes a run."""
    refuse_if_not_over(run)
    if not header.reversible:
        raise RefusedError(f"{header.title} has no way back of its own. {header.rollback}")
    if run.state not in REVERSIBLE:
        raise RefusedError(f"{run.id} ended as '{run.state.replace('_', ' ')}' and changed nothing to roll back.")
    refuse_if_changed(project, run)
    return request(run, consent, "back")


def request(run: Run, consent: Consent, direction: str) -> Request:
    """Return a request with the procedure, the environment and the inputs of a run."""
    return Request(
        procedure=run.procedure,
        environment=run.environment,
        inputs=dict(run.inputs),
        ticket=consent.ticket,
        break_glass=consent.break_glass,
        incident=consent.incident,
        resumes=run.id,
        direction=direction,
        plan=plan_of(run),
    )


def plan_of(run: Run) -> str | None:
    """Return the path of the plan that allowed a run, which its record keeps, or nothing where there was none."""
    kept = run.directory / NAME
    return str(kept) if kept.is_file() else None


def refuse_if_not_over(run: Run) -> None:
    """Refuse a run that still works, or that only rehearsed."""
    if is_running(run):
        raise LockedError(f"{run.id} still runs. Wait for its end, or stop it where it was started.")
    if run.check:
        raise RefusedError(f"{run.id} was a rehearsal and changed nothing. Rehearse again with run --check.")


def refuse_if_changed(project: Project, run: Run) -> None:
    """Refuse when the playbook is no longer the one that the run began with."""
    path = project.playbook(run.procedure)
    if hashlib.sha256(path.read_bytes()).hexdigest() != run.playbook_digest.removeprefix("sha256:"):
        raise RefusedError(
            f"{path.name} has changed since {run.id} began, so its steps may no longer fit what was done. "
            f"Look at what it did with `runs show {run.id}`, then start a new run."
        )
