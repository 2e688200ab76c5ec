"""What a recovery of the database changes, and what its clients were told, seen from outside."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import psycopg

from support.rotation import stages
from support.sandbox import Sandbox
from support.writers import World

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


def server(held: dict[str, Any]) -> psycopg.Connection[tuple[Any, ...]]:
    """Log in to the server that a secret names."""
    return psycopg.connect(
        host=held["host"], port=held["port"], dbname=held["dbname"], user=held["username"], password=held["password"]
    )
