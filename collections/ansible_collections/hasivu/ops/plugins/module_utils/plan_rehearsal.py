# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rehearsal that shows whether the world still is as a plan found it: newer than the plan, and just now."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import plan_changes, record_line
from ansible_collections.hasivu.ops.plugins.module_utils.plan_comparison import input_differences, reality_differences
from ansible_collections.hasivu.ops.plugins.module_utils.plan_document import Plan
from ansible_collections.hasivu.ops.plugins.module_utils.record import RECORD
from ansible_collections.hasivu.ops.plugins.module_utils.record_seal import MANIFEST
from ansible_collections.hasivu.ops.plugins.module_utils.record_verification import JudgeKey, problems_of

NOTHING_DONE = ("refused", "bad_input", "locked")
TO_THE_END = ("done", "finding")
MARGIN = timedelta(minutes=1)
REHEARSE = "Rehearse with the plan, then run within {minutes} minutes; hasivu-play run --plan does both."


@dataclass(frozen=True)
class Past:
    """A run of the same procedure in the same environment, as the folder beside tells it."""

    directory: Path
    fields: Mapping[str, Any]
    state: str | None

    @property
    def started(self) -> datetime:
        """Return when it started."""
        return datetime.fromisoformat(self.fields["at"])

    def did_something(self) -> bool:
        """Tell whether it may have changed the world; one that has not ended may."""
        return not self.fields.get("check") and self.state not in NOTHING_DONE

    def came_to_its_end(self) -> bool:
        """Tell whether it did what it was to do, so that nothing is left to resume."""
        return not self.fields.get("check") and self.state in TO_THE_END


def past_runs(runs: Path, procedure: str, environment: str, but: str, since: datetime) -> Iterator[Past]:
    """Return the runs of a procedure in an environment since a moment, the newest first, without the one that asks."""
    earliest = (since.astimezone(UTC) - MARGIN).strftime("%Y%m%dT%H%M%SZ")
    for folder in sorted(runs.glob(f"*-{procedure}-{environment}-*"), reverse=True):
        if folder.name < earliest:
            return
        past = read_past(folder)
        same = past and (past.fields.get("procedure"), past.fields.get("environment")) == (procedure, environment)
        if past and same and folder.name != but:
            yield past


def read_past(folder: Path) -> Past | None:
    """Read the first line of a record and how it ended, or nothing where there is no record."""
    try:
        with (folder / RECORD).open("rb") as file:
            fields = record_line.decode(file.readline())
    except OSError:
        return None
    if not fields.get("at"):
        return None
    try:
        state = json.loads((folder / MANIFEST).read_bytes())["state"]
    except (OSError, ValueError, KeyError, TypeError):
        state = None
    return Past(folder, fields, state)


def used_before(plan: Plan, pasts: list[Past]) -> str | None:
    """Say which run has used a plan already, or nothing: a plan is approved for one run and those that resume it."""
    for past in pasts:
        if past.fields.get("plan") == plan.digest and past.did_something():
            return f"The plan was used by {past.directory.name}. Make a new one, and have it approved."
    return None


def reality_problems(
    plan: Plan, pasts: list[Past], now: datetime, minutes: int, judge_key: JudgeKey
) -> tuple[str, list[str]]:
    """Compare a plan with the newest rehearsal after it, and return its id and every difference.

    Args:
        plan: The plan.
        pasts: The runs of its procedure in its environment, the newest first.
        now: The time.
        minutes: How long ago the rehearsal may have begun.
        judge_key: Returns what is wrong with the key that sealed a record, if anything.
    """
    rehearse = REHEARSE.format(minutes=minutes)
    newest = next((past for past in pasts if past.fields.get("check") or past.did_something()), None)
    if newest is None or newest.started <= plan.made or newest.directory.name == plan.fields["rehearsal"]:
        return "", [f"Nobody has looked at the world since the plan was made. {rehearse}"]
    name = newest.directory.name
    if not newest.fields.get("check"):
        return "", [f"{name} has changed the world since the last rehearsal. {rehearse}"]
    if now - newest.started > timedelta(minutes=minutes):
        return "", [f"The last rehearsal, {name}, is too old. {rehearse}"]
    if newest.state != "done":
        return "", [f"The last rehearsal, {name}, ended as {newest.state}, so nobody knows what would change."]
    if problems := problems_of(newest.directory, judge_key):
        return "", [f"The record of the rehearsal {name} proves nothing: {problems[0]}"]
    return name, differences(plan, newest)


def differences(plan: Plan, rehearsal: Past) -> list[str]:
    """Return how what a rehearsal found differs from a plan."""
    lines = record_line.read_lines(rehearsal.directory / RECORD)
    events = [fields for fields in map(record_line.decode, lines) if fields]
    inputs = plan_changes.guard_result(events).get("inputs")
    if not isinstance(inputs, dict):
        return [f"The rehearsal {rehearsal.directory.name} does not say with which inputs it was made."]
    other = [f"Rehearsed was something else: {said}" for said in input_differences(plan.fields["inputs"], inputs)]
    return other or reality_differences(plan.fields["changes"], plan_changes.changes_of(events))
