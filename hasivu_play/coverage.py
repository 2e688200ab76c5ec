"""What of the manual is done by which steps, as the headers of the playbooks say it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hasivu_play.document import SECTIONS, Step, is_block, steps
from hasivu_play.header import Header, header_of, read_plays
from hasivu_play.manual import Block, Manual, is_below
from hasivu_play.project import Project

NOT_YET_COVERED = Path(__file__).with_name("data") / "not_yet_covered.json"
INCLUDES = ("include_role", "import_role")


@dataclass(frozen=True)
class Procedure:
    """A playbook as its claims are held against it: header, steps, the roles that it calls, and what they all say.

    `steps` are the sentences that a header may name; `walked` is the whole playbook in the order of reading.
    """

    header: Header
    steps: frozenset[str]
    roles: frozenset[str] = frozenset()
    body: str = ""
    walked: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Claim:
    """One procedure that says that it does the work of a block."""

    procedure: str
    steps: list[str]
    as_written: bool
    departures: list[dict[str, str]]


@dataclass(frozen=True)
class Row:
    """One block with the procedures that do its work, or the one that is to."""

    block: Block
    claims: list[Claim] = field(default_factory=list)
    planned: str | None = None


def read_procedures(project: Project) -> list[Procedure]:
    """Return every procedure of a project."""
    return [read_procedure(project.playbook(name)) for name in project.procedures()]


def read_procedure(path: Path) -> Procedure:
    """Return one procedure, after checking its header."""
    plays = read_plays(path)
    roles = frozenset(called_roles(plays))
    header = header_of(plays, path.name)
    walked, body = tuple(steps(plays)), body_of(plays, path.parent.parent / "roles", roles)
    return Procedure(header, step_names(walked), roles, body, walked)


def body_of(plays: list[dict[str, Any]], folder: Path, roles: frozenset[str]) -> str:
    """Return what a playbook and the tasks of its roles say, without the header."""
    bare = [{**play, "vars": {**(play.get("vars") or {}), "runbook": None}} for play in plays]
    files = [
        file for role in sorted(roles) for part in ("tasks", "vars") for file in folder.glob(f"{role}/{part}/*.yml")
    ]
    return "\n".join([json.dumps(bare, default=str), *(file.read_text(encoding="utf-8") for file in files)])


def step_names(walked: Iterable[Step]) -> frozenset[str]:
    """Return the sentences of a playbook that a header may name."""
    return frozenset(step.text for step in walked if step.kind in ("step", "block"))


def called_roles(plays: list[dict[str, Any]]) -> set[str]:
    """Return the roles that the steps of a playbook include."""
    tasks = [task for play in plays for section in SECTIONS for task in play.get(section) or []]
    return {role for task in tasks for role in roles_of(task)}


def roles_of(task: Any) -> set[str]:
    """Return the roles that a task includes, or the tasks below it."""
    if not isinstance(task, dict):
        return set()
    if is_block(task):
        below = [item for section in ("block", "rescue", "always") for item in task.get(section) or []]
        return {role for item in below for role in roles_of(item)}
    found = [value for name, value in task.items() if name.rsplit(".", 1)[-1] in INCLUDES]
    return {str(value["name"]) for value in found if isinstance(value, dict) and "name" in value}


def load_not_yet_covered(path: Path = NOT_YET_COVERED) -> dict[str, str]:
    """Return the one list of blocks that nobody does yet, each with the procedure that is to."""
    listed: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return listed


def rows(manual: Manual, procedures: list[Procedure], listed: dict[str, str]) -> list[Row]:
    """Return every block of the manual in its order."""
    return [Row(block, claims_of(block.key, procedures), listed.get(block.key)) for block in manual.blocks]


def claims_of(block: str, procedures: list[Procedure]) -> list[Claim]:
    """Return who says that it does the work of a block."""
    return [
        Claim(procedure.header.id, item["steps"], item.get("as_written", False), departures_from(block, procedure))
        for procedure in procedures
        for item in procedure.header.covers
        if item["block"] == block
    ]


def departures_from(key: str, procedure: Procedure) -> list[dict[str, str]]:
    """Return what a procedure does otherwise than a block or section says."""
    return [
        {"manual": item["manual"], "here": item["here"]}
        for item in procedure.header.departures
        if key in item.get("from", [])
    ]


def touched_by(key: str, procedures: list[Procedure]) -> list[str]:
    """Return the procedures that a change concerns: those that name what changed, else those of its section."""
    naming = [procedure.header.id for procedure in procedures if key in named_keys(procedure.header)]
    return sorted(naming or (procedure.header.id for procedure in procedures if is_near(key, procedure.header)))


def named_keys(header: Header) -> set[str]:
    """Return the blocks that a header covers, and the blocks and sections that it departs from."""
    return {item["block"] for item in header.covers} | {
        key for item in header.departures for key in item.get("from", [])
    }


def is_near(key: str, header: Header) -> bool:
    """Tell whether a header comes from a section above or below a key."""
    return any(is_below(section, key) or is_below(key, section) for section in header.sections)
