#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Examine the indexes of a database and advise; nothing is changed."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_index_info
short_description: Find invalid, duplicate, unused, missing and bloated indexes
version_added: 0.1.0
description:
  - Lists the indexes that are invalid, that do the same as another one, that are covered by a longer one, that no query
    has used, and that a foreign key lacks; and the tables and B-tree indexes that are mostly empty.
  - What a constraint, a foreign key, replication or a partitioned index needs is never called superfluous.
  - Whether an index is unused is said only when use has been counted for O(unused_days) days. Replicas count for
    themselves and are not asked; the sentence then says so.
  - Bloat is estimated from statistics. The O(confirm) largest candidates are measured where the extension
    C(pgstattuple) is there and the role may use it.
  - Sizes are those of the last VACUUM or ANALYZE, so that nothing waits for a lock.
options:
  unused_days:
    description: Days without use after which an index is called unused.
    type: int
    default: 30
  bloat_fraction:
    description: Part of a table or index that must be empty before it is called bloated.
    type: float
    default: 0.3
  bloat_min_bytes:
    description: Bytes that must be empty before a table or index is called bloated.
    type: int
    default: 8388608
  confirm:
    description: How many candidates are measured; V(0) measures none.
    type: int
    default: 10
  confirm_max_bytes:
    description: Larger tables and indexes are not measured, because that reads them.
    type: int
    default: 1073741824
  confirm_seconds:
    description: Time that one measurement may take.
    type: int
    default: 20
  limit:
    description: Entries of each list, the largest first; C(notes) says how many more there are.
    type: int
    default: 100
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
- name: Examine the indexes
  hasivu.ops.db_index_info:
    host: db.example.com
    database: hasivu
    user: hasivu_maint
  register: weekly_db_indexes
"""

RETURN = r"""
invalid:
  description: Invalid indexes; C(mend) is V(drop), V(reindex), V(attach) or V(wait).
  returned: success
  type: list
  elements: dict
duplicates:
  description: Indexes that do exactly what another one does, named in C(kept).
  returned: success
  type: list
  elements: dict
redundant:
  description: Indexes covered by a longer or a unique one, named in C(kept).
  returned: success
  type: list
  elements: dict
unused:
  description: Indexes without use.
  returned: success
  type: list
  elements: dict
missing_fk:
  description: Foreign keys without an index.
  returned: success
  type: list
  elements: dict
bloat:
  description: Tables and B-tree indexes estimated or measured to be mostly empty, most bytes first.
  returned: success
  type: list
  elements: dict
statistics:
  description: Since when use has been counted, whether that is long enough, and how many replicas were not asked.
  returned: success
  type: dict
notes:
  description: What could not be told, and why.
  returned: success
  type: list
  elements: str
findings:
  description: All of it as advice, each with C(what), C(where), C(why), C(do) and C(severity), largest first.
  returned: success
  type: list
  elements: dict
