#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Say which tables need maintenance, and why, without touching one."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_maintenance_info
short_description: Find the PostgreSQL tables that need VACUUM or ANALYZE
version_added: 0.1.0
description:
  - Lists the tables that M(hasivu.ops.db_vacuum) would treat with the same options, in its order, each with the reason.
  - It waits for no lock and works the same way on 10,000 tables.
extends_documentation_fragment:
  - hasivu.ops.database
  - hasivu.ops.maintenance
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
- name: Find the tables that need maintenance
  hasivu.ops.db_maintenance_info:
    host: db.example.com
    database: hasivu
    user: hasivu_monitor
    dead_min: 5000
  register: weekly_db_need
"""

RETURN = r"""
tables:
  description: The tables in need, in the order in which they would be treated.
  returned: success
  type: list
  elements: dict
  contains:
    table: {description: Name as SQL takes it., type: str, sample: public.orders}
    kind: {description: A table or materialized view or partitioned table., type: str}
    need: {description: V(freeze) or V(vacuum) or V(analyze)., type: str}
    emergency: {description: Whether its age is an emergency., type: bool}
    reason: {description: Why it is in need., type: str, sample: "It holds 61,200 dead rows, 23% of its rows."}
    order: {description: Its place., type: int}
    permitted: {description: Whether this role may maintain it., type: bool}
    fits: {description: Whether the time is expected to suffice., type: bool}
    expected_seconds: {description: Time it may take., type: float}
    bytes: {description: Size with indexes and TOAST., type: int}
    rows: {description: Rows by the last count., type: int}
    dead: {description: Dead rows., type: int}
    modified: {description: Rows changed since the last ANALYZE., type: int}
    xid_age: {description: Age of its oldest transaction., type: int}
    xid_limit: {description: Age at which the server forces a vacuum., type: int}
    mxid_age: {description: Age of its oldest multixact., type: int}
    mxid_limit: {description: Age of multixacts at which the server forces a vacuum., type: int}
    locked_by: {description: Who holds a conflicting lock now., type: str}
not_permitted:
  description: Names of the tables in need that this role may not maintain.
  returned: success
  type: list
  elements: str
deferred:
  description: Names of the tables in need that are not expected to fit the time.
  returned: success
  type: list
  elements: str
excluded:
  description: Tables in need that are left alone, with the reason.
  returned: success
  type: list
  elements: dict
statistics_reliable:
  description: Whether the server's counters can be believed.
  returned: success
  type: bool
statistics_reasons:
  description: What that verdict rests on.
  returned: success
  type: list
  elements: str
refusals:
  description: What about the server forbids a run; empty when nothing does.
  returned: success
  type: list
  elements: str
alerts:
  description: Ages that come near the end of the transaction ids, and tables deferred twice in a row.
  returned: success
  type: list
  elements: dict
ages:
  description: Age in transactions and multixacts of each database.
  returned: success
  type: dict
settings:
  description: The settings of the server that maintenance depends on.
  returned: success
  type: dict
checked:
  description: How many tables were looked at.
  returned: success
  type: int
deadline:
  description: When everything would have to end, and by what.
  returned: success
  type: str
"""

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS, connect
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_catalog import (
    plan_for,
    read_server,
    read_snapshot,
    read_tables,
    why_refused,
)
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_options import (
    CHOICE_OPTIONS,
    argument_spec,
    check_bounds,
    window,
    wishes,
)
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_report import (
    exclusion_row,
    find_alerts,
    job_rows,
    repeated_deferrals,
)
from ansible_collections.hasivu.ops.plugins.module_utils.query_values import json_instant

if TYPE_CHECKING:
    import psycopg


def main() -> None:
    """Read the options, look, report."""
    module = AnsibleModule(argument_spec=argument_spec(CONNECTION_OPTIONS, CHOICE_OPTIONS), supports_check_mode=True)
    check_bounds(module, CHOICE_OPTIONS)
    with connect(module, read_only=True) as connection:
        result = look(module, connection)
    module.exit_json(changed=False, **result)


def look(module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]]) -> dict[str, Any]:
    """Return what is in need, and what stands in the way."""
    given = module.params
    time_left = window(module)
    server = read_server(module, connection)
    tables = read_tables(module, connection)
    plan = plan_for(module, tables, server, wishes(given, time_left.remaining()))
    snapshot = read_snapshot(module, connection)
    rows = job_rows(plan)
    deferred = [row["table"] for row in rows if not row["fits"]]
    alerts = find_alerts(tables, snapshot["ages"], given["emergency_warn_age"], given["emergency_age"])
    return {
        "tables": rows,
        "not_permitted": [row["table"] for row in rows if not row["permitted"]],
        "deferred": deferred,
        "excluded": [exclusion_row(exclusion) for exclusion in plan.excluded],
        "statistics_reliable": plan.statistics.reliable,
        "statistics_reasons": list(plan.statistics.reasons),
        "refusals": why_refused(server, given["jobs"] + 1),
        "alerts": alerts + repeated_deferrals(deferred, given["previous_tables"]),
        "ages": snapshot["ages"],
        "settings": snapshot["settings"],
        "checked": len(tables),
        "deadline": f"{json_instant(time_left.deadline)}, {time_left.reason}",
    }


if __name__ == "__main__":
    main()
