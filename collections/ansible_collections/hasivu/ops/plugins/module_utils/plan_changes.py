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
DAY = 24 * 60 * 60


def changes_of(events: list[Event]) -> list[Change]:
    """Return what each step would change, in the order of the steps; a step on two hosts is two changes.

    A module that returns `planned` says itself what its change is; of others it is the diff. Names that hold for this
    rehearsal alone are replaced: its id and start, the moments of its life but for those that were asked for, ids that
    the run derives from its own, and the digits of salted secrets. A time that is whole days after the start to the
    second, as of something that is kept for days, is told as so many days.
    """
    changes = [
        {"step": event["name"], "host": event["host"], "change": change} for event, change in predictions(events)
    ]
    settled_changes: list[Change] = settled(changes, events, ids_before(changes))
    return settled_changes


def finished(events: Iterable[Event]) -> list[Event]:
    """Return the ends of steps."""
    return [event for event in events if event.get("event") == "step_finished"]


def predictions(events: list[Event]) -> list[tuple[Event, Any]]:
    """Return the end of each step that would change something with what it says it would, of a loop item by item."""
    items: dict[tuple[Any, Any], dict[str, Any]] = {}
    for event in events:
        if event.get("event") == "step_item" and predicted(event):
            items.setdefault((event["step"], event["host"]), {})[spelled(event["item"])] = predicted(event)
    ends = [event for event in finished(events) if event.get("changed")]
    return [(event, predicted(event) or items.get((event["step"], event["host"]))) for event in ends]


def predicted(event: Event) -> Any:
    """Return what a step says that it would change, or nothing when it only says that it would."""
    return event.get("planned") or event.get("diff")


def spelled(item: Any) -> str:
    """Return the item of a loop as text."""
    return item if isinstance(item, str) else json.dumps(item, sort_keys=True, ensure_ascii=False)


def not_predicted(events: list[Event]) -> list[str]:
    """Say what a rehearsal could not tell: steps that it leaves out, and those that do not say what they do."""
    left_out = [f"{event['name']}: left out of a rehearsal." for event in finished(events) if is_left_out(event)]
    silent = [
        f"{event['name']}: would change something, and does not say what."
        for event, change in predictions(events)
        if not change
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
    started = moment(start_of(events[0]))
    asked = {moment(found) for found in INSTANT.findall(json.dumps(events[0].get("inputs") or {}))}
    made: dict[str, str] = {}

    def clock(found: re.Match[str]) -> str:
        when = moment(found[0])
        if when is None or when in asked:
            return found[0]
        days, rest = divmod(int(when.timestamp()) - int(started.timestamp()), DAY)
        return "<now>" if first <= when <= last else f"<{days} days from now>" if days > 0 and not rest else found[0]

    def own(found: re.Match[str]) -> str:
        return found[0] if found[0] in known else made.setdefault(found[0], f"<new {len(made) + 1}>")

    def settle(text: str) -> str:
        for name, stand_in in names.items():
            text = text.replace(name, stand_in)
        return DERIVED.sub(own, INSTANT.sub(clock, SECRET.sub("<secret>", text)))

    return mapped(value, settle)


def names_of(start: Event) -> dict[str, str]:
    """Return the names that are made of the id or the start of a run, and what stands in for them."""
    minute = re.sub(r"\D", "", start_of(start))[:12]
    ids = {str(start[name]): "<run>" for name in ("run", "origin") if start.get(name)}
    return {**ids, minute: "<minute>"}


def start_of(start: Event) -> str:
    """Return when a run began, as it tells its steps."""
    return str(start.get("window_started") or start["at"])


def mapped(value: Any, settle: Callable[[str], str]) -> Any:
    """Return a value with every text in it settled, names included."""
    if isinstance(value, str):
        return settle(value)
    if isinstance(value, Mapping):
        return {settle(str(name)): mapped(item, settle) for name, item in value.items()}
    return [mapped(item, settle) for item in value] if isinstance(value, list) else value


def ids_before(changes: list[Change]) -> set[str]:
    """Return the ids that exist before the run: those that a change finds there, and none before it has made."""
    known: set[str] = set()
    made: set[str] = set()
    for change in changes:
        for part in parts_of(change["change"]):
            known |= set(DERIVED.findall(str(part.get("before")))) - made
            made |= set(DERIVED.findall(str(part.get("after")))) - known
    return known


def parts_of(change: Any) -> list[Mapping[str, Any]]:
    """Return a change, and those of the items of a loop that it may be made of."""
    return (
        [part for part in (change, *change.values()) if isinstance(part, Mapping)]
        if isinstance(change, Mapping)
        else []
    )


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
