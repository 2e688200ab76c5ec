# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is no longer as a plan says: the procedure, the inventory, the inputs, or the world."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record_origin
from ansible_collections.hasivu.ops.plugins.module_utils.plan_changes import Change

PARTS = {
    "playbook": ("The procedure has changed", "playbooks/"),
    "roles": ("The roles have changed", "roles/"),
    "collection": ("The modules have changed", "collections/"),
    "inventory": ("The inventory has changed", "inventory/"),
}
OF_AWX = ("awx_", "tower_")
MOST = 5


def files_of(project: Path, procedure: str, environment: str) -> dict[str, str]:
    """Return the digest of each file of the project that a run of this procedure is made of."""
    roots = [project / "playbooks" / f"{procedure}.yml", project / "roles", project / "inventory" / environment]
    paths = [path for root in roots if root.exists() for path in record_origin.files_below(root)]
    return {str(path.relative_to(project)): record_origin.file_digest(path) for path in paths}


def name_differences(plan: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say when a plan is of another procedure or environment."""
    return [
        f"The plan is for {plan[name]}, and this is {now[name]}."
        for name in ("procedure", "environment")
        if plan[name] != now[name]
    ]


def input_differences(plan: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Name each input that has another value than in the plan."""
    return [
        f"The input {name} is {spelled(now.get(name))}, and in the plan {spelled(plan.get(name))}."
        for name in sorted({*plan, *now})
        if plan.get(name) != now.get(name)
    ]


def stray_variables(names: list[str]) -> list[str]:
    """Name the extra variables that are no inputs, whose values no plan holds; AWX adds some that change nothing."""
    strays = [name for name in names if not name.startswith(OF_AWX)]
    return [f"{', '.join(strays)} came on the command line and is no input, so no plan holds it."] if strays else []


def source_differences(plan: Mapping[str, Any], digests: Mapping[str, Any], project: Path) -> list[str]:
    """Say which part of what runs has changed since the plan, and in which files."""
    changed = [part for part in PARTS if plan["digests"].get(part) != digests.get(part)]
    if not changed:
        return []
    now = files_of(project, plan["procedure"], plan["environment"])
    touched = sorted(name for name in {*now, *plan["files"]} if now.get(name) != plan["files"].get(name))
    return [f"{PARTS[part][0]} since the plan{named(touched, PARTS[part][1])}." for part in changed]


def named(touched: list[str], folder: str) -> str:
    """Return the files of a folder as the end of a sentence."""
    files = [name for name in touched if name.startswith(folder)]
    more = f" and {len(files) - MOST} more" if len(files) > MOST else ""
    return f": {', '.join(files[:MOST])}{more}" if files else ""


def reality_differences(planned: list[Change], found: list[Change]) -> list[str]:
    """Say what a rehearsal finds that is not as in the plan."""
    before, after = keyed(planned), keyed(found)
    said = [difference(key, before.get(key), after.get(key)) for key in {**before, **after}]
    sentences = [sentence for sentence in said if sentence]
    if not sentences and planned != found:
        return ["The steps that would change something come in another order than in the plan."]
    return sentences


def keyed(changes: list[Change]) -> dict[tuple[str, str, int], Change]:
    """Return changes by step and host; the same step met again, as in a loop of roles, counts on."""
    found: dict[tuple[str, str, int], Change] = {}
    for change in changes:
        count = sum(key[:2] == (change["step"], change["host"]) for key in found)
        found[change["step"], change["host"], count] = change
    return found


def difference(key: tuple[str, str, int], before: Change | None, after: Change | None) -> str | None:
    """Say how the change of one step differs, or nothing when it does not."""
    step = f'"{key[0]}"'
    if after is None:
        return f"{step} would not change anything any more."
    if before is None:
        return f"{step} would change something now: {first_lines(None, after['change'])}."
    if before != after:
        return f"{step} would change something else now: {first_lines(before['change'], after['change'])}."
    return None


def first_lines(before: Any, after: Any) -> str:
    """Return the first lines in which two changes differ."""
    lines = difflib.unified_diff(lines_of(before), lines_of(after), lineterm="", n=0)
    kept = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
    return " / ".join(f"{line[0]} {line[1:].strip()}" for line in kept[:4]) or "nothing that it names"


def lines_of(value: Any) -> list[str]:
    """Return a change as lines."""
    return list(walk(value)) if value is not None else []


def walk(value: Any, name: str = "") -> Iterator[str]:
    """Spell a value line by line, each behind the name that it has."""
    if isinstance(value, Mapping):
        for key, item in sorted(value.items(), key=lambda pair: str(pair[0])):
            yield from walk(item, f"{name}.{key}".lstrip("."))
    elif isinstance(value, list):
        for item in value:
            yield from walk(item, name)
    else:
        yield from (f"{name}: {line}" for line in str(value).splitlines() or [""])


def spelled(value: Any) -> str:
    """Return a value as JSON spells it, or that there is none."""
    return "not given" if value is None else json.dumps(value, ensure_ascii=False)
