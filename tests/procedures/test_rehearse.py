"""Rehearsals of all procedures do their steps without a process for each, and tell what ansible-playbook tells."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.killing import wait_for
from support.kubernetes import Kubernetes
from support.sandbox import Sandbox
from support.thorough import THOROUGH

from hasivu_play.project import installed_project
from hasivu_play.trust import read_checked_header

pytestmark = pytest.mark.xdist_group("rehearse")

PROCEDURES = installed_project().procedures() if THOROUGH else ["monthly-iam", "rotate-redis", "weekly-db"]


def steps(sandbox: Sandbox, run: str) -> list[tuple[str, str, bool]]:
    """Return each step of a run with its outcome, and whether it would change something."""
    lines = (sandbox.home / "runs" / run / "record.jsonl").read_text().splitlines()
    ends = [event for event in map(json.loads, lines) if event["event"] == "step_finished"]
    return [(one["name"], one["outcome"], one.get("changed", False)) for one in ends]


def changing(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return what was sent to AWS and to the cluster that changes something."""
    return [one for part in ("aws", "kubernetes") for one in sandbox.requests(part) if one["changing"]]


def test_a_rehearsal_tells_the_same_without_a_process_for_each_step(sandbox: Sandbox) -> None:
    wait_for(lambda: Kubernetes(sandbox).serves("hasivu-web"))
    before = changing(sandbox)
    done = sandbox.play("rehearse", *PROCEDURES, "--allow-findings", "--json", timeout=600)
    verdicts = {one["procedure"]: one for one in json.loads(done.stdout)}
    assert changing(sandbox) == before
    for procedure in PROCEDURES:
        inputs = read_checked_header(installed_project().playbook(procedure)).rehearsal
        asked = [word for name, value in inputs.items() for word in ("-e", f"{name}={value}")]
        forked = json.loads(sandbox.play("run", procedure, "--check", "--json", *asked, timeout=300).stdout)
        assert steps(sandbox, verdicts[procedure]["run"]) == steps(sandbox, forked["run"])
        assert verdicts[procedure]["exit_code"] == forked["exit_code"]
