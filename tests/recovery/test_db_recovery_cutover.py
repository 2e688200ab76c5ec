"""Recovery by renaming, and of an instance that is gone: what clients, alarms and copies of the backups then find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.aws import client
from support.instances import Instances
from support.killing import kill_after, wait_for
from support.recovery import acknowledged, server
from support.rotation import exit_of, http, login, works
from support.sandbox import Sandbox
from support.thorough import thorough
from support.writers import DEPLOYMENTS, World

pytestmark = [pytest.mark.xdist_group("db-recovery-cutover"), thorough]

SOURCE = "hasivu-sandbox"
BETWEEN = "Take the name from the old instance"
INCIDENT = ("-e", "incident_id=INC-9")
NEWEST = ("-e", "strategy=pitr", *INCIDENT)
OF_THE_SERVER = ("version", "extensions", "schema", "invalid_indexes")
TABLES = (
    *("orders", "order_items", "payments", "guardians", "students", "schools", "menus", "menu_items", "rfid_events"),
    "wallet_transactions",
)
DASHBOARD = "HASIVU-API-Metrics"


def orders_flow(sandbox: Sandbox) -> None:
    """Let some orders be acknowledged, and no more."""
    begun = len(acknowledged(sandbox))
    http(sandbox, "/_traffic", {"per_second": 10})
    wait_for(lambda: len(acknowledged(sandbox)) > begun + 20)
    http(sandbox, "/_traffic", {"per_second": 0})


def resources(sandbox: Sandbox) -> dict[str, str]:
    """Return the identity of each instance by its name."""
    instances = Instances(sandbox)
    return {name: instances.show(name)["DbiResourceId"] for name in instances.names()}


def watched(sandbox: Sandbox) -> set[str]:
    """Return the instances that alarms watch."""
    found = client(sandbox, "cloudwatch").describe_alarms()["MetricAlarms"]
    return {one["Value"] for alarm in found for one in alarm["Dimensions"] if one["Name"] == "DBInstanceIdentifier"}


def drawn(sandbox: Sandbox) -> list[Any]:
    """Return the metric that a dashboard shows."""
    body = client(sandbox, "cloudwatch").get_dashboard(DashboardName=DASHBOARD)["DashboardBody"]
    metric: list[Any] = json.loads(body)["widgets"][0]["properties"]["metrics"][0]
    return metric


def log_of(sandbox: Sandbox, instance: str) -> dict[str, Any]:
    """Return what the log group of an instance has: its retention, its subscribers and what it counts."""
    logs, name = client(sandbox, "logs"), f"/aws/rds/instance/{instance}/postgresql"
    (group,) = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    subscribed = logs.describe_subscription_filters(logGroupName=name)["subscriptionFilters"]
    counted = logs.describe_metric_filters(logGroupName=name)["metricFilters"]
    return {
        "days": group["retentionInDays"],
        "subscribed": [(one["filterName"], one["destinationArn"]) for one in subscribed],
        "counted": [(one["filterName"], one["filterPattern"]) for one in counted],
    }


def copied_to(sandbox: Sandbox, instance: str) -> list[str]:
    """Return the Regions that keep a copy of an instance's backups."""
    shown = Instances(sandbox).show(instance).get("DBInstanceAutomatedBackupsReplications", [])
    return [one["DBInstanceAutomatedBackupsArn"].split(":")[3] for one in shown]


def findings(run: Path) -> dict[str, dict[str, Any]]:
    """Return what a run has found, by its kind."""
    found = json.loads((run / "report.json").read_text())["findings"]
    return {one["key"]: one for one in found if "key" in one}


def every_order_is_there(sandbox: Sandbox) -> None:
    """Check at the database that the secret names that each acknowledged order is there."""
    query = "SELECT id FROM unnest(%s::bigint[]) AS wanted(id) EXCEPT SELECT id FROM orders"
    with server(login(sandbox)) as connection:
        assert connection.execute(query, [[one["id"] for one in acknowledged(sandbox)]]).fetchall() == []


def let_in_by_iam(sandbox: Sandbox, resource: str) -> None:
    """Let somebody log in to an instance by IAM, as a policy names it: by its identity."""
    named = f"arn:aws:rds-db:ap-south-1:204867531290:dbuser:{resource}/hasivu_reader"
    statement = {"Effect": "Allow", "Action": "rds-db:connect", "Resource": named}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client(sandbox, "iam").create_policy(PolicyName="hasivu-database-reader", PolicyDocument=document)


