"""Rehearsals of every procedure: which there are, and what came of each."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import plan_changes

from hasivu_play.errors import BudgetError, PlayError, StoppedError, UsageError
from hasivu_play.header import Header
from hasivu_play.home import runs_directory
from hasivu_play.inputs import check_inputs
from hasivu_play.project import Project
from hasivu_play.records import close_interrupted, load_ended
from hasivu_play.rehearse_engine import Ended, Engine, Rehearsal
from hasivu_play.run import Request, new_run_id
from hasivu_play.trust import read_checked_header

DONE, FINDING = "done", "finding"


@dataclass(frozen=True)
class Verdict:
    """What came of one rehearsal; `run` is empty where there was none."""

    procedure: str
    state: str
    exit_code: int
    seconds: float = 0.0
    run: str = ""
    message: str = ""
    would_change: list[str] = field(default_factory=list)
    not_covered: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def is_well(self, *, findings_allowed: bool) -> bool:
        """Tell whether the procedure may be relied on: it came to its end, and nothing is wrong with the world."""
        return self.state == DONE or (findings_allowed and self.state == FINDING)

    def as_dictionary(self) -> dict[str, Any]:
        """Return the verdict as JSON holds it."""
        return asdict(self)


def rehearse(
    engine: Engine,
    project: Project,
    environment: str,
    procedures: Sequence[str],
    workers: int,
    progress: Callable[[Verdict], None],
) -> list[Verdict]:
    """Rehearse procedures beside each other, and return what came of each in their order.

    Args:
        engine: What runs them; it loads the project.
        project: Where the procedures are.
        environment: Environment that is read; nothing in it is changed.
        procedures: Ids of procedures.
        workers: How many may run at the same time.
        progress: Is told what came of each rehearsal as soon as it has ended.

    Raises:
        StoppedError: Somebody stopped it; what had begun is closed as interrupted.
    """
    verdicts: dict[str, Verdict] = {}
    wanted: list[Rehearsal] = []
    for procedure in procedures:
        try:
            wanted.append(rehearsal_of(project, environment, procedure))
        except PlayError as error:
            verdicts[procedure] = Verdict(procedure, "bad_input", error.exit_code, message=str(error))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
    try:
        for ended in engine.rehearse(wanted, workers):
            verdict = verdicts[ended.rehearsal.request.procedure] = verdict_of(ended)
            progress(verdict)
    except KeyboardInterrupt:
        close_interrupted()
        raise StoppedError("The rehearsals were stopped. Nothing was changed; start them again.") from None
    return [verdicts[procedure] for procedure in procedures]


def rehearsal_of(project: Project, environment: str, procedure: str) -> Rehearsal:
    """Return the rehearsal of a procedure with the inputs that its header gives for it."""
    header = read_checked_header(project.playbook(procedure))
    inputs = rehearsal_inputs(header)
    request = Request(procedure, environment, inputs, check=True)
    return Rehearsal(request, new_run_id(request), header.expected_minutes, header.abort_after_minutes)


def rehearsal_inputs(header: Header) -> dict[str, Any]:
    """Return the inputs of a rehearsal.

    Raises:
        UsageError: The procedure wants an input, and its header gives none to rehearse with.
    """
    try:
        return check_inputs(header.inputs, header.rehearsal)
    except UsageError as error:
        raise UsageError(f"{error} Give inputs to rehearse with as `rehearsal:` in the header.") from error


def verdict_of(ended: Ended) -> Verdict:
    """Return what the record tells of a rehearsal, or its output where there is no record."""
    procedure, run_id = ended.rehearsal.request.procedure, ended.rehearsal.run_id
    seconds = round(ended.seconds, 1)
    if ended.out_of_time:
        close_interrupted()
        message = "It was stopped, for it took longer than abort_after_minutes of its header."
        return Verdict(procedure, "budget_spent", BudgetError.exit_code, seconds, run_id, message)
    if not (runs_directory() / run_id / "record.jsonl").exists():
        return Verdict(procedure, "bad_input", UsageError.exit_code, seconds, message=ended.last_words())
    run = load_ended(run_id)
    events = run.events
    return Verdict(
        procedure=procedure,
        state=run.state,
        exit_code=StoppedError.exit_code if run.exit_code is None else run.exit_code,
        seconds=seconds,
        run=run_id,
        message=run.message or "",
        would_change=[change["step"] for change in plan_changes.changes_of(events)],
        not_covered=plan_changes.not_predicted(events),
        warnings=plan_changes.warnings_of(events),
    )
