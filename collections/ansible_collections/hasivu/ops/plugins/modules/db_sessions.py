#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find the sessions that have lasted too long and whatever holds back dead rows, and act as the policy allows."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_sessions
short_description: Find sessions that last too long, and cancel or end them as the policy allows
version_added: 0.1.0
description:
  - Lists the sessions with a query or transaction older than O(report_minutes), those that block them, and whatever
    holds back the removal of dead rows, such as a prepared transaction, a replication slot or a standby.
  - Only sessions of O(application_roles) are ever touched. Dumps, bulk copies, migrations, schema changes, other runs
    of hasivu-ops, superusers, autovacuum, replication and the provider's own sessions are reported.
  - An active query is judged by its own age, an open transaction by the time for which it has been idle.
  - A session is ended only if it is still the one that was judged, with the same pid, start, user, state and time of
    entering that state. The server checks this in the same statement.
  - Of a query only its first word and its identifier are returned, never its text.
options:
  policy:
    description: How far the module may go. V(cancel) ends queries, V(terminate) ends sessions as well.
    type: str
    choices: ["off", cancel, terminate]
    default: "off"
  application_roles:
    description: Roles of the application; their members count as well.
    type: list
    elements: str
    default: [hasivu_app]
  migration_patterns:
    description: Shell patterns of the application or user names of migrations; upper and lower case are the same.
    type: list
    elements: str
    default: ["*migrat*", "flyway*", "liquibase*", "alembic*"]
  report_minutes:
    description: A session is reported from this age on.
    type: float
    default: 5
  act_minutes:
    description: From this age on a query is cancelled, and an open transaction that does harm is ended.
    type: float
    default: 15
  end_minutes:
    description: From this age on a session is ended.
    type: float
    default: 30
  blocked_sessions:
    description: A reported session that blocks more sessions than this is treated as if it were O(end_minutes) old.
    type: int
    default: 5
  horizon_minutes:
    description: An open transaction that holds back dead rows for this long does harm.
    type: float
    default: 60
  holder_minutes:
    description: Whatever holds back dead rows for longer than this limits a vacuum.
    type: float
    default: 30
  holder_transactions:
    description: Limit in transactions for holders whose age is not known, such as a standby.
    type: int
    default: 1000000
  cancel_wait_seconds:
    description: Time that a cancelled query is given to end.
    type: float
    default: 30
extends_documentation_fragment:
  - hasivu.ops.database
  - hasivu.ops.run
attributes:
  check_mode:
    description: Says which sessions would be cancelled or ended, and touches none.
    support: full
  diff_mode:
    description: Shows the sessions acted on, before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Cancel application queries that have run for 15 minutes, and end nothing
  hasivu.ops.db_sessions:
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    policy: cancel
  register: weekly_db_sessions
"""

RETURN = r"""
sessions:
  description:
    - The sessions, oldest transaction first, each with who it is, what it does, its C(kind), its ages in seconds,
      C(blocked_by), C(blocks), C(query_id), C(permitted), C(action), C(reason) and C(outcome).
    - C(action) is one of V(report), V(page_owner), V(cancel) and V(terminate).
    - C(outcome) is one of V(none), V(cancelled), V(terminated), V(gone), V(not_ended) and V(not_permitted).
  returned: success
  type: list
  elements: dict
holders:
  description: Whatever holds back dead rows after the module has acted, oldest first; C(limits) if it matters.
  returned: success
  type: list
  elements: dict
horizon_limited:
  description: Whether a vacuum of ordinary tables will achieve less because of a holder.
  returned: success
  type: bool
diagnosis:
  description: What C(postgres_get_av_diag) of the extension C(rds_tools) says, where the server has it.
  returned: success
  type: list
  elements: dict
findings:
  description: What a person must see to, each with C(what), C(where), C(why), C(do) and C(severity).
  returned: success
  type: list
  elements: dict
