"""What a recovery of the database changes, and what its clients were told, seen from outside."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from support.instances import Instances
from support.killing import wait_for
from support.rotation import http, stages
from support.sandbox import Sandbox
from support.writers import World

SOURCE = "hasivu-sandbox"
AT_WORK = "SELECT pid, usename, state FROM pg_stat_activity WHERE usename LIKE 'hasivu_app%'"
ROLES = "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'hasivu%' ORDER BY 1"


def acknowledged(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the orders that the application has confirmed."""
    file = sandbox.home / "sandbox" / "application" / "acknowledged_orders.jsonl"
    whole, _, _ = (file.read_text() if file.exists() else "").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def written(moment: datetime) -> str:
    """Write a moment as the procedure takes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def world(sandbox: Sandbox) -> dict[str, Any]:
    """Return what a recovery changes and a rollback puts back."""
    current = [version for version, held in stages(sandbox).items() if "AWSCURRENT" in held]
    return {"roles": sandbox.rows(ROLES), "current": current, **World(sandbox).picture()}


def a_known_second(sandbox: Sandbox, flowing: bool = False) -> datetime:
    """Let orders flow, and return a moment between two of them that the log of the changes holds.

    With `flowing`, orders go on being placed, and one of a second later is confirmed; otherwise they end.
    """
    http(sandbox, "/_traffic", {"per_second": 10})
    begun = len(acknowledged(sandbox))
    wait_for(lambda: len(acknowledged(sandbox)) > begun + 20)
    moment = datetime.now(UTC)
    later = moment + timedelta(seconds=1 if flowing else 0)
    wait_for(lambda: datetime.fromisoformat(acknowledged(sandbox)[-1]["at"]) > later)
    if not flowing:
        http(sandbox, "/_traffic", {"per_second": 0})
    wait_for(lambda: Instances(sandbox).show(SOURCE)["LatestRestorableTime"] > moment)
    return moment


def at_work(sandbox: Sandbox, instance: str) -> list[Any]:
    """Return the sessions of the application at an instance, none where there is no such instance."""
    instances = Instances(sandbox)
    return instances.rows(instance, AT_WORK) if instance in instances.names() else []


def server(held: dict[str, Any]) -> psycopg.Connection[tuple[Any, ...]]:
    """Log in to the server that a secret names."""
    return psycopg.connect(
        host=held["host"], port=held["port"], dbname=held["dbname"], user=held["username"], password=held["password"]
    )
