"""db-recovery, looked at from outside: to the second, killed on its way, rehearsed, and taken back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.door import watched
from support.faulting import faulty
from support.killing import begun, kill_after, kill_when, wait_for
from support.kubernetes import Kubernetes
from support.recovery import a_known_second, acknowledged, at_work, server, world, written
from support.rotation import exit_of, http, login, works
from support.sandbox import Sandbox
from support.thorough import THOROUGH
from support.writers import DEPLOYMENTS, World

pytestmark = pytest.mark.xdist_group("db-recovery")

INCIDENT = ("-e", "incident_id=INC-7")
RESTED = "Bring schedules, mappings, functions, jobs and Deployments to rest"
PUBLISHED = "Make the login with the new address current, in exchange for the old one and for no other"
CANARY = "Return one replica, and see that it reads and writes"
DAMAGE = "DELETE FROM order_items WHERE order_id IN (SELECT id FROM orders ORDER BY id DESC LIMIT 300)"


def damage(sandbox: Sandbox) -> None:
    with sandbox.database() as connection:
        connection.execute(DAMAGE)
        connection.execute("DROP TABLE refunds")


def test_a_rehearsal_tells_the_origin_of_every_parameter_and_writes_nothing(own: Sandbox) -> None:
    moment = a_known_second(own, flowing=True)
    http(own, "/_traffic", {"per_second": 0})
    before = {part: len(own.requests(part)) for part in ("aws", "kubernetes")}
    result = own.run("db-recovery", "--check", *INCIDENT, "-e", f"restore_time={written(moment)}")
    assert result["exit_code"] == 0, result
    for part, known in before.items():
        sent = [one for one in own.requests(part)[known:] if one["changing"] and "hasivu-ops" in one["client"]]
        assert [one["action"] for one in sent if "dryRun" not in one["action"]] == []
    report = json.loads((own.home / "runs" / result["run"] / "report.json").read_text())
    (table,) = [one["table"] for one in report["sections"] if one["title"] == "Parameters of the restore"]
    rows = {row["name"]: row["origin"] for row in table["rows"]}
    assert {"DBInstanceClass", "DBSubnetGroupName", "VpcSecurityGroupIds", "DBParameterGroupName"} <= set(rows)
    assert all(rows.values())


def test_before_the_log_a_snapshot_is_refused_until_its_loss_is_accepted(own: Sandbox) -> None:
    long_ago = datetime.now(UTC) - timedelta(days=30)
    result = own.run("db-recovery", *INCIDENT, "-e", f"restore_time={written(long_ago)}")
    assert result["exit_code"] == 3
    assert "accept_loss_s" in result["message"]


def returned(own: Sandbox, how: str = "replicas") -> bool:
    """Tell whether a Deployment has any replica again, or any that is available."""
    found = [Kubernetes(own).apps.read_namespaced_deployment(name, "hasivu").status for name in DEPLOYMENTS]
    return any(getattr(status, how) for status in found)


def test_taken_back_before_users_are_let_in_the_world_is_as_it_was(own: Sandbox) -> None:
    moment = a_known_second(own, flowing=True)
    http(own, "/_traffic", {"per_second": 0})
    before, held = world(own), login(own)
    name = ("-e", "target_id=hasivu-sandbox-left")
    command = ("run", "db-recovery", *INCIDENT, *name, "-e", f"restore_time={written(moment)}")
    with faulty(own, "kubernetes", pod_start_seconds=5):  # long enough to be killed while it waits for one
        run = kill_when(own, lambda run: CANARY in begun(run) and returned(own), *command)
    wait_for(lambda: returned(own, "available_replicas"))  # the cluster starts it all the same
    assert not works(own, held)
    back = exit_of(own.play("rollback", run.name, "--json"))
    assert back["exit_code"] == 0, back
    assert world(own) == before
    assert works(own, held)
    assert http(own, "/ready")["status"] == "ready"
    assert at_work(own, "hasivu-sandbox-left") == []


def test_killed_on_its_way_the_database_comes_back_to_the_second(own: Sandbox) -> None:
    before = world(own)
    moment = a_known_second(own, flowing=True)
    damage(own)
    old = login(own)
    name = ("-e", "target_id=hasivu-sandbox-recovered")
    command: tuple[str, ...] = ("run", "db-recovery", *INCIDENT, "-e", f"restore_time={written(moment)}", *name)
    for step in (RESTED, PUBLISHED):
        run = kill_after(own, step, *command)
        command = ("resume", run.name)
    http(own, "/_traffic", {"per_second": 0})
    with watched(own) as closed:
        done = exit_of(own.play(*command, "--json"))
    assert done["exit_code"] == 0, done
    new = login(own)
    assert (new["port"], new["username"]) != (old["port"], old["username"])
    with server(new) as restored:
        check_rows(own, restored, moment)
    refused_by_the_old_server(old)
    check_platform(own, before)
    check_measure(own.home / "runs" / done["run"], moment, closed[-1])


def check_rows(sandbox: Sandbox, restored: psycopg.Connection[tuple[Any, ...]], moment: datetime) -> None:
    """Check that every order acknowledged before the moment is there, and none from after it."""
    orders = acknowledged(sandbox)
    early = [one["id"] for one in orders if datetime.fromisoformat(one["at"]) < moment]
    query = "SELECT id FROM unnest(%s::bigint[]) AS wanted(id) EXCEPT SELECT id FROM orders"
    assert restored.execute(query, [early]).fetchall() == []
    late = restored.execute("SELECT max(created_at) FROM orders WHERE created_at > %s", [moment]).fetchone()
    assert late == (None,)
    lines = "SELECT count(*) FROM orders o LEFT JOIN order_items i ON i.order_id = o.id WHERE i.order_id IS NULL"
    assert restored.execute(lines).fetchone() == (0,)
    assert restored.execute("SELECT count(*) > 0 FROM refunds").fetchone() == (True,)


def refused_by_the_old_server(held: dict[str, Any]) -> None:
    """Check that the login from before cannot write to the old server any more."""
    with pytest.raises(psycopg.OperationalError, match=r"not permitted|authentication failed"):
        server(held)


def check_platform(sandbox: Sandbox, before: dict[str, Any]) -> None:
    """Check that every writer is as it was, and that orders are taken again."""
    after = World(sandbox).picture()
    assert [after[name]["replicas"] for name in DEPLOYMENTS] == [before[name]["replicas"] for name in DEPLOYMENTS]
    for name in ("autoscaler", "cron job", "concurrency", "mapping", "schedule", "rule"):
        assert after[name] == before[name]
    assert http(sandbox, "/ready")["status"] == "ready"
    count = http(sandbox, "/stats")
    http(sandbox, "/_traffic", {"per_second": 10})
    wait_for(lambda: http(sandbox, "/stats")["ok"] > count["ok"] + 10)
    http(sandbox, "/_traffic", {"per_second": 0})


def check_measure(run: Path, moment: datetime, closed: datetime) -> None:
    """Check that loss and time of the record are those of the restore point and of who stood before the door."""
    objectives = json.loads((run / "objectives.json").read_text())
    assert objectives["met"] == {"rto": True, "rpo": True}
    newest = datetime.fromisoformat(objectives["newest_recovered"]["at"])
    assert newest <= moment
    assert moment - newest < timedelta(seconds=2)
    restored = datetime.fromisoformat(objectives["restored_at"])
    assert timedelta(0) < restored - closed < timedelta(seconds=2 if THOROUGH else 10)
