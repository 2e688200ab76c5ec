# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A run from plan to result: rehearsed, or carried out."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_catalog import read_snapshot, read_tables
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_options import wishes
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_report import repeated_deferrals
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_control import Control
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_options import manner
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_queue import Queue
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_report import (
    difference,
    has_changed,
    planned_rows,
    result_rows,
    snapshot_tables,
    summarize,
)
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_run import Run
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_start import Start
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_work import Work

try:
    import psycopg
except ImportError:
    # The database module says so before anything of it is used.
    psycopg = None

if TYPE_CHECKING:
    Connection = psycopg.Connection[dict[str, Any]]

DATABASE_STATISTICS = 160_000


def rehearse(module: AnsibleModule, start: Start) -> dict[str, Any]:
    """Return what a run would do."""
    rows = planned_rows(start.plan)
    summary = summarize(rows, time.monotonic() - start.started, None)
    planned = {row["table"]: [row["need"], row["outcome"]] for row in rows}  # counts move on; the work is the plan
    return {**finish_facts(module, start, rows, summary["deferred_tables"]), "summary": summary, "planned": planned}


def carry_out(module: AnsibleModule, connection: Connection, start: Start) -> dict[str, Any]:
    """Treat the tables and return what came of it; fail the module when the run could not come to its end."""
    work = make_work(module, start)
    run = Run(work, connection)
    if work.jobs:
        run.go()
    rows = result_rows(start.plan, work.results)
    seconds = time.monotonic() - start.started
    so_far = {"tables": rows, "changed": has_changed(rows), "summary": summarize(rows, seconds, None)}
    fail_if_cut_short(module, run, so_far)
    notes = refresh_database_age(connection, work, rows)
    after = read_snapshot(module, connection, **so_far)
    after["tables"] = snapshot_tables(read_tables(module, connection), start.in_need)
    summary = summarize(rows, seconds, wal_bytes(start.before["lsn"], after["lsn"]))
    result = finish_facts(module, start, rows, summary["deferred_tables"])
    return {**result, "summary": summary, "after": after, "notes": [*start.notes, *notes]}


def make_work(module: AnsibleModule, start: Start) -> Work:
    """Prepare what the threads share."""
    given = module.params
    control = Control()
    jobs = start.plan.permitted
    return Work(
        login=given,
        jobs=jobs,
        server=start.server,
        thresholds=wishes(given, 0).thresholds,
        manner=manner(given),
        window=start.window,
        control=control,
        queue=Queue(jobs, control),
        total=len(jobs),
    )


def fail_if_cut_short(module: AnsibleModule, run: Run, so_far: dict[str, Any]) -> None:
    """Fail the module as resumable when the server was lost or a stop was asked for."""
    summary = so_far["summary"]
    done = f"{summary['done']} of {summary['total']} tables in need were done"
    if run.work.control.lost:
        sentence = f"PostgreSQL was lost ({run.work.control.lost}); {done}. Mend the server, then resume the run."
        module.fail_json(msg=sentence, stop="resumable", **so_far)
    if run.stopped:
        sentence = f"The run stopped because {run.stopped}; {done}. Resume it when it may go on."
        module.fail_json(msg=sentence, stop="resumable", **so_far)


def refresh_database_age(connection: Connection, work: Work, rows: list[dict[str, Any]]) -> list[str]:
    """Let the server work out the age of the database once, which each single vacuum left out."""
    vacuumed = any(row["need"] != "analyze" and row["seconds"] for row in rows)
    if not vacuumed or work.server["version"] < DATABASE_STATISTICS:
        return []
    try:
        connection.execute("VACUUM (ONLY_DATABASE_STATS)", prepare=False)
    except psycopg.Error as error:
        return [f"The age of the database was not worked out anew: {' '.join(str(error).split())}."]
    return []


def finish_facts(
    module: AnsibleModule, start: Start, rows: list[dict[str, Any]], deferred: list[str]
) -> dict[str, Any]:
    """Return the parts of a result that a rehearsal and a run share."""
    facts = start.facts(module.params)
    facts["findings"] += repeated_deferrals(deferred, module.params["previous_tables"])
    deadline = start.window.deadline.isoformat()
    return {"changed": has_changed(rows), "tables": rows, "diff": difference(rows), "deadline": deadline, **facts}


def wal_bytes(before: str, after: str) -> int:
    """Return how far the server's write-ahead log moved."""
    return position(after) - position(before)


def position(lsn: str) -> int:
    """Return a position in the write-ahead log as a number."""
    high, low = lsn.split("/")
    return (int(high, 16) << 32) + int(low, 16)
