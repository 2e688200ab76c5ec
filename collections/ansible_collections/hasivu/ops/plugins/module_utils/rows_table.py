# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A table whose rows are copied between two servers: its columns, its parents, and values as text."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import rows, table_name

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

# What a generated column holds, the server reckons itself.
COLUMNS = """
SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
 WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
PARENTS = """
SELECT format('%%I.%%I', n.nspname, c.relname) AS name FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE k.contype = 'f' AND k.conrelid = to_regclass(%s) AND k.confrelid <> k.conrelid
"""
VALUES = """
SELECT jsonb_build_array({keys})::text AS "the key", {columns} FROM {table} AS t
 WHERE ({keys}) IN (SELECT {typed} FROM unnest(%s::jsonb[]) AS k(value))
"""

HASHES = """
SELECT jsonb_build_array({keys})::text AS key, hashtextextended(ROW({columns})::text, 0) AS hash FROM {table} AS t
 WHERE ({keys}) IN (SELECT {typed} FROM unnest(%s::jsonb[]) AS k(value))
"""

Values = dict[str, str | None]


class CopyError(Exception):
    """Raised when production is no longer what was reviewed or copied, so that nothing is changed."""


@dataclass(frozen=True)
class Table:
    """A table that both servers have; `columns` gives the type of each column."""

    name: str
    key: list[str]
    columns: dict[str, str]

    @property
    def sql_name(self) -> sql.Identifier:
        """Return its name for SQL."""
        return table_name(self.name)

    def only(self, names: list[str]) -> Table:
        """Return the table without the columns that the other server lacks."""
        return replace(self, columns={name: kind for name, kind in self.columns.items() if name in names})

    def key_names(self) -> sql.Composed:
        """Return the columns of its key for SQL."""
        return sql.SQL(", ").join(sql.SQL("t.") + sql.Identifier(name) for name in self.key)

    def is_row(self) -> sql.Composed:
        """Return the condition that a row has a key, whose parts are given as text."""
        return sql.SQL(" AND ").join(
            sql.SQL("{} = %s::{}").format(sql.Identifier(name), sql.SQL(self.columns[name])) for name in self.key
        )

    def typed_key(self) -> sql.Composed:
        """Return the parts of a key in JSON, each as the type of its column."""
        parts = [
            sql.SQL("(k.value ->> {})::{}").format(sql.Literal(place), sql.SQL(self.columns[name]))
            for place, name in enumerate(self.key)
        ]
        return sql.SQL(", ").join(parts)


def read_table(connection: psycopg.Connection[dict[str, Any]], asked: dict[str, Any]) -> Table | None:
    """Return a table as a server has it, or nothing where it has none."""
    columns = {row["name"]: row["type"] for row in rows(connection, COLUMNS, [asked["name"]])}
    return Table(asked["name"], asked["key"], columns) if columns else None


def read_values(
    connection: psycopg.Connection[dict[str, Any]], table: Table, keys: list[list[Any]]
) -> dict[str, Values]:
    """Return every column of some rows as text, by their keys."""
    if not keys:
        return {}
    columns = [sql.SQL("t.{0}::text AS {0}").format(sql.Identifier(name)) for name in table.columns]
    names = {"keys": table.key_names(), "columns": sql.SQL(", ").join(columns), "table": table.sql_name}
    query = sql.SQL(VALUES).format(**names, typed=table.typed_key())
    found = rows(connection, query, [[json.dumps(key) for key in keys]])
    return {json.dumps(json.loads(row.pop("the key"))): row for row in found}


def read_hashes(
    connection: psycopg.Connection[dict[str, Any]],
    table: Table,
    hashed: list[str],
    keys: list[list[Any]],
    lock: bool = False,
) -> dict[str, int]:
    """Return the hash of some columns of some rows by their keys; locked rows stay so until the transaction ends."""
    columns = sql.SQL(", ").join(sql.SQL("t.") + sql.Identifier(name) for name in hashed)
    names = {"keys": table.key_names(), "columns": columns, "table": table.sql_name, "typed": table.typed_key()}
    query = sql.SQL(HASHES + (" FOR UPDATE OF t" if lock else "")).format(**names)
    found = rows(connection, query, [[json.dumps(key) for key in keys]]) if keys else []
    return {json.dumps(json.loads(row["key"])): row["hash"] for row in found}


def parents_first(connection: psycopg.Connection[dict[str, Any]], names: list[str]) -> list[str]:
    """Return tables in an order in which each comes after those that it refers to.

    Raises:
        ValueError: They refer to each other in a circle.
    """
    parents = {name: {row["name"] for row in rows(connection, PARENTS, [name])} & set(names) for name in names}
    ordered: list[str] = []
    while len(ordered) < len(names):
        ready = [name for name in names if name not in ordered and parents[name] <= set(ordered)]
        if not ready:
            raise ValueError(f"the tables {', '.join(sorted(set(names) - set(ordered)))} refer to each other")
        ordered += ready
    return ordered
