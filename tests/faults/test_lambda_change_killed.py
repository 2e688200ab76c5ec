"""lambda-change killed with SIGKILL between its steps; `resume` ends right, `rollback` goes back, each time."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.functions import ORDERS, alias, as_it_was, call, configuration, versions
from support.killing import kill_at
from support.sandbox import Sandbox
from support.thorough import thorough

pytestmark = pytest.mark.xdist_group("lambda-change")

PUBLISH = "Publish these settings with the present code as a version"
WATCH = "Watch its errors, throttles and duration beside those of the version before"
REACHED = "Read which settings users reach"


@pytest.fixture(autouse=True)
def untouched(sandbox: Sandbox) -> Iterator[None]:
    """Give every test the function as it was seeded, and leave it so."""
    with as_it_was(sandbox):
        yield


def change(memory: int) -> tuple[str, ...]:
    """Return the command that changes the memory of a function."""
    return ("run", "lambda-change", "-e", f"function={ORDERS}", "-e", f"memory_size={memory}")


def test_killed_at_one_step_after_another_a_resumed_run_ends_right(sandbox: Sandbox) -> None:
    before, known = configuration(sandbox), versions(sandbox)
    command = change(520)
    for step in (PUBLISH, WATCH, REACHED):
        run = kill_at(sandbox, step, *command)
        command = ("resume", run.name)
    resumed = sandbox.play(*command, "--json")
    assert json.loads(resumed.stdout)["exit_code"] == 0, resumed.stdout + resumed.stderr
    (new,) = set(versions(sandbox)) - set(known)
    assert (alias(sandbox)["version"], alias(sandbox)["weights"]) == (new, {})
    assert configuration(sandbox) == {**before, "MemorySize": 520}
    assert call(sandbox)["version"] == new


@thorough
def test_killed_during_the_watch_a_rolled_back_run_leaves_nothing(sandbox: Sandbox) -> None:
    before, route = configuration(sandbox), alias(sandbox)
    run = kill_at(sandbox, WATCH, *change(544))
    assert len(alias(sandbox)["weights"]) == 1
    back = sandbox.play("rollback", run.name, "--json")
    assert json.loads(back.stdout)["exit_code"] == 0, back.stdout + back.stderr
    assert configuration(sandbox) == before
    assert alias(sandbox) == route
