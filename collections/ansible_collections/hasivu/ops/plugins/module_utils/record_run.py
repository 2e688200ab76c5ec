# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The record of a run from its first line to its seal."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record, record_closing, record_line, record_result
from ansible_collections.hasivu.ops.plugins.module_utils.record_outcome import ENDINGS, Failure, Outcome, failure_class
from ansible_collections.hasivu.ops.plugins.module_utils.record_seal import seal
from ansible_collections.hasivu.ops.plugins.module_utils.record_secrets import Masker
from ansible_collections.hasivu.ops.plugins.module_utils.record_step import Step, step_of

FORWARD, BACK = DIRECTIONS = ("forward", "back")
RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[a-z0-9_-]+-[0-9a-f]{4}")


class NoRecordError(Exception):
    """Raised when a run cannot have a record: its text says why and what to do."""


def runs_directory() -> Path:
    """Return the folder of all records: in `$HASIVU_PLAY_HOME`, else in the XDG state folder of this user."""
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    home = os.environ.get("HASIVU_PLAY_HOME") or f"{state}/hasivu-play"
    return Path(home).expanduser().resolve() / "runs"


def new_id(procedure: str, environment: str) -> str:
    """Return a name for a run, which sorts by time and tells what ran where."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{moment}-{procedure}-{environment}-{secrets.token_hex(2)}"


def checked_id(run: str) -> str:
    """Return the name of a run when it is one, and not a path to somewhere else.

    Raises:
        NoRecordError: It is none.
    """
    if not RUN_ID.fullmatch(run):
        raise NoRecordError(f"{run!r} is not the id of a run. Leave hasivu_run_id and hasivu_resumes to hasivu-play.")
    return run


def beginning(runs: Path, run: str, resumes: str, started: str, direction: str) -> dict[str, str]:
    """Return where a run comes from: `origin`, the first of the runs that it goes on with, and `window_started`.

    The time budget began with the first of those runs too; the way back has a budget of its own.

    Raises:
        NoRecordError: The run to go on with has no record, or there is none to go back from.
    """
    if direction not in DIRECTIONS or (direction == BACK and not resumes):
        raise NoRecordError("hasivu_direction must be forward, or back with hasivu_resumes. Leave it to hasivu-play.")
    if not resumes:
        return {"origin": run, "window_started": started}
    before = first_line(runs / checked_id(resumes))
    if not before:
        raise NoRecordError(f"There is no record of run {resumes} to go on with. Name one of `hasivu-play runs list`.")
    turned = direction != before.get("direction", FORWARD)
    window = started if turned else before.get("window_started") or before["at"]
    return {"origin": str(before.get("origin") or resumes), "window_started": str(window)}


def first_line(run: Path) -> dict[str, Any]:
    """Return the first line of a record, or nothing where there is none."""
    lines = record_line.read_lines(run / record.RECORD)[:1]
    return record_line.decode(lines[0]) if lines else {}


def previous_report(runs: Path, procedure: str, environment: str) -> str:
    """Return the report of the last run that did this procedure here, or nothing; a rehearsal did nothing."""
    for folder in sorted(runs.glob(f"*-{procedure}-{environment}-*"), reverse=True):
        report = folder / "report.json"
        try:
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if report.exists() and manifest["procedure"] == procedure and not manifest["check"]:
            return str(report)
    return ""


class Run:
    """A run that is being recorded, seen from the process that runs the playbook."""

    def __init__(self, directory: Path, masker: Masker, project: Path) -> None:
        """Open the record.

        Raises:
            NoRecordError: It cannot be created.
        """
        self.directory = directory
        self.masker = masker
        self.project = project
        self.signing_key: str | None = None
        self.outcome = Outcome()
        self.steps: dict[str, Step] = {}
        self.count = 0
        self.changed: set[int] = set()
        self.no_hosts = False
        try:
            self.record = record.Record(directory, masker)
        except OSError as error:
            raise NoRecordError(record.cannot_write(directory, error)) from error

    def start(self, **fields: Any) -> None:
        """Write the first line, and a line of its own for a broken glass."""
        self.signing_key = fields.get("signing_key")
        self.record.append("run_started", durable=True, **fields)
        if fields.get("break_glass"):
            self.record.append("break_glass", durable=True, message=f"BREAK GLASS: {fields['break_glass']}")

    def names(self) -> dict[str, str]:
        """Return what a step needs to know of the run around it."""
        paths = {"stop_file": record.STOP, "progress_file": record.PROGRESS}
        return {
            "id": self.directory.name,
            "directory": str(self.directory),
            **{name: str(self.directory / path) for name, path in paths.items()},
        }

    def play_started(self, name: str) -> None:
        """Write that a play begins."""
        self.record.append("play_started", name=name)

    def step_started(self, task: Any, handler: bool = False) -> None:
        """Write ahead that a step begins."""
        self.count += 1
        step = step_of(task, self.count, self.steps, self.project, handler)
        self.steps[task._uuid] = step
        self.record.append("step_started", durable=step.may_change(), **step.fields())

    def host_started(self, task: Any, host: str) -> None:
        """Start the clock of a host."""
        if task._uuid in self.steps:
            self.steps[task._uuid].start(host)

    def item_finished(self, task: Any, host: str, item: Any, outcome: str, result: Mapping[str, Any]) -> None:
        """Write how one item of a loop ended."""
        step = self.steps[task._uuid]
        described = record_result.describe(result, self.masker)
        self.record.append("step_item", step=step.number, host=host, item=item, outcome=outcome, **described)

    def tried_again(self, task: Any, host: str, result: Mapping[str, Any]) -> None:
        """Write that a step is tried again."""
        fields = {name: result.get(name) for name in ("attempts", "retries")}
        message = record_result.message_of(result)
        self.record.append("step_retried", step=self.steps[task._uuid].number, host=host, **fields, message=message)

    def step_finished(self, task: Any, host: str, outcome: str, result: Mapping[str, Any]) -> None:
        """Write how a step ended on a host."""
        step = self.steps[task._uuid]
        fields = record_result.describe(result, self.masker)
        if outcome in ("failed", "unreachable"):
            fields["stop"] = self.failed(step, host, outcome, fields)
        if result.get("changed"):
            self.changed.add(step.number)
            fields["changed"] = True
        head = {"step": step.number, "host": host, "name": step.name, "outcome": outcome}
        lasting = bool(fields.get("changed") or fields.get("stop"))
        self.record.append("step_finished", durable=lasting, **head, seconds=step.seconds(host), **fields)

    def failed(self, step: Step, host: str, outcome: str, fields: Mapping[str, Any]) -> str:
        """Count a failure, and return its class."""
        kind = failure_class(step.action, step.guard, fields.get("stop"))
        message = fields.get("message") or f"The step ended as {outcome}, and said nothing."
        failure = Failure(step.number, host, step.name, message, kind, step.place)
        self.outcome.fail(failure, rescuable=outcome == "failed")
        return kind

    def finish(self, failed_hosts: list[str]) -> dict[str, Any]:
        """Write the last line, seal the record and return its manifest.

        Raises:
            NoRecordError: It cannot be sealed now; a later command will do it.
        """
        self.record.free_reserve()
        self.note_stop()
        self.clean_files()
        self.record.append("run_finished", durable=True, **self.ending(failed_hosts), changed=len(self.changed))
        self.record.close()
        try:
            return seal(self.directory, self.signing_key)
        except OSError as error:
            raise NoRecordError(record.cannot_write(self.directory, error)) from error

    def ending(self, failed_hosts: list[str]) -> dict[str, Any]:
        """Return state and exit code; what is not known to be good is not done."""
        ending = self.outcome.ending()
        if ending["exit_code"]:
            return ending
        if self.no_hosts:
            return {**ending, **ended("bad_input", "No host of the inventory matches, so nothing was done.")}
        if failed_hosts:
            return {**ending, **ended("resumable", f"Ansible gave up on {', '.join(failed_hosts)}.")}
        return {**ending, **ended("resumable", record.broken())} if record.broken() else ending

    def note_stop(self) -> None:
        """Write why somebody asked the run to stop."""
        try:
            reason = (self.directory / record.STOP).read_text(encoding="utf-8").strip()
        except OSError:
            return
        self.record.append("stop_requested", message=reason or "A stop was asked for.")

    def clean_files(self) -> None:
        """Take secrets out of the reports beside the record, and write that there were any."""
        for path in sorted(self.directory.iterdir()):
            if path.name not in (record.RECORD, record.RESERVE) and path.is_file() and clean(path, self.masker):
                self.record.append("secret_removed", file=path.name, message=f"{path.name} held a secret.")

    def abandon(self) -> None:
        """Close the record of a run that Ansible leaves before its end."""
        self.record.close()
        record_closing.close(self.directory, "Ansible ended before the end of the playbook.")


def ended(kind: str, message: str | None) -> dict[str, Any]:
    """Return an ending that no step decided."""
    state, exit_code = ENDINGS[kind]
    return {"state": state, "exit_code": exit_code, "message": message}


def clean(path: Path, masker: Masker) -> bool:
    """Replace known secrets in a text file, and tell whether there were any."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    masked = masker.known(text)
    if masked != text:
        path.write_text(masked, encoding="utf-8")
    return masked != text
