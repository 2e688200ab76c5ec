#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Mend the invalid indexes of a database while it is in service."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_index_repair
short_description: Drop the remnants of failed rebuilds, and rebuild other invalid indexes
version_added: 0.1.0
description:
  - Drops with C(DROP INDEX CONCURRENTLY) what a failed C(REINDEX CONCURRENTLY) has left behind, called C(_ccnew) or
    C(_ccold), when the index that it was to replace is there.
  - Rebuilds every other invalid index with C(REINDEX INDEX CONCURRENTLY).
  - Works on one index at a time, looks again before each, and does not begin while somebody works on the table or an
    old transaction would make it wait in vain.
  - Drops the remnant of its own failure, so that it leaves no new invalid index.
options:
  lock_timeout_ms:
    description: Time to wait for a lock; also the age from which another transaction is in the way.
    type: int
    default: 2000
  per_index_seconds:
    description: Time that one index may take.
    type: int
    default: 600
  deadline:
    description: Instant, as RFC 3339 writes it, from which on nothing is begun and at which what runs is ended.
    type: str
extends_documentation_fragment:
  - hasivu.ops.database
  - hasivu.ops.run
attributes:
  check_mode:
    description: Says what would be done with each invalid index, and touches none.
    support: full
  diff_mode:
    description: Shows the invalid indexes before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Mend the invalid indexes
  hasivu.ops.db_index_repair:
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    deadline: "2026-11-29T02:50:00+05:30"
  register: weekly_db_repair
"""

RETURN = r"""
indexes:
  description:
    - The invalid indexes, each with C(action), C(outcome), C(message), C(seconds) and C(bytes).
    - C(action) is V(drop), V(reindex) or V(none).
    - C(outcome) is V(planned), V(dropped), V(rebuilt), V(gone), V(valid), V(busy), V(left), V(blocked),
      V(not_permitted), V(lock_timeout), V(time_capped), V(deferred) or V(failed).
  returned: success
  type: list
  elements: dict
findings:
  description: The indexes that are still invalid, each with C(what), C(where), C(why), C(do) and C(severity).
  returned: success
  type: list
  elements: dict
"""

import traceback
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS, connect
from ansible_collections.hasivu.ops.plugins.module_utils.index_repair import mend, plan, read_indexes
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import (
    RUN_OPTIONS,
    report_progress,
    stop_requested,
)

try:
    import psycopg
except ImportError:
    # `connect` says so before anything of it is used.
    PSYCOPG_IMPORT_ERROR = traceback.format_exc()

OPTIONS: dict[str, dict[str, Any]] = {
    "lock_timeout_ms": {"type": "int", "default": 2000},
    "per_index_seconds": {"type": "int", "default": 600},
    "deadline": {"type": "str"},
}
CHANGED = ("dropped", "rebuilt")
FINE = (*CHANGED, "gone", "valid", "planned")


def main() -> None:
    """Read the options, plan, mend, report."""
    module = AnsibleModule(argument_spec={**CONNECTION_OPTIONS, **RUN_OPTIONS, **OPTIONS}, supports_check_mode=True)
    deadline = read_deadline(module)
    steps: list[dict[str, Any]] = []
    lock_timeout = f"{module.params['lock_timeout_ms']}ms"
    settings = {"lock_timeout": lock_timeout, "client_connection_check_interval": "10s"}
    with connect(module, read_only=module.check_mode, **settings) as connection:
        try:
            steps += plan(read_indexes(connection))
            stopped = None if module.check_mode else work(module, connection, steps, deadline)
        except psycopg.Error as error:
            reason = " ".join(str(error).split())
            module.fail_json(
                msg=f"Mending the indexes was broken off: {reason}. Resume the run.",
                stop="resumable",
                **report(steps, module.check_mode),
            )
    finish(module, steps, stopped)


def read_deadline(module: AnsibleModule) -> datetime | None:
    """Return the deadline, or fail when it is no instant."""
    text = module.params["deadline"]
    if not text:
        return None
    try:
        deadline = datetime.fromisoformat(text)
    except ValueError:
        deadline = datetime.min
    if deadline.tzinfo is None:
        module.fail_json(
            msg=f"The deadline {text} is no instant. Write it as 2026-11-29T02:50:00+05:30.", stop="bad_input"
        )
    return deadline


def work(
    module: AnsibleModule,
    connection: psycopg.Connection[dict[str, Any]],
    steps: list[dict[str, Any]],
    deadline: datetime | None,
) -> str | None:
    """Do one step after another; return why the rest was left, if a stop was asked for."""
    options = module.params
    planned = [step for step in steps if step["outcome"] == "planned"]
    for number, step in enumerate(planned):
        stopped = stop_requested(options["stop_file"])
        if stopped:
            return stopped
        seconds = seconds_for(options["per_index_seconds"], deadline)
        if seconds <= 0:
            step.update(outcome="deferred", message="The time of the run is spent.")
            continue
        report_progress(options["progress_file"], f"Mending index {step['index']}", done=number, total=len(planned))
        connection.execute("SELECT set_config('statement_timeout', %s, false)", [f"{seconds:.0f}s"])
        mend(connection, step, options["lock_timeout_ms"] / 1000)
    return None


def seconds_for(limit: int, deadline: datetime | None) -> float:
    """Return the whole seconds that the next index may take."""
    if deadline is None:
        return limit
    return min(limit, (deadline - datetime.now(UTC)).total_seconds() // 1)


def finish(module: AnsibleModule, steps: list[dict[str, Any]], stopped: str | None) -> None:
    """End the module: as resumable when it was stopped or left a remnant, else as done."""
    result = report(steps, module.check_mode)
    left = [name for step in steps for name in step.get("left_behind", [])]
    if stopped:
        module.fail_json(
            msg=f"Stopped before every index was mended: {stopped}. Resume the run.", stop="resumable", **result
        )
    if left:
        module.fail_json(
            msg=f"The remnant {left[0]} could not be dropped. Resume the run when the table is quiet.",
            stop="resumable",
            **result,
        )
    module.exit_json(**result)


def report(steps: list[dict[str, Any]], check_mode: bool) -> dict[str, Any]:
    """Build the result that the playbook and the record read."""
    counted = ("planned",) if check_mode else CHANGED
    return {
        "changed": any(step["outcome"] in counted for step in steps),
        "indexes": [{name: value for name, value in step.items() if name != "oid"} for step in steps],
        "findings": [still_invalid(step) for step in steps if step["outcome"] not in FINE],
        "diff": {
            "before": "".join(f"{step['index']} is invalid\n" for step in steps),
            "after": "".join(f"{step['index']} {after(step)}\n" for step in steps),
        },
    }


def after(step: dict[str, Any]) -> str:
    """Say what has become of an index, or would."""
    if step["outcome"] == "planned":
        return "would be dropped" if step["action"] == "drop" else "would be rebuilt"
    if step["outcome"] in FINE:
        return f"is {step['outcome']}"
    return f"is still invalid ({step['outcome']})"


def still_invalid(step: dict[str, Any]) -> dict[str, str]:
    """Return the finding on an index that could not be mended."""
    return finding(
        what=f"{step['index']} is still invalid: {step['message']}",
        where=step["index"],
        why="An invalid index costs writes and storage, and helps no query.",
        do="Mend the cause, then run again.",
        severity="low",
    )


if __name__ == "__main__":
    main()
