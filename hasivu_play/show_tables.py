"""The header of a procedure as rows: facts, inputs, controls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hasivu_play.header import Header
from hasivu_play.schedule import describe

FACTS = {
    "Manual": "source",
    "Owner": "owner",
    "Schedule": "schedule",
    "Time": "minutes",
    "Risk": "risk",
    "Impact": "impact",
    "Rollback": "rollback",
    "Locks": "resources",
}
INPUT_TITLES = ("Input", "Takes", "Default", "What it sets")
CONTROL_TITLES = ("Control", "Says", "Evidence")


def facts(header: Header, now: datetime | None = None) -> dict[str, str]:
    """Return what the header says in one line each, with the next time after now."""
    values = {name: str(getattr(header, name, "")) for name in FACTS.values()}
    values["schedule"] = schedule_in_words(header.schedule, now)
    values["minutes"] = f"{header.expected_minutes} minutes, stopped after {header.abort_after_minutes}"
    values["resources"] = ", ".join(header.resources) or "nothing"
    return {**{title: values[name] for title, name in FACTS.items()}, **course(header)}


def course(header: Header) -> dict[str, str]:
    """Return what the header says for whoever is at the helm, where it does."""
    clock = header.rto_clock
    ends = f", until: {clock['until']}" if clock.get("until") else ""
    values = {
        "Phases": "; ".join(f"{phase['name']}, from: {phase['begins']}" for phase in header.phases),
        "No return": f"Cannot be taken back: {header.point_of_no_return}" if header.point_of_no_return else "",
        "RTO clock": f"from the input {clock['from']}, against the input {clock['target']}{ends}" if clock else "",
    }
    return {title: value for title, value in values.items() if value}


def schedule_in_words(schedule: dict[str, Any], now: datetime | None) -> str:
    """Return the rule of a schedule and its next time."""
    if "rrule" not in schedule:
        return "on demand"
    return f"{schedule['rrule']} ({schedule['timezone']}); next {describe(schedule, now)}"


def inputs(header: Header) -> list[tuple[str, str, str, str]]:
    """Return the inputs as rows of a table."""
    return [
        (name, takes(option), default(option), str(option["description"])) for name, option in header.inputs.items()
    ]


def takes(option: dict[str, Any]) -> str:
    """Describe type and bounds of an input in a few characters, such as a type and its range."""
    if option.get("choices"):
        return " | ".join(str(choice) for choice in option["choices"])
    low, high = option.get("minimum"), option.get("maximum")
    kind = str(option["type"])
    if low is None and high is None:
        return kind
    if high is None:
        return f"{kind} ≥ {low}"
    return f"{kind} ≤ {high}" if low is None else f"{kind} {low}–{high}"


def default(option: dict[str, Any]) -> str:
    """Return the default of an input, or that it has none."""
    if option.get("required"):
        return "required"
    return str(option["default"]) if option.get("default") not in (None, [], "") else "–"


def controls(header: Header) -> list[tuple[str, str, str]]:
    """Return the controls as rows of a table."""
    return [(control["id"], control["says"], control["evidence"]) for control in header.controls]
