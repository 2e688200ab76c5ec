#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run one query that the server itself keeps from writing."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_query_info
short_description: Run one SELECT in PostgreSQL and return its rows
version_added: 0.1.0
description:
  - Runs one C(SELECT), C(VALUES) or read-only C(WITH) and returns its rows.
  - The query is declared as a cursor in a read-only transaction, so the server refuses anything else,
    such as a second statement, C(ANALYZE), C(DO) or a C(WITH) that deletes.
  - Instants are returned in UTC as ISO 8601 writes them, intervals in seconds, numerics as numbers, bytes as C(\x) and
    hexadecimal digits.
options:
  query:
    description: The query. With arguments, a literal percent sign is written twice.
    type: str
    required: true
  positional_args:
    description: Values for C(%s), in order.
    type: list
    elements: raw
  named_args:
    description: Values for C(%(name)s), by name.
    type: dict
  max_rows:
    description: Fail when the query finds more rows than this, for a shortened answer would look like a whole one.
    type: int
    default: 10000
  timeout_seconds:
    description: Let the server end the query after this time.
    type: int
    default: 60
extends_documentation_fragment:
  - hasivu.ops.database
attributes:
  check_mode:
    description: It only reads, so it does the same in check mode.
    support: full
  diff_mode:
    description: Nothing changes, so there is no difference to show.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Count the orders of one school since Monday
  hasivu.ops.db_query_info:
    host: db.example.com
    database: hasivu
    user: hasivu_monitor
    query: SELECT count(*) AS orders FROM public.orders WHERE school_id = %(school)s AND created_at >= %(since)s
    named_args:
      school: 17
      since: "2026-11-23T00:00:00+05:30"
  register: weekly_orders
"""

RETURN = r"""
rows:
  description: The rows, each a mapping from column to value.
  returned: success
  type: list
  elements: dict
  sample: [{"orders": 4711}]
rowcount:
  description: How many rows there are.
  returned: success
  type: int
  sample: 1
"""

import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS, connect, stop_class
from ansible_collections.hasivu.ops.plugins.module_utils.query_values import json_row

try:
    import psycopg
except ImportError:
    # `connect` says so before anything of it is used.
    PSYCOPG_IMPORT_ERROR = traceback.format_exc()

NOT_A_READ_ONLY_QUERY = ("0A", "22", "25006", "42")
NOT_PERMITTED = "42501"

ADVICE = {
    "bad_input": "Mend the query; it must be one SELECT, VALUES or read-only WITH.",
    "finding": "Check the rights of the role, the time the query takes, and the log of the server.",
    "resumable": "Check the instance and the network, then run again.",
}

OPTIONS: dict[str, dict[str, Any]] = {
    "query": {"type": "str", "required": True},
    "positional_args": {"type": "list", "elements": "raw"},
    "named_args": {"type": "dict"},
    "max_rows": {"type": "int", "default": 10000},
    "timeout_seconds": {"type": "int", "default": 60},
}


def main() -> None:
    """Read the options, ask, report."""
    module = AnsibleModule(
        argument_spec={**CONNECTION_OPTIONS, **OPTIONS},
        mutually_exclusive=[("positional_args", "named_args")],
        supports_check_mode=True,
    )
    with connect(module, read_only=True, statement_timeout=f"{module.params['timeout_seconds']}s") as connection:
        rows = fetch(module, connection)
    module.exit_json(changed=False, rows=[json_row(row) for row in rows], rowcount=len(rows))


def fetch(module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of the query, or fail with the reason why there are none to trust."""
    limit = module.params["max_rows"]
    connection.read_only = True
    try:
        with connection.transaction(), connection.cursor("db_query_info") as cursor:
            cursor.execute(module.params["query"], module.params["positional_args"] or module.params["named_args"])
            check_columns(module, [column.name for column in cursor.description or []])
            rows = cursor.fetchmany(limit + 1)
    except psycopg.Error as error:
        reason = error.diag.message_primary or " ".join(str(error).split())
        module.fail_json(
            msg=f"The query failed: {reason}. {ADVICE[stop_of(error)]}", sqlstate=error.sqlstate, stop=stop_of(error)
        )
    if len(rows) > limit:
        module.fail_json(msg=f"The query finds more than {limit} rows. Narrow it, or raise max_rows.", stop="bad_input")
    return rows


def check_columns(module: AnsibleModule, names: list[str]) -> None:
    """Fail when two columns have one name, for the one would hide the other."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        module.fail_json(msg=f"Two columns are called {twice[0]}. Name each column with AS.", stop="bad_input")


def stop_of(error: psycopg.Error) -> str:
    """Tell a query that is wrong from a server that is lost or a role that may not read."""
    if error.sqlstate is None:
        return "resumable" if isinstance(error, psycopg.OperationalError) else "bad_input"
    if error.sqlstate.startswith(NOT_A_READ_ONLY_QUERY) and error.sqlstate != NOT_PERMITTED:
        return "bad_input"
    return stop_class(error)


if __name__ == "__main__":
    main()
