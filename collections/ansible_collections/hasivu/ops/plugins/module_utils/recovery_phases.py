# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long each phase of a run took, over all the runs that a resumed one goes on with, as their records tell."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record_line
from ansible_collections.hasivu.ops.plugins.module_utils.record import RECORD

Event = dict[str, Any]
MOST_RUNS = 100  # a chain of resumed runs that is longer goes in a circle


def chain(directory: Path) -> list[Path]:
    """Return the folders of a run and of those that it goes on with, the first one first."""
    found = [directory]
    while len(found) < MOST_RUNS:
        lines = record_line.read_lines(found[0] / RECORD)[:1]
        before = str(record_line.decode(lines[0]).get("resumes") or "") if lines else ""
        if not before or not (directory.parent / before / RECORD).is_file():
            break
        found.insert(0, directory.parent / before)
    return found


def events_of(directory: Path) -> list[Event]:
    """Return the lines of a record that can be read."""
    return [fields for fields in map(record_line.decode, record_line.read_lines(directory / RECORD)) if fields]


def phases_of(runs: Iterable[list[Event]], phases: list[dict[str, str]], until: str = "") -> list[dict[str, Any]]:
    """Return the seconds of each phase that began, in the order of `phases`.

    Args:
        runs: The lines of each run, the first run first.
        phases: Each with `name` and `begins`, the step with which it begins. It lasts until the next phase begins.
        until: When the last phase is measured, as RFC 3339; else it lasts until the last line of its run.
    """
    spent: dict[str, float] = {}
    for events in runs:
        for name, start, end in stretches(events, {phase["begins"]: phase["name"] for phase in phases}):
            spent[name] = spent.get(name, 0.0) + (moment(end or until or start) - moment(start)).total_seconds()
    ordered = list(dict.fromkeys(phase["name"] for phase in phases))
    return [{"name": name, "seconds": round(spent[name], 3)} for name in ordered if name in spent]


def stretches(events: list[Event], begins: dict[str, str]) -> Iterable[tuple[str, str, str]]:
    """Return name, start and end of each stretch of a run; the one that still lasts has no end."""
    skipped = {event["step"] for event in events if event.get("outcome") == "skipped"}
    name, start = "", ""
    for event in events:
        beginning = event.get("event") == "step_started" and event.get("step") not in skipped
        following = begins.get(event.get("name", ""), "") if beginning and not event.get("inside") else ""
        if following and following != name:
            if name:
                yield name, start, event["at"]
            name, start = following, event["at"]
    if name:
        ended = events[-1].get("event") in ("run_finished", "run_interrupted")
        yield name, start, last_work(events) if ended else ""


def last_work(events: list[Event]) -> str:
    """Return when a run last did something: a record that was closed later says nothing of its last step."""
    finished = events[-1].get("event") == "run_finished"
    return str(events[-1 if finished or len(events) < 2 else -2]["at"])


def moment(at: str) -> datetime:
    """Read the time of a line."""
    return datetime.fromisoformat(at)
