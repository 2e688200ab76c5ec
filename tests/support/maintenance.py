"""What weekly-db finds and leaves, seen with SQL from outside."""

from __future__ import annotations

from typing import Any

from support.sandbox import Sandbox

LIVE_AND_DEAD = """
SELECT format('%I.%I', schemaname, relname) AS name, n_dead_tup AS dead, n_live_tup AS live, vacuum_count, analyze_count
  FROM pg_stat_user_tables
"""


def wear(sandbox: Sandbox, table: str = "payments", share: float = 0.3) -> int:
    """Make dead rows in a table by rewriting a share of its rows as they are, and return how many are dead now."""
    with sandbox.database() as connection:
        connection.execute(f"UPDATE {table} SET id = id WHERE random() < %s", [share])
        connection.execute("SELECT pg_stat_force_next_flush()")
    return dead_rows(sandbox, table)


def dead_rows(sandbox: Sandbox, table: str = "payments") -> int:
    """Return how many rows of a table are dead, as the server counts them."""
    return int(sandbox.value("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = %s::regclass", table))


def tables(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """Return dead and live rows and the counts of manual vacuums of every table, by name."""
    return {row["name"]: row for row in sandbox.rows(LIVE_AND_DEAD)}


def sessions_of_runs(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Return the sessions that runs have open."""
    return sandbox.rows("SELECT pid, state FROM pg_stat_activity WHERE application_name LIKE 'hasivu-ops/%'")
