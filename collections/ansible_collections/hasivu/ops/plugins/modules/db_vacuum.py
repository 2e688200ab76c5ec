#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Vacuum, freeze and analyse the tables that need it, within a time and without standing in anybody's way."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_vacuum
short_description: Vacuum and analyse the PostgreSQL tables that need it
version_added: 0.1.0
description:
  - Finds the tables in need and treats them in order of need, several at a time, cooperating with autovacuum, DDL and
    replicas.
  - One run at a time works on a database; a second one fails and names the first.
  - A table that could not be treated does not fail the module but stands in RV(summary.missed), for the play to judge.
    What did not fit the time stands in RV(summary.deferred_tables).
options:
  parallel_per_table:
    description: Workers for the indexes of one table; 0 to 4.
    type: int
    default: 2
  lock_timeout_ms:
    description: How long a statement waits for a lock; 100 to 10000.
    type: int
    default: 2000
  retry_pause_s:
    description: Seconds before a table that was locked is tried again.
    type: int
    default: 5
  cost_delay_ms:
    description: Pause of a vacuum each time that it has used up O(cost_limit); 0 to 20.
    type: int
    default: 2
  cost_limit:
    description: Cost, as C(vacuum_cost_limit) counts it, between two pauses; 100 to 10000.
    type: int
    default: 2000
  maintenance_work_mem_mb:
    description: Memory for dead rows of each session; never less than the server's own setting.
    type: int
    default: 256
  buffer_usage_limit_mb:
    description: Part of the shared buffers that a statement may use, from PostgreSQL 16 on.
    type: int
    default: 16
  max_replica_lag_s:
    description: Seconds a replica may be behind; beyond it no table is started. 1 to 600.
    type: int
    default: 60
  watch_interval_s:
    description: Seconds between two looks at progress, replicas and waiting sessions.
    type: int
    default: 5
  limit_grace_s:
    description: Seconds for which a limit may be exceeded before our own statements are cancelled.
    type: int
    default: 60
  stop_grace_s:
    description: Seconds that running statements have to end once O(stop_file) appears, before they are cancelled.
    type: int
    default: 10
  resumed_application_name:
    description: O(application_name) of an interrupted run, whose sessions must be gone before this one starts.
    type: str
extends_documentation_fragment:
  - hasivu.ops.database
  - hasivu.ops.maintenance
  - hasivu.ops.run
attributes:
  check_mode:
    description: Returns the plan and writes nothing.
    support: full
  diff_mode:
    description: Shows dead rows and ages of each table in need before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Vacuum and analyse every table in need, until 02:50 at the latest
  hasivu.ops.db_vacuum:
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    budget_min: 45
    hard_stop: "02:50"
    application_name: hasivu-ops/weekly-db/20261122T203000Z-weekly-db-production-4f1c
  register: weekly_db_vacuum

- name: Freeze the ledger before its time
  hasivu.ops.db_vacuum:
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    include: [public.ledger]
    freeze_fraction: 0.3
"""

RETURN = r"""
tables:
  description: The tables in need, in the order of their need.
  returned: success, and failure once tables were treated
  type: list
  elements: dict
  contains:
    table: {description: Name as SQL takes it., type: str, sample: public.orders}
    need: {description: V(freeze) or V(vacuum) or V(analyze)., type: str}
    reason: {description: Why it was in need., type: str}
    outcome:
      description:
        - V(done), V(ineffective), V(skipped_locked), V(lock_timeout), V(time_capped), V(deferred), V(not_permitted),
          V(failed) or V(gone); in check mode V(planned), V(deferred) or V(not_permitted).
      type: str
    missed: {description: Whether it is still in need and time was not the reason., type: bool}
    message: {description: What the outcome means here., type: str}
    blocker: {description: What kept a vacuum from its effect., type: str}
    seconds: {description: Time spent on it., type: float}
    dead_before: {description: Dead rows before., type: int}
    dead_after: {description: Dead rows after., type: int}
    xid_age_before: {description: Age before., type: int}
    xid_age_after: {description: Age after., type: int}
    pages_before: {description: Pages of its rows before., type: int}
    pages_after: {description: Pages of its rows after., type: int}
summary:
  description:
    - Numbers of each outcome, C(missed) and C(deferred_tables) as names, C(goal_reached), C(budget_spent), seconds,
      bytes of WAL that the whole server wrote meanwhile, and a C(sentence).
  returned: success, and failure once tables were treated
  type: dict
planned:
  description: What would be done to each table, for a plan; without dead rows and ages, which move on by themselves.
  returned: success, in check mode
  type: dict
excluded:
  description: Tables in need that were left alone, with the reason.
  returned: success
  type: list
  elements: dict
statistics_reliable:
  description: Whether the server's counters could be believed.
  returned: success
  type: bool
statistics_reasons:
  description: What that verdict rests on.
  returned: success
  type: list
  elements: str
deadline:
  description: When the time of the run is over, as RFC 3339.
  returned: success
  type: str
findings:
  description:
    - Ages near the end of the transaction ids before the run, and tables deferred twice in a row, each with C(what),
      C(where), C(why), C(do) and C(severity).
  returned: success
  type: list
  elements: dict
before:
  description: Ages, sizes, settings, position and the tables that held dead rows before the run.
  returned: success
  type: dict
after:
  description: The same after the run.
  returned: success, not in check mode
  type: dict
notes:
  description: What else happened, such as sessions of an interrupted run that had to be ended.
  returned: success
  type: list
  elements: str
holder:
  description: Who holds the lock of weekly-db.
  returned: when another run holds it
  type: dict
"""

import time
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
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_lock import end_leftovers, take_lock
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_options import VACUUM_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_outcome import carry_out, rehearse
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_start import Start

if TYPE_CHECKING:
    import psycopg


def main() -> None:
    """Read the options, get ready, and rehearse or carry out."""
    module = AnsibleModule(
        argument_spec=argument_spec(CONNECTION_OPTIONS, RUN_OPTIONS, CHOICE_OPTIONS, VACUUM_OPTIONS),
        supports_check_mode=True,
    )
    check_bounds(module, CHOICE_OPTIONS, VACUUM_OPTIONS)
    with connect(module, read_only=module.check_mode, idle_session_timeout="0") as connection:
        start = get_ready(module, connection)
        result = rehearse(module, start) if module.check_mode else carry_out(module, connection, start)
    module.exit_json(**result)


def get_ready(module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]]) -> Start:
    """Refuse what must not run, take the lock, and make the plan."""
    started = time.monotonic()
    time_left = window(module)
    if time_left.remaining() == 0:
        sentence = f"The time of the run was over at {time_left.deadline:%H:%M} UTC, by {time_left.reason}."
        module.fail_json(msg=f"{sentence} Run again in the next window.", stop="budget")
    notes = end_leftovers(module, connection, module.params["resumed_application_name"])
    take_lock(module, connection)
    server = read_server(module, connection)
    if refusals := why_refused(server, module.params["jobs"]):
        module.fail_json(msg=" ".join(refusals), stop="refused")
    tables = read_tables(module, connection)
    plan = plan_for(module, tables, server, wishes(module.params, time_left.remaining()))
    before = read_snapshot(module, connection)
    return Start(started, time_left, server, tables, plan, before, notes)


if __name__ == "__main__":
    main()
