"""monthly-security whole: the planted is found, the login rotated while orders flow, and a rehearsal writes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.faulting import faulty
from support.killing import kill_after
from support.rotation import (
    AGAIN,
    PAIR,
    application_login_works,
    assert_at_rest,
    exit_of,
    login,
    open_roles,
    orders_flowing,
    stages,
    stored_versions,
    verifiers,
    works,
)
from support.sandbox import Sandbox
from support.searching import holding
from support.thorough import thorough

pytestmark = pytest.mark.xdist_group("rotate-db")

# Kind and a part of the place of what the issue of the day asks for: one of each review at least.
PLANTED = {
    ("runtime-out-of-support", "hasivu-platform-legacy-export"),
    ("certificate-expired", "partners.sandbox.hasivu.edu.in"),
    ("unused-credential", "user/vendor-reporting access key 1"),
    ("user-without-mfa", "user/kavya.rao"),
    ("wildcard-policy", "policy/AdministratorAccess"),
    ("unexplained-administrator", "UpdateAssumeRolePolicy in us-east-1"),
    ("secret-aws-access-key", "settings.py:1"),
    ("CVE-2018-18074", "requests@2.19.1"),
    ("scanner-missing", "gitleaks"),
}
REVIEWS = {"Access", "Scans", "Certificates", "Runtimes"}


def report(sandbox: Sandbox, run: str) -> dict[str, Any]:
    """Return the report of a run."""
    content: dict[str, Any] = json.loads((sandbox.home / "runs" / run / "report.json").read_text())
    return content


def test_what_was_planted_is_found_and_the_login_is_rotated_while_orders_flow(rotating: Sandbox) -> None:
    before = login(rotating)
    secrets = {before["password"], *verifiers(rotating)}
    with orders_flowing(rotating, 50), application_login_works(rotating):
        result = rotating.run("monthly-security", *AGAIN, timeout=600)
    assert result["exit_code"] == 1, result
    assert_at_rest(rotating, next(role for role in PAIR if role != before["username"]))
    assert not works(rotating, before)
    found = report(rotating, result["run"])
    assert missing(found) == set()
    assert {one["part"] for one in found["findings"] if one["severity"] != "advice"} == REVIEWS
    assert [one["severity"] for one in found["findings"]] == ranked(found)
    assert {"Access", "Scans", "Certificates", "Runtimes", "Rotation"} <= set(found["data"]["parts"])
    secrets |= {login(rotating)["password"], *verifiers(rotating)}
    assert holding([rotating.home / "runs" / result["run"]], sorted(secrets)) == []
    assert rotating.play("runs", "verify", result["run"]).returncode == 0


def test_a_rehearsal_finds_the_same_and_writes_nothing_at_the_wire(rotating: Sandbox) -> None:
    before = world(rotating)
    result = rotating.run("monthly-security", "--check", *AGAIN, timeout=600)
    assert result["exit_code"] == 1, result
    assert world(rotating) == before
    found = report(rotating, result["run"])
    assert missing(found) == set()
    assert "A rehearsal stores no version" in json.dumps(found["sections"])


def test_without_a_review_of_access_nothing_is_rotated_and_the_rest_is_reported(rotating: Sandbox) -> None:
    before, roles = stages(rotating), open_roles(rotating)
    with faulty(rotating, "aws", refused={"iam:GetAccountAuthorizationDetails": "AccessDenied"}):
        result = rotating.run("monthly-security", *AGAIN, timeout=600)
    assert result["exit_code"] == 1
    assert "The rotation did not begin" in result["message"]
    assert (stages(rotating), open_roles(rotating)) == (before, roles)
    found = report(rotating, result["run"])
    assert "unread" in {one["key"] for one in found["findings"]}
    assert {one["part"] for one in found["findings"] if one["severity"] != "advice"} == REVIEWS


@thorough
def test_killed_in_the_rotation_a_resumed_run_ends_right_and_stores_nothing_twice(rotating: Sandbox) -> None:
    before, stored = login(rotating), stored_versions(rotating)
    published = "Make the pending version current, in exchange for the old one and for no other"
    run = kill_after(rotating, published, "run", "monthly-security", *AGAIN)
    done = exit_of(rotating.play("resume", run.name, "--json", timeout=600))
    assert done["exit_code"] == 1, done
    assert stored_versions(rotating) == stored + 1
    assert not works(rotating, before)
    assert_at_rest(rotating, next(role for role in PAIR if role != before["username"]))


def missing(found: dict[str, Any]) -> set[tuple[str, str]]:
    """Return what was planted and is not among the findings."""
    pairs = [(one["key"], f"{one['where']} {one['what']}") for one in found["findings"]]
    return {(key, place) for key, place in PLANTED if not any(key == k and place in where for k, where in pairs)}


def ranked(found: dict[str, Any]) -> list[str]:
    """Return the severities of the findings in the order in which they ought to stand."""
    order = ["critical", "high", "medium", "low", "advice"]
    return sorted((one["severity"] for one in found["findings"]), key=order.index)


def world(sandbox: Sandbox) -> dict[str, Any]:
    """Return what a rotation changes, and every changing request."""
    return {
        "stages": stages(sandbox),
        "roles": open_roles(sandbox),
        "verifiers": sorted(verifiers(sandbox)),
        "transactions": sandbox.value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"),
        "aws": [request for request in sandbox.requests("aws") if request["changing"]],
        "kubernetes": [request for request in sandbox.requests("kubernetes") if request["changing"]],
    }
