# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run did: a row for each table, a summary, and the difference as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Job, Plan
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_report import job_rows
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import PAGE_BYTES, Table
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_work import NEVER_CHANGED, Result

OUTCOMES = (
    "planned",
    "done",
    "ineffective",
    "skipped_locked",
    "lock_timeout",
    "time_capped",
    "deferred",
    "not_permitted",
    "failed",
    "gone",
)

REMEDIES = {
    "ineffective": "End what blocks it",
    "skipped_locked": "Wait until the lock is released",
    "lock_timeout": "Wait until the lock is released",
    "time_capped": "Raise per_table_cap_min",
    "deferred": "Remove that cause",
    "not_permitted": "Grant the right",
    "failed": "Mend the cause",
}
MOST_NAMED = 3


def planned_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return the rows of a rehearsal."""
    return [
        {**row, **result_values(job.table, expected_result(job))}
        for row, job in zip(job_rows(plan), plan.jobs, strict=True)
    ]


def expected_result(job: Job) -> Result:
    """Return what is expected to come of a job."""
    if not job.table.permitted:
        return not_started(job)
    if not job.fits:
        return Result(job, "deferred", "It is not expected to fit the time.")
    return Result(job, "planned", "It would be treated.")


def result_rows(plan: Plan, results: dict[int, Result]) -> list[dict[str, Any]]:
    """Return a row for each table in need, with before and after."""
    return [
        {**row, **result_values(job.table, results.get(job.table.oid) or not_started(job))}
        for row, job in zip(job_rows(plan), plan.jobs, strict=True)
    ]


def not_started(job: Job) -> Result:
    """Return the result of a job that was never given out."""
    if job.table.permitted:
        return Result(job, "deferred", "It was not reached.", missed=True)
    message = "This role may not maintain it. Grant it MAINTAIN, or membership in the owner of the table."
    return Result(job, "not_permitted", message, missed=True)


def result_values(table: Table, result: Result) -> dict[str, Any]:
    """Return outcome and numbers of one job."""
    after = result.after or {}
    return {
        "outcome": result.outcome,
        "missed": result.missed,
        "seconds": round(result.seconds, 3),
        "message": result.message,
        "blocker": result.blocker,
        "dead_before": table.dead,
        "dead_after": after.get("dead"),
        "xid_age_before": table.xid_age,
        "xid_age_after": after.get("xid_age"),
        "mxid_age_before": table.mxid_age,
        "mxid_age_after": after.get("mxid_age"),
        "pages_before": table.pages,
        "pages_after": after.get("pages"),
        "visible_pages_before": table.visible_pages,
        "visible_pages_after": after.get("visible_pages"),
    }


def summarize(rows: list[dict[str, Any]], seconds: float, wal_bytes: int | None) -> dict[str, Any]:
    """Return the run in numbers and one sentence."""
    counts = Counter(row["outcome"] for row in rows)
    missed = [row["table"] for row in rows if row["missed"]]
    deferred = [row["table"] for row in rows if row["outcome"] in ("deferred", "time_capped") and not row["missed"]]
    return {
        "total": len(rows),
        **{outcome: counts[outcome] for outcome in OUTCOMES},
        "missed": missed,
        "deferred_tables": deferred,
        "goal_reached": not missed,
        "budget_spent": bool(deferred),
        "seconds": round(seconds, 3),
        "wal_bytes": wal_bytes,
        "dead_before": sum(row["dead_before"] for row in rows),
        "dead_after": sum(row["dead_before"] if row["dead_after"] is None else row["dead_after"] for row in rows),
        "sentence": sentence(rows, deferred),
    }


def sentence(rows: list[dict[str, Any]], deferred: list[str]) -> str:
    """Say how the run ended, what is left, and what to do about the first of it."""
    if not rows:
        return "No table was in need."
    counts = Counter(row["outcome"] for row in rows)
    verb = f"{counts['planned']} of {len(rows)} tables in need would be treated"
    parts = [verb if counts["planned"] else f"{counts['done']} of {len(rows)} tables in need were done"]
    missed = [row for row in rows if row["missed"]]
    if missed:
        names = ", ".join(f"{row['table']} ({row['outcome']})" for row in missed[:MOST_NAMED])
        more = f" and {len(missed) - MOST_NAMED} more" if len(missed) > MOST_NAMED else ""
        parts.append(f"not {names}{more}")
    if deferred:
        parts.append(f"{len(deferred)} did not fit the time")
    return "; ".join(parts) + "." + (remedy(missed[0]) if missed else "")


def remedy(row: dict[str, Any]) -> str:
    """Say what stood in the way of a table, and what to do."""
    blocker = f" Blocked by {row['blocker']}." if row["blocker"] else ""
    return f" {row['table']}: {row['message']}{blocker} {REMEDIES[row['outcome']]}, then run weekly-db again."


def has_changed(rows: Iterable[dict[str, Any]]) -> bool:
    """Tell whether any table was touched; what was cut short has done a part of its work."""
    return any(row["outcome"] not in NEVER_CHANGED for row in rows)


def difference(rows: list[dict[str, Any]]) -> dict[str, str]:
    """Return before and after as text that a person reads."""
    return {
        "before_header": "tables in need before",
        "after_header": "the same tables after",
        "before": "".join(line(row["table"], row["dead_before"], row["xid_age"], row["need"]) for row in rows),
        "after": "".join(
            line(row["table"], row.get("dead_after"), row.get("xid_age_after"), row["outcome"]) for row in rows
        ),
    }


def line(table: str, dead: int | None, age: int | None, word: str) -> str:
    """Return one table on one line."""
    numbers = [] if dead is None else [f"{dead:,} dead rows"]
    numbers += [] if age is None else [f"age {age:,}"]
    return f"{table}: {', '.join([word, *numbers])}\n"


def snapshot_tables(tables: Iterable[Table], in_need: set[int]) -> dict[str, dict[str, int]]:
    """Return the numbers of the tables that are in need or hold dead rows; the others have nothing to tell."""
    return {
        table.quoted: {
            "dead": table.dead,
            "live": table.live,
            "xid_age": table.xid_age,
            "mxid_age": table.mxid_age,
            "heap_bytes": table.pages * PAGE_BYTES,
        }
        for table in tables
        if table.oid in in_need or table.dead
    }
