"""lambda-change while somebody else changes the function, and where a version with these settings is there already."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.faulting import faulty
from support.functions import ORDERS, alias, as_it_was, call, client, configuration, update, versions
from support.sandbox import Sandbox
from support.thorough import thorough

pytestmark = [thorough, pytest.mark.xdist_group("lambda-change")]

UPDATE = "lambda:UpdateFunctionConfiguration"
TRIES = 3


@pytest.fixture(autouse=True)
def untouched(sandbox: Sandbox) -> Iterator[None]:
    """Give every test the function as it was seeded, and leave it so."""
    with as_it_was(sandbox):
        yield


def asked(sandbox: Sandbox, action: str) -> int:
    """Return how often AWS was asked for something."""
    return sum(request["action"] == action for request in sandbox.requests("aws"))


def change(memory: int) -> tuple[str, ...]:
    """Return the inputs that change the memory of a function."""
    return ("-e", f"function={ORDERS}", "-e", f"memory_size={memory}")


@pytest.mark.parametrize("code", ["ResourceConflictException", "PreconditionFailedException"])
def test_changes_by_others_are_met_three_times_and_then_it_stops_and_goes_on_later(sandbox: Sandbox, code: str) -> None:
    before, route, known = configuration(sandbox), alias(sandbox), versions(sandbox)
    tries = asked(sandbox, UPDATE)
    with faulty(sandbox, "aws", refused={UPDATE: code}):
        stopped = sandbox.run("lambda-change", *change(576))
    assert stopped["exit_code"] == 4, stopped
    assert "Somebody else changes it too" in stopped["message"]
    assert asked(sandbox, UPDATE) == tries + TRIES
    assert (configuration(sandbox), alias(sandbox), versions(sandbox)) == (before, route, known)
    resumed = sandbox.play("resume", stopped["run"], "--json")
    assert json.loads(resumed.stdout)["exit_code"] == 0, resumed.stdout + resumed.stderr
    assert configuration(sandbox, "live")["MemorySize"] == 576


def test_settings_that_were_published_already_are_not_published_again(sandbox: Sandbox) -> None:
    """PublishVersion gives the last version back where nothing has changed since; users still reach the one before."""
    update(sandbox, MemorySize=608)
    there = client(sandbox, "lambda").publish_version(FunctionName=ORDERS)["Version"]
    known, published = versions(sandbox), asked(sandbox, "lambda:PublishVersion")
    assert alias(sandbox)["version"] != there
    done = sandbox.run("lambda-change", *change(608))
    assert done["exit_code"] == 0, done
    assert (versions(sandbox), asked(sandbox, "lambda:PublishVersion")) == (known, published)
    assert alias(sandbox)["version"] == there
    assert call(sandbox)["version"] == there