def world(sandbox: Sandbox) -> dict[str, Any]:
    """Return what a recovery changes and a rollback puts back."""
    query = "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'hasivu%' ORDER BY 1"
    return {"roles": Instances(sandbox).rows(SOURCE, query), **World(sandbox).picture()}


def serves(sandbox: Sandbox, before: dict[str, Any]) -> None:
    """Check that every writer is as it was, and that orders are taken again."""
    after = World(sandbox).picture()
    assert [after[name]["replicas"] for name in DEPLOYMENTS] == [before[name]["replicas"] for name in DEPLOYMENTS]
    for name in ("autoscaler", "cron job", "concurrency", "mapping", "schedule", "rule"):
        assert after[name] == before[name]
    assert http(sandbox, "/ready")["status"] == "ready"
    orders_flow(sandbox)


def unknown(sandbox: Sandbox) -> list[str]:
    """Return what must be accepted as unknown: where no run has left a fingerprint, whatever it tells."""
    if list((sandbox.home / "runs").glob("*/fingerprint.json")):
        return []
    named = ",".join([*OF_THE_SERVER, *(f"count:public.{table}" for table in TABLES)])
    return ["-e", f"accept_unknown={named}"]


def test_taken_back_between_two_renames_each_instance_has_its_name_again(own: Sandbox) -> None:
    before, held, known = world(own), login(own), resources(own)
    how = ("-e", "cutover=rename", "-e", "target_id=hasivu-sandbox-aside")
    run = kill_after(own, BETWEEN, "run", "db-recovery", *NEWEST, *how)
    assert SOURCE not in resources(own)
    with pytest.raises(psycopg.OperationalError):
        server(held)
    back = exit_of(own.play("rollback", run.name, "--json"))
    assert back["exit_code"] == 0, back
    assert resources(own)[SOURCE] == known[SOURCE]
    assert set(resources(own)) == {SOURCE, "hasivu-sandbox-aside"}
    assert world(own) == before
    assert works(own, held)
    assert http(own, "/ready")["status"] == "ready"


def test_killed_between_two_renames_clients_find_the_new_server_at_the_old_address(own: Sandbox) -> None:
    before, old, known = world(own), login(own), resources(own)[SOURCE]
    let_in_by_iam(own, known)
    orders_flow(own)
    run = kill_after(own, BETWEEN, "run", "db-recovery", *NEWEST, "-e", "cutover=rename")
    done = exit_of(own.play("resume", run.name, "--json"))
    assert done["exit_code"] == 0, done
    new = login(own)
    assert {name: new[name] for name in ("host", "port", "username")} == {
        name: old[name] for name in ("host", "port", "username")
    }
    every_order_is_there(own)
    serves(own, before)
    (retired,) = (name for name, resource in resources(own).items() if resource == known)
    assert retired.startswith(f"{SOURCE}-old-")
    aside = Instances(own).show(retired)["Endpoint"]
    with pytest.raises(psycopg.OperationalError, match=r"not permitted|authentication failed"):
        server({**old, "host": aside["Address"], "port": aside["Port"]})
    assert watched(own) == {SOURCE}
    assert copied_to(own, SOURCE) == ["ap-south-2"]
    found = findings(own.home / "runs" / done["run"])
    assert "inventory-names-old-instance" not in found
    assert resources(own)[SOURCE] in found["iam-login-names-old-instance"]["do"]


def test_an_instance_that_is_gone_comes_back_with_all_that_was_acknowledged(own: Sandbox) -> None:
    orders_flow(own)
    before, log = world(own), log_of(own, SOURCE)
    instances = Instances(own)
    instances.rds.modify_db_instance(DBInstanceIdentifier=SOURCE, DeletionProtection=False)
    gone = {"SkipFinalSnapshot": True, "DeleteAutomatedBackups": False}
    instances.rds.delete_db_instance(DBInstanceIdentifier=SOURCE, **gone)
    instances.wait(SOURCE, "gone")
    done = own.run("db-recovery", *INCIDENT, "-e", "target_id=hasivu-sandbox-again", *unknown(own))
    assert done["exit_code"] == 0, done
    new = "hasivu-sandbox-again"
    assert login(own)["port"] == instances.show(new)["Endpoint"]["Port"]
    every_order_is_there(own)
    serves(own, before)
    shown = instances.show(new)
    assert (shown["DBParameterGroups"][0]["DBParameterGroupName"], shown["MultiAZ"]) == ("hasivu-postgres18", True)
    assert shown["MonitoringInterval"] == 60
    assert watched(own) == {new}
    assert drawn(own)[-1] == new
    assert log_of(own, new) == log
    assert "attachments-unknown" in findings(own.home / "runs" / done["run"])
