"""A run as its record tells it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record_closing, record_line
from ansible_collections.hasivu.ops.plugins.module_utils.record import RECORD
from ansible_collections.hasivu.ops.plugins.module_utils.record_seal import MANIFEST


@dataclass(frozen=True)
class Step:
    """A step of a run on one host; a step without an outcome was never finished."""

    number: int
    name: str
    outcome: str | None
    started: str
    started_ist: str
    seconds: float | None = None
    host: str | None = None
    message: str | None = None
    role: str | None = None
    where: str | None = None
    guard: bool = False
    inside: int | None = None
    items: dict[str, int] = field(default_factory=dict)
    diff: Any = None


@dataclass(frozen=True)
class Run:
    """A run: what was asked for, and how it ended; `running` until it has."""

    id: str
    directory: Path
    procedure: str
    environment: str
    state: str
    exit_code: int | None = None
    title: str | None = None
    risk: str | None = None
    started: str | None = None
    started_ist: str | None = None
    ended: str | None = None
    ended_ist: str | None = None
    check: bool = False
    inputs: dict[str, Any] = field(default_factory=dict)
    ticket: str | None = None
    break_glass: str | None = None
    resumes: str | None = None
    direction: str = "forward"
    launcher: str | None = None
    changed: int = 0
    failed_step: str | None = None
    message: str | None = None
    playbook_digest: str = ""

    @property
    def seconds(self) -> float | None:
        """Return how long it took, once it has ended."""
        if not self.started or not self.ended:
            return None
        return (datetime.fromisoformat(self.ended) - datetime.fromisoformat(self.started)).total_seconds()

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """Return the lines of the record, read when they are first asked for."""
        lines = map(record_line.decode, record_line.read_lines(self.directory / RECORD))
        return [fields for fields in lines if fields]

    @cached_property
    def steps(self) -> list[Step]:
        """Return the steps in the order in which they began, one for each host."""
        started = {event["step"]: event for event in self.events if event.get("event") == "step_started"}
        finished = [event for event in self.events if event.get("event") == "step_finished"]
        rescued = self.events[-1].get("rescued") or [] if self.events else []
        done = [step_of(started.get(event["step"], event), event, rescued) for event in finished]
        seen = {event["step"] for event in finished}
        undone = [step_of(event, {}, rescued) for number, event in started.items() if number not in seen]
        return sorted([*done, *undone], key=lambda step: step.number)


def step_of(started: dict[str, Any], finished: dict[str, Any], rescued: list[int]) -> Step:
    """Build a step from its two lines; a failure that a rescue made good is called rescued."""
    outcome = finished.get("outcome")
    return Step(
        number=started["step"],
        name=started["name"],
        outcome="rescued" if outcome == "failed" and started["step"] in rescued else outcome,
        started=started["at"],
        started_ist=started["at_ist"],
        seconds=finished.get("seconds"),
        host=finished.get("host"),
        message=finished.get("message"),
        role=started.get("role"),
        where=started.get("where"),
        guard=started.get("guard", False),
        inside=started.get("inside"),
        items=finished.get("items", {}),
        diff=finished.get("diff"),
    )


def read_run(directory: Path) -> Run:
    """Read a run from its manifest, or from its first line while it has none."""
    try:
        content = (directory / MANIFEST).read_bytes()
    except FileNotFoundError:
        return read_open(directory)
    try:
        return from_manifest(directory, json.loads(content))
    except (ValueError, KeyError, TypeError, AttributeError):
        return unreadable(directory, "Its manifest cannot be read; `runs verify` says more.")


def from_manifest(directory: Path, manifest: dict[str, Any]) -> Run:
    """Build a run from its manifest."""
    return Run(
        **begun(directory, manifest),
        state=manifest["state"],
        exit_code=manifest["exit_code"],
        started=manifest["started"]["at"],
        started_ist=manifest["started"]["at_ist"],
        ended=manifest["ended"]["at"],
        ended_ist=manifest["ended"]["at_ist"],
        changed=manifest["changed"] or 0,
        failed_step=manifest["failed_step"],
        message=manifest["message"],
    )


def read_open(directory: Path) -> Run:
    """Build a run that has not ended from the first line of its record."""
    events = [record_line.decode(line) for line in record_line.read_lines(directory / RECORD)]
    if not events or "procedure" not in events[0]:
        return unreadable(directory, "Its record has no first line.")
    started, changed = events[0], record_closing.count_changed(events)
    moments = {"started": started["at"], "started_ist": started["at_ist"]}
    return Run(**begun(directory, started), **moments, state="running", changed=changed)


def begun(directory: Path, fields: dict[str, Any]) -> dict[str, Any]:
    """Return what both a manifest and a first line say."""
    playbook = (fields.get("digests") or {}).get("playbook") or {}
    optional = ("title", "risk", "ticket", "break_glass", "launcher")
    return {
        "id": directory.name,
        "directory": directory,
        "procedure": fields["procedure"],
        "environment": fields["environment"],
        "check": bool(fields.get("check")),
        "inputs": fields.get("inputs") or {},
        "resumes": fields.get("resumes") or None,
        "direction": fields.get("direction") or "forward",
        "playbook_digest": playbook.get("sha256", ""),
        **{name: fields.get(name) for name in optional},
    }


def unreadable(directory: Path, message: str) -> Run:
    """Build a run of which no more is known than its name."""
    named = record_closing.named_by(directory)
    return Run(directory.name, directory, named["procedure"], named["environment"], "unreadable", message=message)
