"""The controls that procedures serve, each with the newest run in which its evidence came about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hasivu_play.header import Header
from hasivu_play.schedule import next_time
from hasivu_play.site.addresses import anchor
from hasivu_play.site.runs import Told

GRACE = timedelta(days=1)


@dataclass(frozen=True)
class Evidence:
    """When the step that proves a control was last carried out in an environment."""

    environment: str
    told: Told
    days: int
    overdue: bool


@dataclass(frozen=True)
class Control:
    """A control, the procedure and step that serve it, and its evidence in each environment."""

    id: str
    says: str
    procedure: str
    step: str
    evidence: list[Evidence]

    @property
    def anchor(self) -> str:
        """Return a name for a link to it."""
        return anchor(self.id, self.procedure)


def controls(headers: list[Header], runs: list[Told], now: datetime) -> list[Control]:
    """Return every control of every procedure by its id; `runs` are the newest first."""
    found = [
        Control(item["id"], item["says"], header.id, item["evidence"], proofs(header, item["evidence"], runs, now))
        for header in headers
        for item in header.controls
    ]
    return sorted(found, key=lambda control: (natural(control.id), control.procedure))


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that puts 2.4 before 2.19."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def proofs(header: Header, step: str, runs: list[Told], now: datetime) -> list[Evidence]:
    """Return the newest evidence in each environment; a rehearsal, and a record that does not verify, are none."""
    newest: dict[str, Told] = {}
    for told in runs:
        run = told.run
        if run.procedure == header.id and told.proves and step in told.did:
            newest.setdefault(run.environment, told)
    return [evidence(header, environment, told, now) for environment, told in sorted(newest.items())]


def evidence(header: Header, environment: str, told: Told, now: datetime) -> Evidence:
    """Return how old the evidence is, and whether a due time has passed since."""
    at = datetime.fromisoformat(str(told.run.started)).astimezone(UTC)
    due = next_time(header.schedule, at)
    return Evidence(environment, told, (now - at).days, overdue=due is not None and due + GRACE < now)
