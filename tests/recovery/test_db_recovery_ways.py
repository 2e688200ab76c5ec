"""db-recovery by the ways that are no restore beside the old database, looked at from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.aws import client
from support.instances import DATABASE_GROUP, Instances
from support.killing import kill_after, kill_when, wait_for
from support.recovery import server
from support.rotation import exit_of, http, login, missing_orders, settled, stages, works
from support.sandbox import Sandbox
from support.thorough import thorough
from support.writers import World

pytestmark = [pytest.mark.xdist_group("db-recovery-ways"), thorough]

INCIDENT = ("-e", "incident_id=INC-7")
SOURCE, AWAY, REPLICA = "hasivu-sandbox", "hasivu-away", "hasivu-replica"
OTHER_REGION = "ap-south-2"
FAILOVER = (*INCIDENT, "-e", "strategy=failover")
CROSS_REGION = (*INCIDENT, "-e", "strategy=cross-region", "-e", f"target_id={AWAY}")
PROMOTION = (*INCIDENT, "-e", "strategy=replica-promote")
FENCED = "Fence the old database off, and see that the published login is refused"
RESTORE = "rds:RestoreDBInstanceToPointInTime"


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


def replicated(sandbox: Sandbox) -> dict[str, Any] | None:
    """Return what the other Region keeps of the database, once it can be restored there."""
    away = client(sandbox, "rds", region=OTHER_REGION).describe_db_instance_automated_backups()
    found = [one for one in away["DBInstanceAutomatedBackups"] if one["DBInstanceIdentifier"] == SOURCE]
    return found[0] if found and "RestoreWindow" in found[0] else None


def test_a_rehearsal_tells_what_the_other_region_gives_and_writes_nothing(own: Sandbox) -> None:
    kept = wait_for(lambda: replicated(own))
    report = rehearse(own, *CROSS_REGION)
    (table,) = [one["table"] for one in report["sections"] if one["title"] == "Parameters of the restore"]
    rows = {row["name"]: (row["value"], row["origin"]) for row in table["rows"]}
    assert rows["SourceDBInstanceAutomatedBackupsArn"] == (kept["DBInstanceAutomatedBackupsArn"], "input")
    assert rows["VpcSecurityGroupIds"][0] == ["sg-0da7aba5e00000002"]
    assert rows["DBInstanceClass"] == ("db.t4g.medium", "captured: DBInstanceClass")
    assert all(origin for _, origin in rows.values())


def test_killed_while_it_restores_the_database_comes_back_in_the_other_region_with_every_acknowledged_order(
    own: Sandbox,
) -> None:
    world, old = World(own).picture(), login(own)
    http(own, "/_traffic", {"per_second": 10})
    run = kill_when(own, lambda _: sent(own, RESTORE) == 1, "run", "db-recovery", *CROSS_REGION)
    http(own, "/_traffic", {"per_second": 0})
    done = exit_of(own.play("resume", run.name, "--json"))
    assert done["exit_code"] == 0, done
    away = client(own, "rds", region=OTHER_REGION)
    (instance,) = away.describe_db_instances()["DBInstances"]
    assert sent(own, RESTORE) == 1
    kept = replicated(own)
    assert kept is not None
    assert (instance["DBInstanceIdentifier"], instance["MultiAZ"], instance["KmsKeyId"]) == (
        AWAY,
        True,
        kept["KmsKeyId"],
    )
    assert [one["VpcSecurityGroupId"] for one in instance["VpcSecurityGroups"]] == ["sg-0da7aba5e00000002"]
    new = login(own)
    assert new["port"] == instance["Endpoint"]["Port"] != old["port"]
    check_orders(own, new)
    with pytest.raises(psycopg.OperationalError, match=r"not permitted|authentication failed"):
        server(old)
    after = World(own).picture()
    for name in ("autoscaler", "cron job", "concurrency", "mapping", "schedule", "rule"):
        assert after[name] == world[name]
    assert http(own, "/ready")["status"] == "ready"
    assert objectives(own.home / "runs" / done["run"])["met"] == {"rto": True, "rpo": True}


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start a sandbox whose database has a read replica."""
    started = Sandbox(tmp_path_factory.mktemp("another"))
    up = started.play("sandbox", "up")
    assert up.returncode == 0, up.stdout + up.stderr
    try:
        instances = Instances(started)
        instances.wait(SOURCE, "available")
        named = {"DBInstanceIdentifier": REPLICA, "SourceDBInstanceIdentifier": SOURCE}
        instances.rds.create_db_instance_read_replica(**named, VpcSecurityGroupIds=[DATABASE_GROUP])
        instances.wait(REPLICA, "available")
        yield started
    finally:
        assert started.play("sandbox", "down").returncode == 0


def test_a_promotion_is_rehearsed_taken_back_before_it_and_killed_after_it_with_no_acknowledged_order_lost(
    another: Sandbox,
) -> None:
    instances, world, old = Instances(another), World(another).picture(), login(another)
    report = rehearse(another, *PROMOTION)
    assert REPLICA in " ".join(report["data"]["way"]["why"])
    assert report["data"]["target"] == REPLICA

    run = kill_after(another, FENCED, "run", "db-recovery", *PROMOTION)
    back = exit_of(another.play("rollback", run.name, "--json"))
    assert back["exit_code"] == 0, back
    assert World(another).picture() == world
    assert works(another, old)
    assert instances.show(REPLICA)["ReadReplicaSourceDBInstanceIdentifier"] == SOURCE

    http(another, "/_traffic", {"per_second": 10})
    wait_for(lambda: http(another, "/stats")["ok"] > 20)
    promoted = "rds:PromoteReadReplica"
    run = kill_when(another, lambda _: sent(another, promoted) == 1, "run", "db-recovery", *PROMOTION)
    http(another, "/_traffic", {"per_second": 0})
    done = exit_of(another.play("resume", run.name, "--json"))
    assert done["exit_code"] == 0, done
    shown, new = instances.show(REPLICA), login(another)
    assert "ReadReplicaSourceDBInstanceIdentifier" not in shown
    assert (shown["DeletionProtection"], shown["MultiAZ"], shown["BackupRetentionPeriod"]) == (True, True, 14)
    assert sent(another, promoted) == 1
    assert instances.names() == {SOURCE, REPLICA}
    assert new["port"] == shown["Endpoint"]["Port"] != old["port"]
    check_orders(another, new)
    with pytest.raises(psycopg.OperationalError, match=r"not permitted|authentication failed"):
        server(old)
    assert http(another, "/ready")["status"] == "ready"
    assert objectives(another.home / "runs" / done["run"])["met"] == {"rto": True, "rpo": True}


def check_orders(sandbox: Sandbox, held: dict[str, Any]) -> None:
    """Check that a server holds every order that was ever acknowledged."""
    file = sandbox.home / "sandbox" / "application" / "acknowledged_orders.jsonl"
    numbers = [json.loads(line)["id"] for line in file.read_text().splitlines()]
    query = "SELECT id FROM unnest(%s::bigint[]) AS acknowledged(id) EXCEPT SELECT id FROM orders"
    assert len(numbers) > 20
    with server(held) as connection:
        assert connection.execute(query, [numbers]).fetchall() == []
