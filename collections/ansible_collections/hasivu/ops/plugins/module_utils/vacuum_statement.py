# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The statement that treats a table, and the settings of the session that it runs under."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import ANALYZE_ONLY, Job
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_options import Manner

try:
    from psycopg import sql
except ImportError:
    # The database module says so before anything of it is used.
    sql = None

BUFFER_LIMITS = 160_000
MUCH_MEMORY = 170_000
MOST_MEMORY_MB = 1024
PART_OF_LIMIT = 3


def statement(job: Job, manner: Manner, version: int) -> sql.Composed:
    """Return the VACUUM or ANALYZE of one table."""
    only = job.table.is_parent and version >= ANALYZE_ONLY
    return sql.SQL("{verb} ({clauses}) {only}{table}").format(
        verb=sql.SQL("ANALYZE" if job.need.kind == "analyze" else "VACUUM"),
        clauses=sql.SQL(", ".join(clauses(job, manner, version))),
        only=sql.SQL("ONLY " if only else ""),
        table=sql.Identifier(job.table.schema, job.table.name),
    )


def clauses(job: Job, manner: Manner, version: int) -> list[str]:
    """Return the options of the statement.

    An old table waits for its lock, for it must not be skipped; FREEZE rewrites every page, so only a table whose rows
    never change gets it; an emergency does the least that advances the age.
    """
    limits = [f"BUFFER_USAGE_LIMIT '{manner.buffer_usage_limit_mb} MB'"] if version >= BUFFER_LIMITS else []
    if job.need.kind == "analyze":
        return ["SKIP_LOCKED", *limits]
    common = ["TRUNCATE FALSE", *(["SKIP_DATABASE_STATS"] if version >= BUFFER_LIMITS else [])]
    if job.need.emergency:
        return ["INDEX_CLEANUP OFF", *common]
    first = [] if job.need.kind == "freeze" else ["SKIP_LOCKED"]
    if job.need.kind == "freeze" and job.table.is_static:
        first.append("FREEZE")
    if job.analyze:
        first.append("ANALYZE")
    return [*first, *common, f"PARALLEL {manner.parallel_per_table}", *limits]


def lasting_settings(manner: Manner, version: int, server_memory_mb: int) -> dict[str, str]:
    """Return the settings that a session keeps from its start."""
    memory = max(manner.maintenance_work_mem_mb, server_memory_mb)
    return {
        "lock_timeout": f"{manner.lock_timeout_ms}ms",
        "vacuum_cost_limit": str(manner.cost_limit),
        "max_parallel_maintenance_workers": str(manner.parallel_per_table),
        "maintenance_work_mem": f"{memory if version >= MUCH_MEMORY else min(memory, MOST_MEMORY_MB)}MB",
        # Without it a VACUUM goes on for as long as it likes after its client was killed.
        "client_connection_check_interval": "10s",
        "idle_session_timeout": "0",
    }


def job_settings(job: Job, manner: Manner, server: dict[str, Any], seconds: float) -> dict[str, str | None]:
    """Return the settings that differ from table to table; nothing means the default of the session.

    A table ages until it is a third of the way to being chosen at most: that is how the server's own defaults stand to
    each other, and only so does a table with a low limit of its own come below it.
    """
    freeze, table = job.need.kind == "freeze", job.table
    share = manner.freeze_fraction / PART_OF_LIMIT
    xid_age = str(min(server["freeze_min_age"], int(table.xid_limit * share)))
    mxid_age = str(min(server["mxid_freeze_min_age"], int(table.mxid_limit * share)))
    return {
        "statement_timeout": str(max(1, int(seconds * 1000))),
        "vacuum_cost_delay": "0" if job.need.emergency else str(manner.cost_delay_ms),
        "vacuum_freeze_table_age": "0" if freeze else None,
        "vacuum_multixact_freeze_table_age": "0" if freeze else None,
        "vacuum_freeze_min_age": xid_age if freeze else None,
        "vacuum_multixact_freeze_min_age": mxid_age if freeze else None,
    }
