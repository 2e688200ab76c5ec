# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""One run at a time: the lock in the database, and sessions that an interrupted run left behind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import vacuum_sql
from ansible_collections.hasivu.ops.plugins.module_utils.database import execute
from ansible_collections.hasivu.ops.plugins.module_utils.query_values import json_row

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.Connection[dict[str, Any]]

PATIENCE = 15.0
CANCEL_PATIENCE = 5.0
POLL = 0.25


def take_lock(module: AnsibleModule, connection: Connection) -> None:
    """Take the lock for as long as the connection lives, or fail the module and name the holder.

    A rehearsal takes none, so that it never stands in the way of a run; it fails where a run would.
    """
    holders = find_holders(module, connection)
    if not holders and not module.check_mode:
        taken = execute(module, connection, vacuum_sql.TAKE_LOCK, (vacuum_sql.LOCK_NAME,), doing="Taking the lock")
        if taken.fetchall()[0]["taken"]:
            return
        holders = find_holders(module, connection)
    if holders or not module.check_mode:
        module.fail_json(msg=locked_sentence(holders), stop="locked", holder=holders[0] if holders else None)


def find_holders(module: AnsibleModule, connection: Connection) -> list[dict[str, Any]]:
    """Return the sessions that hold the lock, which is at most one."""
    rows = execute(module, connection, vacuum_sql.LOCK_HOLDER, (vacuum_sql.LOCK_NAME,), doing="Reading the lock")
    return [json_row(row) for row in rows.fetchall()]


def locked_sentence(holders: list[dict[str, Any]]) -> str:
    """Say who holds the lock."""
    if not holders:
        return "Another run took the lock of weekly-db at this moment. Wait for its end, then run again."
    holder = holders[0]
    return (
        f"Another run holds the lock of weekly-db: {holder['application_name'] or 'a session without a name'}, "
        f"pid {holder['pid']}, since {holder['backend_start']}. Wait for its end, then run again."
    )


def end_leftovers(module: AnsibleModule, connection: Connection, name: str | None) -> list[str]:
    """Wait for the sessions that an interrupted run left behind, and then cancel and end them."""
    if not name or not find_leftovers(module, connection, name):
        return []
    steps = [
        (PATIENCE, None, "ended by themselves"),
        (CANCEL_PATIENCE, vacuum_sql.CANCEL, "were cancelled"),
        (CANCEL_PATIENCE, vacuum_sql.TERMINATE, "were terminated"),
    ]
    if module.check_mode:
        return [f"The sessions of {name} that are still there would be waited for."]
    for seconds, signal, ending in steps:
        send(module, connection, name, signal)
        if gone_within(module, connection, name, seconds):
            return [f"The sessions that {name} left behind {ending}."]
    module.fail_json(
        msg=f"The sessions that {name} left behind do not end. Look at pg_stat_activity, then resume again.",
        stop="decision",
    )
    return []


def find_leftovers(module: AnsibleModule, connection: Connection, name: str) -> list[dict[str, Any]]:
    """Return the sessions of an application name."""
    return execute(
        module, connection, vacuum_sql.SESSIONS_NAMED, (name,), doing="Looking for sessions left behind"
    ).fetchall()


def send(module: AnsibleModule, connection: Connection, name: str, signal: str | None) -> None:
    """Signal the sessions of an application name, each by its pid and its start."""
    if signal is None:
        return
    rows = find_leftovers(module, connection, name)
    parameters = {"pids": [row["pid"] for row in rows], "starts": [row["backend_start"] for row in rows]}
    execute(module, connection, signal, parameters, doing="Ending sessions left behind")


def gone_within(module: AnsibleModule, connection: Connection, name: str, seconds: float) -> bool:
    """Wait until no session of a name is left, and tell whether that came about."""
    deadline = time.monotonic() + seconds
    while find_leftovers(module, connection, name):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True
