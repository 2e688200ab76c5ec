"""The `runbook` mapping of a playbook's first play, which documents and drives the procedure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from hasivu_play.errors import UsageError

SCHEMA = Path(__file__).with_name("data") / "runbook.schema.json"


@dataclass(frozen=True)
class Header:
    """What a procedure says of itself."""

    id: str
    title: str
    purpose: str
    source: str
    owner: str
    schedule: dict[str, Any]
    expected_minutes: int
    abort_after_minutes: int
    risk: str
    impact: str
    rollback: str
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    controls: list[dict[str, str]] = field(default_factory=list)
    departures: list[dict[str, Any]] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    covers: list[dict[str, Any]] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)
    rehearsal: dict[str, Any] = field(default_factory=dict)
    reversible: bool = False
    phases: list[dict[str, str]] = field(default_factory=list)
    point_of_no_return: str | None = None
    rto_clock: dict[str, str] = field(default_factory=dict)


class PlaybookLoader(yaml.CSafeLoader):
    """Reads a playbook as plain data; Ansible's own tags, such as `!unsafe`, are left out."""


def construct_untagged(loader: Any, _suffix: str, node: yaml.Node) -> Any:
    """Return the value below a tag as if the tag were not there."""
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


PlaybookLoader.add_multi_constructor("!", construct_untagged)


def read_plays(path: Path) -> list[dict[str, Any]]:
    """Return the plays of a playbook as they stand in the file."""
    try:
        plays = PlaybookLoader(path.read_text(encoding="utf-8")).get_single_data()
    except yaml.YAMLError as error:
        raise UsageError(f"{path.name} is not valid YAML: {one_line(error)}. Mend the file.") from error
    if not isinstance(plays, list) or not plays or not all(isinstance(play, dict) for play in plays):
        raise UsageError(f"{path.name} holds no play. A playbook is a list of plays.")
    return plays


def read_header(path: Path, *, trusted: bool = False) -> Header:
    """Return the header of a playbook; one that is `trusted` was checked before and has not changed since."""
    return header_of(read_plays(path), path.name, trusted=trusted)


def header_of(plays: list[dict[str, Any]], name: str, *, trusted: bool = False) -> Header:
    """Return the header in the first of these plays, after checking it against the schema."""
    runbook = (plays[0].get("vars") or {}).get("runbook")
    if not isinstance(runbook, dict):
        raise UsageError(f"{name} has no header. Give its first play `vars: runbook:`, as the other playbooks have.")
    if not trusted:
        check(runbook, name)
    return Header(**{column.name: runbook[column.name] for column in fields(Header) if column.name in runbook})


def check(runbook: dict[str, Any], name: str) -> None:
    """Refuse a header that the schema does not allow, or that contradicts itself."""
    problem = schema_problem(runbook)
    if problem:
        raise UsageError(f"The header of {name} is wrong: {problem}. Mend `vars: runbook:` of its first play.")
    if runbook["abort_after_minutes"] < runbook["expected_minutes"]:
        raise UsageError(
            f"The header of {name} is wrong: it aborts before its expected end. Raise abort_after_minutes."
        )
    clock = runbook.get("rto_clock") or {}
    unknown = [clock[end] for end in ("from", "target") if clock and clock[end] not in runbook["inputs"]]
    if unknown:
        raise UsageError(f"The header of {name} is wrong: rto_clock names '{unknown[0]}'. Name one of its inputs.")
    if f"{runbook['id']}.yml" != name:
        raise UsageError(f"The header of {name} is wrong: its id is '{runbook['id']}'. Give both the same name.")


def schema_problem(runbook: dict[str, Any]) -> str | None:
    """Return the most telling thing that is wrong with a header, if anything is."""
    from jsonschema.exceptions import best_match  # a quarter of a second that a trusted header need not spend

    error = best_match(validator().iter_errors(runbook))
    if error is None:
        return None
    place = ".".join(str(part) for part in error.absolute_path)
    return f"{place}: {one_line(error.message)}" if place else one_line(error.message)


@cache
def validator() -> Any:
    """Return the compiled schema."""
    from jsonschema import Draft202012Validator

    return Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def one_line(problem: object) -> str:
    """Return a library's message without its line breaks and final full stop."""
    return " ".join(str(problem).split()).rstrip(".")