"""

import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import index_advice as advice
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS, connect, execute
from ansible_collections.hasivu.ops.plugins.module_utils.index_bloat import (
    MEASURES,
    WIDTHS,
    BloatLimits,
    estimate,
    measured_bytes,
    worth_a_word,
)
from ansible_collections.hasivu.ops.plugins.module_utils.index_catalog import (
    DEFINITIONS,
    FOREIGN_KEYS,
    STATISTICS,
    ForeignKey,
    Index,
    index_query,
    with_partitions,
)
from ansible_collections.hasivu.ops.plugins.module_utils.index_report import (
    bloat_reason,
    index_findings,
    shorten,
    statistics_notes,
)
from ansible_collections.hasivu.ops.plugins.module_utils.query_values import json_row

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `connect` says so before anything of it is used.
    PSYCOPG_IMPORT_ERROR = traceback.format_exc()

OPTIONS: dict[str, dict[str, Any]] = {
    "unused_days": {"type": "int", "default": 30},
    "bloat_fraction": {"type": "float", "default": 0.3},
    "bloat_min_bytes": {"type": "int", "default": 8 * 1024 * 1024},
    "confirm": {"type": "int", "default": 10},
    "confirm_max_bytes": {"type": "int", "default": 1024 * 1024 * 1024},
    "confirm_seconds": {"type": "int", "default": 20},
    "limit": {"type": "int", "default": 100},
}
KINDS = ("invalid", "duplicates", "redundant", "unused", "missing_fk", "bloat")


def main() -> None:
    """Read the options, examine, report."""
    module = AnsibleModule(argument_spec={**CONNECTION_OPTIONS, **OPTIONS}, supports_check_mode=True)
    with connect(module, read_only=True, lock_timeout="1s") as connection:
        statistics = read_statistics(module, connection)
        health = examine(module, connection, statistics)
        bloat, notes = examine_bloat(module, connection)
    health["bloat"] = bloat
    notes += shorten(health, module.params["limit"])
    module.exit_json(
        changed=False,
        **{kind: [json_row(item) for item in health[kind]] for kind in KINDS},
        statistics=statistics_result(statistics),
        notes=[*notes, *statistics_notes(statistics)],
        findings=index_findings(health),
    )


def rows(module: AnsibleModule, connection: Any, statement: Any, parameters: Any, doing: str) -> list[dict[str, Any]]:
    """Return the rows of one query."""
    return list(execute(module, connection, statement, parameters, doing=doing).fetchall())


def read_statistics(module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]]) -> advice.Statistics:
    """Return for how long this server has counted the use of indexes."""
    row = rows(module, connection, STATISTICS, None, "Reading the age of the statistics")[0]
    return advice.Statistics(**row, wanted_days=module.params["unused_days"])


def examine(
    module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]], statistics: advice.Statistics
) -> dict[str, list[dict[str, Any]]]:
    """Return what the catalogs and counters tell of the indexes."""
    query = index_query(connection.info.server_version)
    indexes = with_partitions([Index(**row) for row in rows(module, connection, query, None, "Reading the indexes")])
    keys = [ForeignKey(**row) for row in rows(module, connection, FOREIGN_KEYS, None, "Reading the foreign keys")]
    health = {
        "invalid": advice.invalid(indexes),
        "duplicates": advice.duplicates(indexes),
        "redundant": advice.redundant(indexes),
        "missing_fk": advice.missing(indexes, keys),
    }
    named = {item["oid"] for kind in KINDS[:3] for item in health[kind]}
    health["unused"] = advice.unused([index for index in indexes if index.oid not in named], keys, statistics)
    add_definitions(connection, [item for kind in KINDS[:4] for item in health[kind]])
    return health


def add_definitions(connection: psycopg.Connection[dict[str, Any]], items: list[dict[str, Any]]) -> None:
    """Add to each index the statement that makes it, so that what is dropped can be made again.

    The server locks a table to print an expression of it, so a table that somebody works on is left out.
    """
    numbers = [item["oid"] for item in items if not item["busy"]]
    try:
        found = connection.execute(DEFINITIONS, [numbers]).fetchall()
    except psycopg.errors.LockNotAvailable:
        found = []
    definitions = {row["oid"]: row["definition"] for row in found}
    for item in items:
        item["definition"] = definitions.get(item.pop("oid")) or "unknown, for somebody works on the table"


def examine_bloat(
    module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the bloated tables and indexes, most bytes first, and what could not be told."""
    limits = BloatLimits(module.params["bloat_fraction"], module.params["bloat_min_bytes"])
    relations = rows(module, connection, WIDTHS, {"min_bytes": limits.bytes}, "Estimating bloat")
    estimates = [estimate(relation) for relation in relations]
    candidates = [found for found in estimates if found and worth_a_word(found, limits)]
    unmeasured = confirm(module, connection, sorted(candidates, key=lambda found: -found["bytes"]))
    for found in candidates:
        found.update(worth_a_word=worth_a_word(found, limits), reason=bloat_reason(found))
    unknown = estimates.count(None)
    notes = [f"{unknown} tables or indexes have no statistics that this role may read, so their bloat is unknown."]
    return sorted(candidates, key=lambda found: -found["estimated_bytes"]), (notes if unknown else []) + unmeasured


def confirm(
    module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]], candidates: list[dict[str, Any]]
) -> list[str]:
    """Measure the largest candidates; return why that was not possible, if it was not."""
    measures = {row["name"]: row for row in rows(module, connection, MEASURES, None, "Looking for pgstattuple")}
    if not measures and candidates:
        return ["Bloat is estimated only: the extension pgstattuple is not there, or this role may not use it."]
    timeout = str(module.params["confirm_seconds"] * 1000)
    rows(module, connection, "SELECT set_config('statement_timeout', %s, false)", [timeout], "Setting the timeout")
    for found in candidates[: module.params["confirm"]]:
        if found["bytes"] > module.params["confirm_max_bytes"]:
            found["note"] = "too large to be measured"
        else:
            measure(connection, found, measures)
    return []


def measure(
    connection: psycopg.Connection[dict[str, Any]], found: dict[str, Any], measures: dict[str, dict[str, Any]]
) -> None:
    """Measure one table or index; whatever hinders that is noted, and the estimate stays."""
    name = "pgstatindex" if found["kind"] == "index" else "pgstattuple_approx"
    if name not in measures:
        found["note"] = f"{name} is not permitted"
        return
    statement = sql.SQL("SELECT * FROM {}(%s::oid::regclass)").format(sql.Identifier(measures[name]["schema"], name))
    try:
        row = connection.execute(statement, [found["oid"]]).fetchone()
    except psycopg.Error as error:
        found["note"] = f"not measured: {error.diag.message_primary or 'the server is lost'}"
        return
    found["confirmed_bytes"] = measured_bytes(found, row) if row else None


def statistics_result(statistics: advice.Statistics) -> dict[str, Any]:
    """Return the age of the statistics for the report."""
    return json_row(
        {
            "since": statistics.since,
            "days": round(statistics.days, 1),
            "old_enough": statistics.old_enough,
            "replicas": statistics.replicas,
        }
    )


if __name__ == "__main__":
    main()
