"""rotate-db killed with SIGKILL after each of its states; `resume` and `rollback` end right from wherever it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.killing import kill_after
from support.rotation import (
    AGAIN,
    MONITOR,
    PAIR,
    application_login_works,
    assert_at_rest,
    exit_of,
    login,
    open_roles,
    orders_flowing,
    stored_versions,
    version_with,
    works,
)
from support.sandbox import Sandbox
from support.thorough import thorough

pytestmark = pytest.mark.xdist_group("rotate-db-killed")

FOUND = "Find out how far the rotation is"
STORED = "Store the new login as pending"
SET = "Open the next role with the pending password"
TESTED = "Log in with the pending login, compare it with the live one, and write a row that is rolled back"
PUBLISHED = "Make the pending version current, in exchange for the old one and for no other"
SYNCED = "Bring the login into the Secret of the cluster"
FIRST = "Let the first consumer read it"
DRAINED = "Count the sessions of the role that is to be closed, until it is drained"
CLOSED = "Close the role that nobody uses any more"
RETURNED = "Make it current again, and take AWSPENDING off the new one"
STATES = (FOUND, STORED, SET, TESTED, PUBLISHED, SYNCED, FIRST, DRAINED, CLOSED)


def test_killed_after_every_state_in_turn_and_resumed_each_time_it_ends_right(rotating: Sandbox) -> None:
    before, stored = login(rotating), stored_versions(rotating)
    command: tuple[str, ...] = ("run", "rotate-db", *AGAIN)
    with orders_flowing(rotating, 10), application_login_works(rotating):
        for state in STATES:
            run = kill_after(rotating, state, *command)
            command = ("resume", run.name)
        done = exit_of(rotating.play(*command, "--json"))
        assert done["exit_code"] == 0, done
    assert stored_versions(rotating) == stored + 1
    assert not works(rotating, before)
    assert_at_rest(rotating, next(role for role in PAIR if role != before["username"]))
    verified = rotating.play("runs", "verify", *(run.name for run in rotating.runs()))
    assert verified.returncode == 0, verified.stdout


@pytest.mark.parametrize(
    "state",
    [pytest.param(state, marks=() if state == SET else thorough) for state in STATES],
)
def test_killed_after_a_state_a_rollback_brings_the_old_login_back(rotating: Sandbox, state: str) -> None:
    before = login(rotating)
    with orders_flowing(rotating, 10), application_login_works(rotating):
        run = kill_after(rotating, state, "run", "rotate-db", *AGAIN)
        back = exit_of(rotating.play("rollback", run.name, "--json"))
        assert back["exit_code"] == 0, back
    assert login(rotating) == before
    assert open_roles(rotating) == [before["username"]]
    assert works(rotating, before)
    assert version_with(rotating, "AWSPENDING") == ""


@thorough
def test_a_rollback_that_is_killed_is_resumed_as_a_rollback(rotating: Sandbox) -> None:
    before = login(rotating)
    run = kill_after(rotating, CLOSED, "run", "rotate-db", *AGAIN)
    command: tuple[str, ...] = ("rollback", run.name)
    with orders_flowing(rotating, 10), application_login_works(rotating):
        for state in (RETURNED, SYNCED, CLOSED):
            run = kill_after(rotating, state, *command)
            command = ("resume", run.name)
        done = exit_of(rotating.play(*command, "--json"))
        assert done["exit_code"] == 0, done
    assert login(rotating) == before
    assert_at_rest(rotating, before["username"])


@thorough
def test_a_lone_login_killed_after_every_state_is_never_generated_twice(rotating: Sandbox) -> None:
    before, stored = login(rotating, MONITOR), stored_versions(rotating)
    command: tuple[str, ...] = ("run", "rotate-db", "-e", "login=monitor", *AGAIN)
    for state in (STORED, SET, PUBLISHED):
        run = kill_after(rotating, state, *command)
        assert_one_works(rotating, run)
        command = ("resume", run.name)
    done = exit_of(rotating.play(*command, "--json"))
    assert done["exit_code"] == 0, done
    assert stored_versions(rotating) == stored + 1
    assert works(rotating, login(rotating, MONITOR))
    assert not works(rotating, before)


def test_a_lone_login_killed_between_its_change_and_its_publication_is_rolled_back(rotating: Sandbox) -> None:
    before = login(rotating, MONITOR)
    run = kill_after(rotating, SET, "run", "rotate-db", "-e", "login=monitor", *AGAIN)
    assert not works(rotating, before)
    back = exit_of(rotating.play("rollback", run.name, "--json"))
    assert back["exit_code"] == 0, back
    assert login(rotating, MONITOR) == before
    assert works(rotating, before)
    assert version_with(rotating, "AWSPENDING", MONITOR) == ""


def assert_one_works(sandbox: Sandbox, run: Path) -> None:
    """Check that of the published and the pending login exactly one works: a role has one password."""
    pending = version_with(sandbox, "AWSPENDING", MONITOR)
    held = [login(sandbox, MONITOR), *([login(sandbox, MONITOR, VersionId=pending)] if pending else [])]
    assert sum(works(sandbox, one) for one in held) == 1, run
