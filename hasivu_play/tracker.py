"""What a run does now and has done so far, gathered from Ansible's events."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]
STARTS = ("playbook_on_task_start", "playbook_on_handler_task_start")
RESULTS = {
    "runner_on_skipped": "skipped",
    "runner_on_ok": "ok",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
}
# The worst result of a step's tasks and hosts is the step's own.
ORDER = ("", "skipped", "ok", "changed", "ignored", "unreachable", "failed")


@dataclass
class StepRun:
    """One step of the run: a task of a play, with the tasks of the role that it calls."""

    name: str
    started: float = field(default_factory=time.monotonic)
    detail: str = ""
    outcome: str = ""
    message: str = ""
    seconds: float = 0.0

    def take(self, outcome: str, message: str) -> None:
        """Keep the worst outcome, and the first message of a failure."""
        if ORDER.index(outcome) > ORDER.index(self.outcome):
            self.outcome, self.message = outcome, message or self.message


class Tracker:
    """Follows a run, and tells a listener of each step that ends and of each line that Ansible writes."""

    def __init__(
        self,
        ended: Callable[[StepRun], None],
        wrote: Callable[[str], None],
        began: Callable[[StepRun], None] = lambda step: None,
    ) -> None:
        """Wait for the first event."""
        self._ended = ended
        self._wrote = wrote
        self._began = began
        self.started = time.monotonic()
        self.step: StepRun | None = None
        self.changed = 0
        self.failed: StepRun | None = None
        self.loose_lines: deque[str] = deque(maxlen=200)

    def handle(self, event: Event) -> None:
        """Take one event of ansible-runner."""
        kind, data = event.get("event", ""), event.get("event_data") or {}
        if event.get("stdout"):
            self._take_output(event["stdout"], loose=not kind.startswith(("playbook_", "runner_")))
        if kind in STARTS:
            self._start(data)
        elif kind in RESULTS:
            self._take_result(RESULTS[kind], data)
        elif kind == "playbook_on_stats":
            self.finish()

    def _take_output(self, text: str, *, loose: bool) -> None:
        """Pass Ansible's own output on, and keep what belongs to no step: warnings and errors."""
        if loose:
            self.loose_lines.extend(text.splitlines())
        self._wrote(text)

    def _start(self, data: Event) -> None:
        """Begin a step, or a detail of it when a role does the task."""
        if data.get("role") and self.step is not None:
            self.step.detail = str(data.get("task", ""))
            return
        self.finish()
        self.step = StepRun(str(data.get("task", "")))
        self._began(self.step)

    def _take_result(self, outcome: str, data: Event) -> None:
        """Count a result towards its step."""
        if self.step is None:
            return
        result = data.get("res") or {}
        if outcome == "failed" and data.get("ignore_errors"):
            outcome = "ignored"
        if outcome == "ok" and result.get("changed"):
            outcome = "changed"
            self.changed += 1
        failed = outcome in ("failed", "unreachable", "ignored")
        self.step.take(outcome, message_of(result) if failed else "")

    def finish(self, *, cut_short: bool = False) -> None:
        """End the step that runs, if any, and tell of it; a run that was cut short ended in the middle of it."""
        if self.step is None:
            return
        step, self.step = self.step, None
        step.seconds = time.monotonic() - step.started
        step.outcome = "cut short" if cut_short else step.outcome or "ok"
        if step.outcome in ("failed", "unreachable") and self.failed is None:
            self.failed = step
        self._ended(step)


def message_of(result: Event) -> str:
    """Return what a result says, in one line."""
    message = result.get("msg") or result.get("censored") or ""
    return " ".join(str(message).split())


def error_sentence(lines: deque[str]) -> str:
    """Condense what Ansible said before any step ran into one sentence."""
    kept = list(lines)
    for position, line in enumerate(kept):
        if "ERROR" in line:
            following = (item.strip() for item in kept[position + 1 : position + 3])
            text = " ".join([line.split("]:", 1)[-1].replace("ERROR!", "").strip(), *following])
            return " ".join(text.split("Origin:")[0].split()).rstrip(".") + "."
    return "Ansible said nothing of the cause."
