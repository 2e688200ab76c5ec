"""rotate-db done, done again, rehearsed and taken back, while orders flow; the outcome is seen from outside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.rotation import (
    AGAIN,
    APPLICATION,
    MONITOR,
    PAIR,
    application_login_works,
    assert_at_rest,
    aws,
    login,
    open_roles,
    orders_flowing,
    pods,
    stages,
    stored_versions,
    verifiers,
    version_with,
    works,
)
from support.sandbox import Sandbox
from support.thorough import thorough

pytestmark = pytest.mark.xdist_group("rotate-db")


def other(role: str) -> str:
    """Return the role that takes turns with another."""
    return next(one for one in PAIR if one != role)


def test_a_rehearsal_writes_nothing_at_the_wire_and_says_what_it_could_not_try(rotating: Sandbox) -> None:
    before = world(rotating)
    result = rotating.run("rotate-db", "--check", *AGAIN)
    assert result["exit_code"] == 0, result
    assert world(rotating) == before
    report = json.loads((rotating.home / "runs" / result["run"] / "report.json").read_text())
    assert "could be tested" in json.dumps(report["sections"])
    assert report["data"]["stored"]["changed"]
    assert report["data"]["tested"]["tested"] is False


def test_orders_flow_while_the_pair_takes_turns_swaps_back_and_is_taken_back(rotating: Sandbox) -> None:
    first = login(rotating)
    with orders_flowing(rotating, 60), application_login_works(rotating):
        result = rotating.run("rotate-db", *AGAIN)
        assert result["exit_code"] == 0, result
        second = login(rotating)
        again = rotating.run("rotate-db", *AGAIN)
        assert again["exit_code"] == 0, again
        third = login(rotating)
        accepted = [works(rotating, held) for held in (first, second, third)]
        back = rotating.play("rollback", again["run"], "--json")
        assert back.returncode == 0, back.stdout
    assert second["username"] == other(first["username"])
    assert third["username"] == first["username"]
    assert len({first["password"], second["password"], third["password"]}) == 3
    kept = {"engine", "host", "port", "dbname", "dbInstanceIdentifier"}
    assert {key: second[key] for key in kept} == {key: first[key] for key in kept}
    assert accepted == [False, False, True]
    assert login(rotating) == second
    assert not works(rotating, third)
    assert_at_rest(rotating, second["username"])


def test_a_second_rotation_within_a_week_is_refused(rotating: Sandbox) -> None:
    aws(rotating, "secretsmanager").update_secret(SecretId=APPLICATION, SecretString=json.dumps(login(rotating)))
    before = stages(rotating)
    result = rotating.run("rotate-db")
    assert result["exit_code"] == 3
    assert "rotations lie at least 7 days apart" in result["message"]
    assert stages(rotating) == before


def test_a_login_that_stands_alone_is_rotated_in_place(rotating: Sandbox) -> None:
    before = login(rotating, MONITOR)
    result = rotating.run("rotate-db", "-e", "login=monitor", *AGAIN)
    assert result["exit_code"] == 0, result
    after = login(rotating, MONITOR)
    assert after == {**before, "password": after["password"]}
    assert works(rotating, after)
    assert not works(rotating, before)
    assert version_with(rotating, "AWSPENDING", MONITOR) == ""


@thorough
def test_when_the_grace_is_longer_than_the_run_it_stops_and_says_when_to_resume(rotating: Sandbox) -> None:
    before = login(rotating)
    result = rotating.run("rotate-db", "-e", "grace_hours=2", *AGAIN)
    assert result["exit_code"] == 4
    assert "both roles work meanwhile" in result["message"]
    assert open_roles(rotating) == list(PAIR)
    assert works(rotating, before)
    assert works(rotating, login(rotating))
    back = rotating.play("rollback", result["run"], "--json")
    assert back.returncode == 0, back.stdout
    assert login(rotating) == before
    assert_at_rest(rotating, before["username"])


@thorough
def test_without_revoking_both_logins_go_on_working(rotating: Sandbox) -> None:
    before = login(rotating)
    result = rotating.run("rotate-db", "-e", "revoke=false", *AGAIN)
    assert result["exit_code"] == 0, result
    assert open_roles(rotating) == list(PAIR)
    assert works(rotating, before)
    assert works(rotating, login(rotating))


def world(sandbox: Sandbox) -> dict[str, Any]:
    """Return everything that a rotation changes, and every changing request."""
    return {
        "stages": stages(sandbox),
        "login": login(sandbox, APPLICATION),
        "stored": stored_versions(sandbox),
        "verifiers": sorted(verifiers(sandbox)),
        "roles": open_roles(sandbox),
        "pods": pods(sandbox),
        "transactions": sandbox.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"),
        "aws": [request for request in sandbox.requests("aws") if request["changing"]],
        "kubernetes": [request for request in sandbox.requests("kubernetes") if request["changing"]],
    }
