"""db-recovery by the ways that are no restore beside the old database, looked at from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.instances import Instances
from support.killing import kill_when, wait_for
from support.rotation import exit_of, http, login, missing_orders, settled, stages, works
from support.sandbox import Sandbox
from support.writers import World

pytestmark = pytest.mark.xdist_group("db-recovery-ways")

INCIDENT = ("-e", "incident_id=INC-7")
SOURCE = "hasivu-sandbox"
FAILOVER = (*INCIDENT, "-e", "strategy=failover")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start a sandbox whose database these tests may lose."""
    started = Sandbox(tmp_path_factory.mktemp("home"))
    up = started.play("sandbox", "up")
    assert up.returncode == 0, up.stdout + up.stderr
    try:
        yield started
    finally:
        assert started.play("sandbox", "down").returncode == 0


def sent(sandbox: Sandbox, action: str) -> int:
    """Return how often an operation of AWS was asked for."""
    return sum(request["action"] == action for request in sandbox.requests("aws"))


def written(sandbox: Sandbox, known: dict[str, int]) -> list[str]:
    """Return what procedures have changed since some requests of AWS and Kubernetes, dry runs left out."""
    return [
        one["action"]
        for part, number in known.items()
        for one in sandbox.requests(part)[number:]
        if one["changing"] and "hasivu-ops" in one["client"] and "dryRun" not in one["action"]
    ]


def rehearse(sandbox: Sandbox, *arguments: str) -> dict[str, Any]:
    """Rehearse a recovery, check that it wrote nothing, and return its report."""
    known = {part: len(sandbox.requests(part)) for part in ("aws", "kubernetes")}
    result = sandbox.run("db-recovery", "--check", *arguments)
    assert result["exit_code"] == 0, result
    assert written(sandbox, known) == []
    report: dict[str, Any] = json.loads((sandbox.home / "runs" / result["run"] / "report.json").read_text())
    return report


def objectives(run: Path) -> dict[str, Any]:
    """Return what a run has measured."""
    found: dict[str, Any] = json.loads((run / "objectives.json").read_text())
    return found


def test_a_rehearsed_failover_writes_nothing(own: Sandbox) -> None:
    assert sent(own, "rds:RebootDBInstance") == 0
    report = rehearse(own, *FAILOVER)
    assert report["data"]["way"]["strategy"] == "failover"
    assert "has a standby" in " ".join(report["data"]["way"]["why"])


def test_a_standby_that_has_the_damage_too_does_not_take_over(own: Sandbox) -> None:
    result = own.run("db-recovery", *FAILOVER, "-e", "restore_time=2026-11-26T06:11:03Z")
    assert (result["exit_code"], sent(own, "rds:RebootDBInstance")) == (3, 0)
    assert "has the damage too" in result["message"]


def test_killed_after_its_call_the_standby_takes_over_once_and_no_acknowledged_order_is_lost(own: Sandbox) -> None:
    instances, world, held, versions = Instances(own), World(own).picture(), login(own), stages(own)
    before = instances.show(SOURCE)
    http(own, "/_traffic", {"per_second": 10})
    wait_for(lambda: http(own, "/stats")["ok"] > 20)
    run = kill_when(own, lambda _: sent(own, "rds:RebootDBInstance") == 1, "run", "db-recovery", *FAILOVER)
    done = exit_of(own.play("resume", run.name, "--json"))
    http(own, "/_traffic", {"per_second": 0})
    assert done["exit_code"] == 0, done
    after = instances.show(SOURCE)
    zones = ("AvailabilityZone", "SecondaryAvailabilityZone")
    assert [after[zone] for zone in zones] == [before[zone] for zone in reversed(zones)]
    assert sent(own, "rds:RebootDBInstance") == 1
    wait_for(lambda: settled(own))
    assert missing_orders(own) == []
    assert login(own) == held
    assert works(own, held)
    assert stages(own) == versions
    assert World(own).picture() == world
    assert instances.names() == {SOURCE}
    measured = objectives(own.home / "runs" / done["run"])
    assert measured["met"] == {"rto": True, "rpo": True}
    newest, last = (datetime.fromisoformat(measured[name]["at"]) for name in ("newest_recovered", "last_committed"))
    assert newest == last
    back = exit_of(own.play("rollback", run.name, "--json"))
    assert back["exit_code"] == 0, back
    assert (sent(own, "rds:RebootDBInstance"), instances.show(SOURCE)["AvailabilityZone"]) == (1, after[zones[0]])
