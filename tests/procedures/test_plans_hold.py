"""A plan of any procedure holds while the world stays as it is: what only a rehearsal's own clock moves is in none."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import plan_changes, record_line
from ansible_collections.hasivu.ops.plugins.module_utils.plan_comparison import reality_differences
from support.sandbox import Sandbox, start_and_stop
from support.thorough import thorough

from hasivu_play.project import installed_project

pytestmark = [thorough, pytest.mark.xdist_group("plans-hold")]

APART = 2 * plan_changes.MARGIN.total_seconds()


def changes(run: Path) -> tuple[str, list[dict[str, Any]]]:
    """Return the procedure of a rehearsal, and what it found that a run would change."""
    events = [event for event in map(record_line.decode, record_line.read_lines(run / "record.jsonl")) if event]
    return events[0]["procedure"], plan_changes.changes_of(events)


def test_what_a_rehearsal_finds_is_what_the_next_one_finds(tmp_path_factory: pytest.TempPathFactory) -> None:
    found: dict[str, list[list[dict[str, Any]]]] = defaultdict(list)
    for sandbox in start_and_stop(Sandbox(tmp_path_factory.mktemp("home"))):
        sandbox.play("rehearse", "--allow-findings", timeout=900)
        time.sleep(APART)
        sandbox.play("rehearse", "--allow-findings", timeout=900)
        for run in sandbox.runs():
            procedure, planned = changes(run)
            found[procedure].append(planned)
    assert sorted(found) == sorted(installed_project().procedures())
    differences = {procedure: reality_differences(*both) for procedure, both in found.items()}
    assert {procedure: said for procedure, said in differences.items() if said} == {}
    assert sum(map(len, (planned for planned, _ in found.values()))) > 0
