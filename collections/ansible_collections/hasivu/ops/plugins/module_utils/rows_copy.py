# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Copying reviewed rows back into production: exactly those, all or none, and only over what was reviewed."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rows_table import Table, Values, parents_first, read_values

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

INSERT = "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({values}) ON CONFLICT ({key}) DO NOTHING"
UPDATE = "UPDATE {table} SET {changes} WHERE {is_row} AND {is_reviewed}"


class CopyError(Exception):
    """Raised when production is no longer what was reviewed, so that nothing is copied."""


def copy_back(
    production: Any, copy: Any, tables: dict[str, Table], review: dict[str, Any]
) -> dict[str, dict[str, int]]:
    """Copy the reviewed rows of all tables in one transaction, and return how many were put back and changed back.

    Raises:
        CopyError: A row is no longer what was reviewed, or the copy lacks it.
        psycopg.Error: Production refused; nothing was copied.
        ValueError: The tables refer to each other in a circle.
    """
    done = {}
    with production.transaction():
        for name in parents_first(production, list(tables)):
            done[name] = copy_table(production, copy, tables[name], review["tables"][name])
    return done


def planned(production: Any, copy: Any, table: Table, reviewed: dict[str, Any]) -> dict[str, int]:
    """Return how many reviewed rows of a table are still to be put back and changed back."""
    deleted, changed = reviewed.get("deleted", []), reviewed.get("changed", [])
    keys = [*deleted, *(entry["key"] for entry in changed)]
    past, now = (read_values(side, table, keys) for side in (copy, production))
    return {
        "inserted": sum(json.dumps(key) not in now for key in deleted),
        "updated": sum(
            any(now.get(key, {}).get(name) != past.get(key, {}).get(name) for name in entry["columns"])
            for entry in changed
            for key in [json.dumps(entry["key"])]
        ),
    }


def copy_table(production: Any, copy: Any, table: Table, reviewed: dict[str, Any]) -> dict[str, int]:
    """Copy the reviewed rows of one table, and compare them with the copy before anything is kept."""
    deleted, changed = reviewed.get("deleted", []), reviewed.get("changed", [])
    keys = [*deleted, *(entry["key"] for entry in changed)]
    past = read_values(copy, table, keys)
    lacking = [key for key in keys if json.dumps(key) not in past]
    if lacking:
        raise CopyError(f"The copy has no row {lacking[0]} of {table.name}")
    counts = {
        "inserted": sum(insert(production, table, past[json.dumps(key)]) for key in deleted),
        "updated": sum(
            update(production, table, reviewed["columns"], entry, past[json.dumps(entry["key"])]) for entry in changed
        ),
    }
    check(production, table, {json.dumps(key): None for key in deleted}, past)
    check(production, table, {json.dumps(entry["key"]): entry["columns"] for entry in changed}, past)
    return counts


def insert(production: Any, table: Table, values: Values) -> int:
    """Put a deleted row back; one that is there again stays, and its comparison with the copy decides."""
    statement = sql.SQL(INSERT).format(
        table=table.sql_name,
        columns=sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        values=sql.SQL(", ").join(sql.SQL("%s::{}").format(sql.SQL(kind)) for kind in table.columns.values()),
        key=sql.SQL(", ").join(map(sql.Identifier, table.key)),
    )
    return int(production.execute(statement, [values[name] for name in table.columns]).rowcount)


def update(production: Any, table: Table, hashed: list[str], entry: dict[str, Any], values: Values) -> int:
    """Change the reviewed columns of a row back, if the others are still what they were at the review."""
    now = read_values(production, table, [entry["key"]]).get(json.dumps(entry["key"]))
    if now is not None and all(now[name] == values[name] for name in entry["columns"]):
        return 0  # an earlier run did it
    is_row = sql.SQL(" AND ").join(
        sql.SQL("{} = %s::{}").format(sql.Identifier(name), sql.SQL(table.columns[name])) for name in table.key
    )
    changes = [
        sql.SQL("{} = %s::{}").format(sql.Identifier(name), sql.SQL(table.columns[name])) for name in entry["columns"]
    ]
    statement = sql.SQL(UPDATE).format(
        table=table.sql_name,
        changes=sql.SQL(", ").join(changes),
        is_row=is_row,
        is_reviewed=sql.SQL("hashtextextended(ROW({})::text, 0) = %s").format(
            sql.SQL(", ").join(map(sql.Identifier, hashed))
        ),
    )
    key = [values[name] for name in table.key]
    done = production.execute(statement, [*(values[name] for name in entry["columns"]), *key, int(entry["hash"])])
    if done.rowcount != 1:
        raise CopyError(f"The row {entry['key']} of {table.name} was changed after the review")
    return 1


def check(production: Any, table: Table, columns: dict[str, list[str] | None], past: dict[str, Values]) -> None:
    """Compare what production now has with the copy, before the transaction ends.

    Raises:
        CopyError: A row is not what it was.
    """
    present = read_values(production, table, [json.loads(key) for key in columns])
    for key, names in columns.items():
        row = present.get(key)
        if row is None or any(row[name] != past[key][name] for name in names or table.columns):
            raise CopyError(f"The row {key} of {table.name} is not what it was, for somebody made it anew")
