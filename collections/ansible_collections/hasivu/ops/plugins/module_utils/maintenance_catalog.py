# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The state of a database, read in a handful of queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import maintenance_sql
from ansible_collections.hasivu.ops.plugins.module_utils.database import execute
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_choice import check_patterns
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Plan, Server, Wishes, make_plan
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table
from ansible_collections.hasivu.ops.plugins.module_utils.query_values import json_row

if TYPE_CHECKING:
    import psycopg

OLDEST_VERSION = 150_000
SPARE_CONNECTIONS = 5


def read_server(module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]]) -> dict[str, Any]:
    """Return version, role and settings of the server."""
    return execute(module, connection, maintenance_sql.SERVER, doing="Reading the server's settings").fetchall()[0]


def why_refused(server: dict[str, Any], connections: int) -> list[str]:
    """Return a sentence on everything about the server that forbids a run.

    Args:
        server: What `read_server` returned.
        connections: How many connections the run opens at most.
    """
    left = server["connections_left"]
    rules = [
        (server["in_recovery"], "The server is a standby. Give the address of the primary."),
        (server["version"] < OLDEST_VERSION, "The server is older than PostgreSQL 15. Upgrade it first."),
        (not server["autovacuum"], "autovacuum is off. Switch it on; this run does not replace it."),
        (not server["track_counts"], "track_counts is off, so nothing tells which table is in need. Switch it on."),
        (
            left < connections + SPARE_CONNECTIONS,
            f"Only {left} connections are left and the run may need {connections}. Close idle ones, or lower jobs.",
        ),
    ]
    return [sentence for broken, sentence in rules if broken]


def read_tables(module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]]) -> list[Table]:
    """Return every table that may be maintained."""
    rows = execute(module, connection, maintenance_sql.TABLES, doing="Listing the tables").fetchall()
    return [Table(**{**row, "ancestors": tuple(row["ancestors"])}) for row in rows]


def plan_for(module: AnsibleModule, tables: list[Table], server: dict[str, Any], wishes: Wishes) -> Plan:
    """Return the plan, or fail the module when a pattern names no table."""
    if sentence := check_patterns([*wishes.include, *wishes.exclude], tables):
        module.fail_json(msg=sentence, stop="bad_input")
    return make_plan(tables, Server(server["version"], server["now"], server["stats_reset"]), wishes)


def read_snapshot(
    module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]], **so_far: Any
) -> dict[str, Any]:
    """Return ages, sizes, settings and position of the database, safe for JSON."""
    row = execute(module, connection, maintenance_sql.SNAPSHOT, doing="Taking a snapshot", **so_far).fetchall()[0]
    snapshot: dict[str, Any] = json_row(row)
    return snapshot
