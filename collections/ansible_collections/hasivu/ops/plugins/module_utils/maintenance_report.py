# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan as rows and sentences for a result, and the findings that follow from ages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Exclusion, Job, Plan
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

KINDS = {"r": "table", "m": "materialized view", "p": "partitioned table"}
LAST_TRANSACTION = 2**31 - 3_000_000


def job_row(job: Job, order: int) -> dict[str, Any]:
    """Return one job as the modules report it."""
    table = job.table
    return {
        "table": table.quoted,
        "kind": KINDS[table.kind],
        "need": job.need.kind,
        "emergency": job.need.emergency,
        "reason": job.need.reason,
        "order": order,
        "permitted": table.permitted,
        "fits": job.fits,
        "expected_seconds": round(job.expected_seconds, 2),
        "bytes": table.bytes,
        "rows": table.counted_rows,
        "dead": table.dead,
        "modified": table.modified,
        "xid_age": table.xid_age,
        "xid_limit": table.xid_limit,
        "mxid_age": table.mxid_age,
        "mxid_limit": table.mxid_limit,
        "locked_by": lock_sentence(table),
    }


def job_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return the jobs in their order."""
    return [job_row(job, order) for order, job in enumerate(plan.jobs, start=1)]


def lock_sentence(table: Table) -> str | None:
    """Say who holds a lock on the table that a vacuum would wait for."""
    if table.locked_pid is None:
        return None
    return f"The session with pid {table.locked_pid} ({table.locked_by or 'no name'}) holds {table.locked_mode}."


def exclusion_row(exclusion: Exclusion) -> dict[str, Any]:
    """Return a table in need that is left alone."""
    table = exclusion.table
    return {
        "table": table.quoted,
        "need": exclusion.need.kind,
        "need_reason": exclusion.need.reason,
        "reason": exclusion.reason,
    }


def age_findings(
    tables: Iterable[Table], databases: dict[str, dict[str, int]], warn_age: int, emergency_age: int
) -> list[dict[str, str]]:
    """Return a finding for each table and database whose age comes near the end of the transaction ids."""
    ages = [("table", table.quoted, max(table.xid_age, table.mxid_age)) for table in tables]
    ages += [("database", name, max(age["xid_age"], age["mxid_age"])) for name, age in databases.items()]
    old = sorted((age, kind, name) for kind, name, age in ages if age >= min(warn_age, emergency_age))
    return [age_finding(kind, name, age, age >= emergency_age) for age, kind, name in reversed(old)]


def age_finding(kind: str, name: str, age: int, emergency: bool) -> dict[str, str]:
    """Return the finding on one age."""
    return finding(
        what=f"{'P0' if emergency else 'P1'}: the {kind} {name} is {age:,} transactions old.",
        where=name,
        why=f"The server refuses new transactions {LAST_TRANSACTION - age:,} transactions from now.",
        do="End what holds the xmin horizon, then run weekly-db again.",
        severity="high",
    )


def repeated_deferrals(deferred: Iterable[str], previous: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """Return a finding for each table that did not fit the time, now as in the last run."""
    before = {row.get("table") for row in previous if row.get("outcome") == "deferred"}
    return [
        finding(
            what=f"{table} did not fit the time budget for the second run in a row.",
            where=table,
            why="A table that always comes last is never maintained.",
            do=f"Run weekly-db with include={table} and a larger budget.",
            severity="medium",
        )
        for table in deferred
        if table in before
    ]
