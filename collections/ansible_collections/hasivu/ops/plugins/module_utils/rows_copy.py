# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Copying reviewed rows back into production: exactly those, all or none, and only over what was reviewed."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rows_kept import INSERTED, UPDATED, Kept, counted, keep
from ansible_collections.hasivu.ops.plugins.module_utils.rows_table import (
    CopyError,
    Table,
    Values,
    parents_first,
    read_hashes,
    read_values,
)

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

INSERT = "INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE VALUES ({values}) ON CONFLICT ({key}) DO NOTHING"
UPDATE = "UPDATE {table} SET {changes} WHERE {is_row} AND {is_reviewed}"


def copy_back(
    production: Any, copy: Any, tables: dict[str, Table], review: dict[str, Any], schema: str | None
) -> dict[str, dict[str, int]]:
    """Copy the reviewed rows of all tables in one transaction, and return how many were put back and changed back.

    What was overwritten is kept in a schema, if one is named.

    Raises:
        CopyError: A row is no longer what was reviewed, or the copy lacks it.
        psycopg.Error: Production refused; nothing was copied.
        ValueError: The tables refer to each other in a circle.
    """
    done: list[Kept] = []
    with production.transaction():
        for name in parents_first(production, list(tables)):
            done += copy_table(production, copy, tables[name], review["tables"][name])
        if schema:
            keep(production, schema, tables, done)
    return {name: {INSERTED: 0, UPDATED: 0} for name in tables} | counted(done)


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


def copy_table(production: Any, copy: Any, table: Table, reviewed: dict[str, Any]) -> list[Kept]:
    """Copy the reviewed rows of one table, and compare them with the copy before anything is kept."""
    deleted, changed = reviewed.get("deleted", []), reviewed.get("changed", [])
    keys = [*deleted, *(entry["key"] for entry in changed)]
    past = read_values(copy, table, keys)
    lacking = [key for key in keys if json.dumps(key) not in past]
    if lacking:
        raise CopyError(f"The copy has no row {lacking[0]} of {table.name}")
    hashed = reviewed["columns"]
    read_hashes(production, table, hashed, keys, lock=True)  # whoever works on them ends first, and then waits
    now = read_values(production, table, [entry["key"] for entry in changed])
    done = [one for key in deleted if (one := insert(production, table, hashed, past[json.dumps(key)], key))]
    done += [one for entry in changed if (one := update(production, table, hashed, entry, past, now))]
    check(production, table, {json.dumps(key): None for key in deleted}, past)
    check(production, table, {json.dumps(entry["key"]): entry["columns"] for entry in changed}, past)
    return done


def insert(production: Any, table: Table, hashed: list[str], values: Values, key: list[Any]) -> Kept | None:
    """Put a deleted row back; one that is there again stays, and its comparison with the copy decides."""
    statement = sql.SQL(INSERT).format(
        table=table.sql_name,
        columns=sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        values=sql.SQL(", ").join(sql.SQL("%s::{}").format(sql.SQL(kind)) for kind in table.columns.values()),
        key=sql.SQL(", ").join(map(sql.Identifier, table.key)),
    )
    if not production.execute(statement, [values[name] for name in table.columns]).rowcount:
        return None
    return Kept(table.name, json.dumps(key), table.key, INSERTED, {}, hashed)


def update(
    production: Any,
    table: Table,
    hashed: list[str],
    entry: dict[str, Any],
    past: dict[str, Values],
    present: dict[str, Values],
) -> Kept | None:
    """Change the reviewed columns of a row back, if the others are still what they were at the review."""
    key = json.dumps(entry["key"])
    values, now = past[key], present.get(key)
    if now is not None and all(now[name] == values[name] for name in entry["columns"]):
        return None  # an earlier run did it
    changes = [
        sql.SQL("{} = %s::{}").format(sql.Identifier(name), sql.SQL(table.columns[name])) for name in entry["columns"]
    ]
    statement = sql.SQL(UPDATE).format(
        table=table.sql_name,
        changes=sql.SQL(", ").join(changes),
        is_row=table.is_row(),
        is_reviewed=sql.SQL("hashtextextended(ROW({})::text, 0) = %s").format(
            sql.SQL(", ").join(map(sql.Identifier, hashed))
        ),
    )
    is_row = [values[name] for name in table.key]
    done = production.execute(statement, [*(values[name] for name in entry["columns"]), *is_row, int(entry["hash"])])
    if done.rowcount != 1 or now is None:
        raise CopyError(f"The row {entry['key']} of {table.name} was changed after the review")
    return Kept(table.name, key, table.key, UPDATED, {name: now[name] for name in entry["columns"]}, hashed)


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
