"""Takes orders: logs into PostgreSQL with what its environment says, and answers as whom.

With FAIL_ORDERS in its environment it fails on everything but /health, as a bad release does.
"""

from __future__ import annotations

import json
import os
from typing import Any

import psycopg

HEALTH = "/health"


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer who is logged in; a login that fails is an error of the function."""
    path = (event or {}).get("rawPath", HEALTH)
    if os.environ.get("FAIL_ORDERS") and path != HEALTH:
        raise RuntimeError("This release cannot take orders.")
    found = {**log_in(), "version": context.function_version}
    return {"statusCode": 200, "body": json.dumps(found)}


def log_in() -> dict[str, str]:
    """Open a connection as every call does, and ask the server who it is."""
    environment = os.environ
    with psycopg.connect(
        host=environment["DATABASE_HOST"],
        port=environment["DATABASE_PORT"],
        dbname=environment["DATABASE_NAME"],
        user=environment["DATABASE_USER"],
        password=environment["DATABASE_PASSWORD"],
        application_name="hasivu-platform-api-orders",
        connect_timeout=5,
    ) as connection:
        row = connection.execute("SELECT session_user::text, current_user::text").fetchone()
    return {"session_user": row[0], "current_user": row[1]} if row else {}
