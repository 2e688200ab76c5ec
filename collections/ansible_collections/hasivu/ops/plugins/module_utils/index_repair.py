# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mends one invalid index at a time, and leaves no new one behind."""

from __future__ import annotations

import time
import traceback
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.index_advice import mend_of
from ansible_collections.hasivu.ops.plugins.module_utils.index_catalog import Index, index_query

try:
    import psycopg
    from psycopg import sql
except ImportError:
    PSYCOPG_IMPORT_ERROR = traceback.format_exc()

# A concurrent rebuild waits for every transaction that has a lock on the table or a snapshot from before it; when one
# is old already, the rebuild would only end in a timeout and a remnant.
BLOCKERS = """
SELECT a.pid, COALESCE(a.usename::text, a.backend_type) AS who,
       extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds
  FROM pg_stat_activity a
 WHERE a.pid <> pg_backend_pid() AND a.datname = current_database()
   AND a.backend_type NOT IN ('parallel worker', 'autovacuum worker')
   AND a.xact_start < clock_timestamp() - make_interval(secs => %(seconds)s)
   AND (a.backend_xmin IS NOT NULL
        OR EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.relation = %(table)s::oid AND l.granted))
 ORDER BY a.xact_start LIMIT 1
"""

STATEMENTS = {"drop": "DROP INDEX CONCURRENTLY {}", "reindex": "REINDEX INDEX CONCURRENTLY {}"}
OUTCOMES = {"55P03": "lock_timeout", "57014": "time_capped", "42501": "not_permitted"}
DONE = {"drop": "dropped", "reindex": "rebuilt"}
CLEANUP_ATTEMPTS = 3
CLEANUP_PAUSE_SECONDS = 1.0

Connection = Any


def read_indexes(connection: Connection) -> dict[int, Index]:
    """Return every index by its number."""
    rows = connection.execute(index_query(connection.info.server_version)).fetchall()
    return {row["oid"]: Index(**row) for row in rows}


def plan(indexes: dict[int, Index]) -> list[dict[str, Any]]:
    """Return what is to be done with each invalid index: remnants first, for they stand in the way of a rebuild."""
    everything = list(indexes.values())
    steps = [step_of(index, mend_of(index, everything)) for index in everything if not index.valid]
    return sorted(steps, key=lambda step: (step["action"] != "drop", step["bytes"]))


def step_of(index: Index, mend: str) -> dict[str, Any]:
    """Return the step that mends one index, or says why none can."""
    action, outcome, message = mend, "planned", ""
    if mend == "wait":
        action, outcome, message = "none", "busy", f"Somebody works on {index.table}; the index may be in the making."
    elif mend == "attach":
        action, outcome, message = "none", "left", "A partitioned index becomes valid when every partition has its own."
    elif not index.permitted:
        action, outcome, message = "none", "not_permitted", f"The role does not own {index.table}."
    return {
        "oid": index.oid,
        "index": index.title,
        "table": index.table,
        "bytes": index.bytes,
        "action": action,
        "outcome": outcome,
        "message": message,
        "seconds": 0.0,
    }


def mend(connection: Connection, step: dict[str, Any], wait_seconds: float) -> None:
    """Do one step and write its outcome: look again, act, verify, and clear away what a failure leaves behind."""
    before = read_indexes(connection)
    index = before.get(step["oid"])
    reason = reason_to_leave(connection, index, step, before, wait_seconds)
    if reason:
        step["outcome"], step["message"] = reason
        return
    started = time.monotonic()
    try:
        connection.execute(statement_of(step["action"], index))
    except psycopg.Error as error:
        if connection.broken or connection.closed:
            raise
        step["outcome"] = OUTCOMES.get(error.sqlstate or "", "failed")
        step["message"] = error.diag.message_primary or str(error)
    step["seconds"] = round(time.monotonic() - started, 2)
    verify(connection, step, before)


def reason_to_leave(
    connection: Connection, index: Index | None, step: dict[str, Any], before: dict[int, Index], wait_seconds: float
) -> tuple[str, str] | None:
    """Return an outcome and a sentence when the step must not be done now."""
    if index is None:
        return "gone", "The index was dropped in the meantime."
    if index.valid:
        return "valid", "The index has become valid in the meantime."
    if mend_of(index, list(before.values())) != step["action"]:
        return "busy", f"Somebody works on {index.table}; the index may be in the making."
    row = connection.execute(BLOCKERS, {"seconds": wait_seconds, "table": index.table_oid}).fetchone()
    if row:
        return "blocked", f"The transaction of {row['who']} (pid {row['pid']}) is {row['seconds']:.0f} s old."
    return None


def statement_of(action: str, index: Index | None) -> sql.Composed:
    """Return the statement that mends an index."""
    assert index is not None
    return sql.SQL(STATEMENTS[action]).format(sql.Identifier(index.schema, index.name))


def verify(connection: Connection, step: dict[str, Any], before: dict[int, Index]) -> None:
    """Look whether the index is mended, and clear away whatever new remnant there is on its table."""
    after = read_indexes(connection)
    # A rebuild that fails while it drops the old index has made the new one already.
    if is_mended(step, after):
        step["outcome"] = DONE[step["action"]]
    elif step["outcome"] == "planned":
        step["outcome"] = "failed"
    table = before[step["oid"]].table_oid
    step["left_behind"] = clear_remnants(connection, table, {oid for oid, index in before.items() if index.remnant})


def is_mended(step: dict[str, Any], after: dict[int, Index]) -> bool:
    """Tell whether an index is gone that was to go, or one of its name is valid that was to be rebuilt."""
    if step["action"] == "drop":
        return step["oid"] not in after
    return any(index.title == step["index"] and index.valid for index in after.values())


def clear_remnants(connection: Connection, table: int, known: set[int]) -> list[str]:
    """Drop the invalid indexes that have come to a table, and return those that could not be dropped."""
    left: list[Index] = []
    for attempt in range(CLEANUP_ATTEMPTS):
        left = [index for index in read_indexes(connection).values() if is_new_remnant(index, table, known)]
        if not left:
            return []
        time.sleep(attempt * CLEANUP_PAUSE_SECONDS)
        for index in left:
            try_to_drop(connection, index)
    left = [index for index in read_indexes(connection).values() if is_new_remnant(index, table, known)]
    return [index.title for index in left]


def is_new_remnant(index: Index, table: int, known: set[int]) -> bool:
    """Tell whether an index is a remnant of this run; `known` are those that were there before."""
    return index.table_oid == table and index.remnant and index.oid not in known


def try_to_drop(connection: Connection, index: Index) -> None:
    """Drop an index unless somebody is in the way."""
    try:
        connection.execute(statement_of("drop", index))
    except psycopg.Error:
        if connection.broken or connection.closed:
            raise