"""

import traceback
from functools import partial
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS, connect, execute
from ansible_collections.hasivu.ops.plugins.module_utils.query_values import json_row
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import (
    RUN_OPTIONS,
    report_progress,
    stop_requested,
)
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_action import NOT_PERMITTED, act
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_holders import (
    HolderLimits,
    holder_findings,
    horizon_limited,
    judge_holders,
)
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_policy import POLICIES, Limits
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_report import (
    difference,
    has_changed,
    judge,
    public,
    session_findings,
)
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_sql import (
    AV_DIAG_FUNCTION,
    HIDDEN_SESSIONS,
    HOLDERS,
    SESSIONS,
)

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `connect` says so before anything of it is used.
    PSYCOPG_IMPORT_ERROR = traceback.format_exc()

OPTIONS: dict[str, dict[str, Any]] = {
    "policy": {"type": "str", "choices": list(POLICIES), "default": "off"},
    "application_roles": {"type": "list", "elements": "str", "default": ["hasivu_app"]},
    "migration_patterns": {
        "type": "list",
        "elements": "str",
        "default": ["*migrat*", "flyway*", "liquibase*", "alembic*"],
    },
    "report_minutes": {"type": "float", "default": 5},
    "act_minutes": {"type": "float", "default": 15},
    "end_minutes": {"type": "float", "default": 30},
    "blocked_sessions": {"type": "int", "default": 5},
    "horizon_minutes": {"type": "float", "default": 60},
    "holder_minutes": {"type": "float", "default": 30},
    "holder_transactions": {"type": "int", "default": 1_000_000},
    "cancel_wait_seconds": {"type": "float", "default": 30},
}


def main() -> None:
    """Read the options, look, act, report."""
    module = AnsibleModule(argument_spec={**CONNECTION_OPTIONS, **RUN_OPTIONS, **OPTIONS}, supports_check_mode=True)
    # Ending a session writes no data, so even this module works in a session that cannot write.
    with connect(module, read_only=True) as connection:
        sessions = judge(read_sessions(module, connection), limits_of(module.params))
        stopped = None if module.check_mode else act_on(module, connection, sessions)
        result = report(module, connection, sessions)
    if stopped:
        module.fail_json(
            msg=f"Stopped while sessions were being ended: {stopped}. Resume the run.", stop="resumable", **result
        )
    module.exit_json(**result)


def limits_of(options: dict[str, Any]) -> Limits:
    """Return the limits that the options set."""
    return Limits(
        policy=options["policy"],
        report_seconds=options["report_minutes"] * 60,
        act_seconds=options["act_minutes"] * 60,
        end_seconds=options["end_minutes"] * 60,
        horizon_seconds=options["horizon_minutes"] * 60,
        blocked_sessions=options["blocked_sessions"],
        migrations=tuple(options["migration_patterns"]),
    )


def read_sessions(module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the sessions that have lasted too long, and those that block them."""
    parameters = {
        "report_seconds": module.params["report_minutes"] * 60,
        "application_roles": module.params["application_roles"],
    }
    return execute(module, connection, SESSIONS, parameters, doing="Reading the sessions").fetchall()


def act_on(
    module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]], sessions: list[dict[str, Any]]
) -> str | None:
    """End what is to be ended, and return why it was broken off, if it was."""
    planned = [session for session in sessions if session["action"] in ("cancel", "terminate")]
    if not planned:
        return None
    report_progress(module.params["progress_file"], f"Ending {len(planned)} sessions", total=len(planned))
    stopped = partial(stop_requested, module.params["stop_file"])
    return act(planned, partial(ask, module, connection, sessions), module.params["cancel_wait_seconds"], stopped)


def ask(
    module: AnsibleModule,
    connection: psycopg.Connection[dict[str, Any]],
    sessions: list[dict[str, Any]],
    statement: str,
    session: dict[str, Any],
) -> list[dict[str, Any]]:
    """Run a statement on one session; a lost server fails the module with what was done so far.

    Raises:
        PermissionError: The role may not end the session.
    """
    try:
        return connection.execute(statement, session).fetchall()
    except psycopg.Error as error:
        if error.sqlstate == NOT_PERMITTED:
            raise PermissionError(str(error)) from error
        module.fail_json(
            msg=f"Ending session {session['pid']} failed: {' '.join(str(error).split())}",
            stop="resumable",
            changed=has_changed(sessions, check_mode=False),
            sessions=[public(session) for session in sessions],
        )


def report(
    module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]], sessions: list[dict[str, Any]]
) -> dict[str, Any]:
    """Build the result that the playbook and the record read."""
    holders = read_holders(module, connection)
    hidden = execute(module, connection, HIDDEN_SESSIONS, doing="Counting hidden sessions").fetchone()["hidden"]
    return {
        "changed": has_changed(sessions, module.check_mode),
        "sessions": [public(session) for session in sessions],
        "holders": [json_row(holder) for holder in holders],
        "horizon_limited": horizon_limited(holders),
        "diagnosis": read_diagnosis(module, connection),
        "findings": session_findings(sessions, hidden) + holder_findings(holders),
        "diff": difference(sessions),
    }


def read_holders(module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return whatever holds back dead rows, with a judgement on each."""
    statement = HOLDERS[connection.info.server_version >= 170000]
    holders = execute(module, connection, statement, doing="Reading what holds back dead rows").fetchall()
    options = module.params
    return judge_holders(holders, HolderLimits(options["holder_minutes"] * 60, options["holder_transactions"]))


def read_diagnosis(module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what Amazon RDS itself says holds autovacuum back, where it offers that."""
    function = execute(module, connection, AV_DIAG_FUNCTION, doing="Looking for rds_tools").fetchone()
    if function is None:
        return []
    statement = sql.SQL("SELECT * FROM {}()").format(sql.Identifier(function["schema"], function["name"]))
    rows = execute(module, connection, statement, doing="Asking postgres_get_av_diag").fetchall()
    return [json_row(row) for row in rows]


if __name__ == "__main__":
    main()
