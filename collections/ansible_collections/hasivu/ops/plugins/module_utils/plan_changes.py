# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a rehearsal found that a run would change, read from its record, without what only the clock moves."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

Event = Mapping[str, Any]
Change = dict[str, Any]

GUARD_ACTION = "hasivu.ops.change_approval"
NOT_CHECKED = ("check_mode", "does not support check mode")
SECRET = re.compile(r"secret:[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:?\d\d)?")
DERIVED = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b")  # UUIDs of version 5
MARGIN = timedelta(minutes=1)


def changes_of(events: list[Event]) -> list[Change]:
    """Return what each step would change, in the order of the steps; a step on two hosts is two changes.

    A module that returns `planned` says itself what its change is; of others it is the diff. Names that hold for this
    rehearsal alone are replaced: its id and start, the moments of its life, ids that the run derives from its own, and
    the digits of salted secrets.
    """
    changes = [
        {"step": event["name"], "host": event["host"], "change": predicted(event)}
        for event in finished(events)
        if event.get("changed")
    ]
    settled_changes: list[Change] = settled(changes, events, ids_before(changes))
    return settled_changes


def finished(events: Iterable[Event]) -> list[Event]:
    """Return the ends of steps."""
    return [event for event in events if event.get("event") == "step_finished"]


def predicted(event: Event) -> Any:
    """Return what a step says that it would change, or nothing when it only says that it would."""
    return event.get("planned") or event.get("diff")


def not_predicted(events: list[Event]) -> list[str]:
    """Say what a rehearsal could not tell: steps that it leaves out, and those that do not say what they do."""
    left_out = [f"{event['name']}: left out of a rehearsal." for event in finished(events) if is_left_out(event)]
    silent = [
        f"{event['name']}: would change something, and does not say what."
        for event in finished(events)
        if event.get("changed") and not predicted(event)
    ]
    told = [f"{event['name']}: {part}" for event in finished(events) for part in event.get("not_predicted") or []]
    return list(dict.fromkeys([*left_out, *silent, *told]))


def is_left_out(event: Event) -> bool:
    """Tell whether a step was skipped because this is a rehearsal."""
    result = event.get("result")
    condition = result.get("false_condition", "") if isinstance(result, Mapping) else ""
    said = f"{condition} {event.get('message', '')}"
    return event.get("outcome") == "skipped" and any(words in said for words in NOT_CHECKED)


def warnings_of(events: list[Event]) -> list[str]:
    """Return what the rehearsal warned of, such as a guard that would refuse the run now."""
    return list(dict.fromkeys(str(text) for event in finished(events) for text in event.get("warnings") or []))


def guard_result(events: list[Event]) -> dict[str, Any]:
    """Return what the guard of approvals said in a rehearsal, or nothing when it was not asked."""
    steps = {event["step"] for event in events if event.get("event") == "step_started" and is_guard(event)}
    results = [event.get("result") for event in finished(events) if event["step"] in steps]
    return next((dict(result) for result in results if isinstance(result, Mapping)), {})


def is_guard(event: Event) -> bool:
    """Tell whether a step is the guard of approvals."""
    return event.get("action") == GUARD_ACTION


def settled(value: Any, events: list[Event], known: Collection[str]) -> Any:
    """Replace in a value what holds for one rehearsal alone."""
    names = names_of(events[0])
    first, last = moment(events[0]["at"]) - MARGIN, moment(events[-1]["at"]) + MARGIN
    made: dict[str, str] = {}

    def clock(found: re.Match[str]) -> str:
        when = moment(found[0])
        return "<now>" if when and first <= when <= last else found[0]

    def own(found: re.Match[str]) -> str:
        return found[0] if found[0] in known else made.setdefault(found[0], f"<new {len(made) + 1}>")

    def settle(text: str) -> str:
        for name, stand_in in names.items():
            text = text.replace(name, stand_in)
        return DERIVED.sub(own, INSTANT.sub(clock, SECRET.sub("<secret>", text)))

    return mapped(value, settle)


def names_of(start: Event) -> dict[str, str]:
    """Return the names that are made of the id or the start of a run, and what stands in for them."""
    minute = re.sub(r"\D", "", str(start.get("window_started") or start["at"]))[:12]
    ids = {str(start[name]): "<run>" for name in ("run", "origin") if start.get(name)}
    return {**ids, minute: "<minute>"}


def mapped(value: Any, settle: Callable[[str], str]) -> Any:
    """Return a value with every text in it settled, names included."""
    if isinstance(value, str):
        return settle(value)
    if isinstance(value, Mapping):
        return {settle(str(name)): mapped(item, settle) for name, item in value.items()}
    return [mapped(item, settle) for item in value] if isinstance(value, list) else value


def ids_before(changes: list[Change]) -> set[str]:
    """Return the ids that exist before the run, as far as its changes name them."""
    before = [change["change"].get("before") for change in changes if isinstance(change["change"], Mapping)]
    return {found for part in before for found in DERIVED.findall(str(part))}


def moment(text: str) -> Any:
    """Return the moment that a text names, in UTC where it names no zone, or nothing."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def reality(changes: list[Change]) -> str:
    """Return one digest of what would change."""
    text = json.dumps(changes, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
