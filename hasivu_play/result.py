"""How a run ended, from its record first and from Ansible's own end where there is no record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hasivu_play.console import duration
from hasivu_play.course import Notice
from hasivu_play.errors import BudgetError, DecisionError, StoppedError, UsageError
from hasivu_play.home import runs_directory
from hasivu_play.records import load_ended
from hasivu_play.run import Outcome, Request
from hasivu_play.tracker import Tracker, error_sentence

GO_ON = "Go on with: hasivu-play resume {run}"
LOOK = "See what happened: hasivu-play runs show {run}"
NEXT = {
    "done": "",
    "finding": "See the findings: hasivu-play runs show {run}",
    "bad_input": "Nothing was changed. Correct the input, then run again.",
    "refused": "Nothing was changed. Run again when the guard allows it.",
    "stopped": GO_ON,
    "interrupted": GO_ON,
    "budget_spent": GO_ON,
    "needs_decision": "A person must decide. " + LOOK,
    "locked": "Nothing was changed. Wait for the other run to end, then run again.",
}


@dataclass(frozen=True)
class Result:
    """What `run --json` prints."""

    run: str
    procedure: str
    environment: str
    check: bool
    state: str
    exit_code: int
    changed: int
    seconds: float
    record: str | None
    failed_step: str | None
    message: str | None
    report: str | None
    notices: list[dict[str, Any]] = field(default_factory=list)

    def as_dictionary(self) -> dict[str, Any]:
        """Return the result as JSON holds it."""
        return asdict(self)

    def in_words(self, title: str) -> str:
        """Return the result in one line, then where the record is and what to do next."""
        state = self.state.replace("_", " ")
        did = "would change" if self.check else "changed"
        lines = [f"{title}: {state} in {duration(self.seconds)}; steps that {did} something: {self.changed}."]
        if self.failed_step:
            lines.append(f"Failed step: {self.failed_step}")
        if self.message and self.state != "done":
            lines.append(self.message)
        lines += [f"{name}: {path}" for name, path in (("Record", self.record), ("Report", self.report)) if path]
        following = NEXT.get(self.state, LOOK).format(run=self.run) if self.record else ""
        return "\n".join([*lines, following] if following else lines)


def result_of(request: Request, outcome: Outcome, tracker: Tracker, notices: Sequence[Notice] = ()) -> Result:
    """Return how a run ended; one that was killed is closed as interrupted first."""
    folder = runs_directory() / outcome.run_id
    if not (folder / "record.jsonl").exists():
        return without_record(request, outcome, tracker)
    run = load_ended(outcome.run_id)
    exit_code = StoppedError.exit_code if run.exit_code is None else run.exit_code
    return Result(
        run=run.id,
        procedure=request.procedure,
        environment=request.environment,
        check=request.check,
        state="budget_spent" if outcome.out_of_time else run.state,
        exit_code=BudgetError.exit_code if outcome.out_of_time else exit_code,
        changed=run.changed,
        seconds=round(outcome.seconds, 3),
        record=str(folder),
        failed_step=run.failed_step,
        message=run.message,
        report=report_in(folder),
        notices=[notice.as_dictionary() for notice in notices],
    )


def report_in(folder: Path) -> str | None:
    """Return the report page of a run, if it has one."""
    page = folder / "report.html"
    return str(page) if page.exists() else None


def without_record(request: Request, outcome: Outcome, tracker: Tracker) -> Result:
    """Return how a run ended that no record tells of."""
    state, exit_code, message = verdict(outcome, tracker)
    return Result(
        run=outcome.run_id,
        procedure=request.procedure,
        environment=request.environment,
        check=request.check,
        state=state,
        exit_code=exit_code,
        changed=tracker.changed,
        seconds=round(outcome.seconds, 3),
        record=None,
        failed_step=tracker.failed.name if tracker.failed else None,
        message=message,
        report=None,
    )


def verdict(outcome: Outcome, tracker: Tracker) -> tuple[str, int, str]:
    """Return state, exit code and message of a run without a record."""
    if outcome.out_of_time:
        return "budget_spent", BudgetError.exit_code, "The time budget was spent before the record began."
    if outcome.forced:
        return "interrupted", StoppedError.exit_code, "The run was stopped before its record began."
    if outcome.status == "successful":
        message = "The run left no record, so nothing proves what it did. Enable hasivu.ops.record in ansible.cfg."
        return "needs_decision", DecisionError.exit_code, message
    if tracker.failed:
        return "stopped", StoppedError.exit_code, tracker.failed.message
    return "bad_input", UsageError.exit_code, error_sentence(tracker.loose_lines)
