# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a copy of reviewed rows overwrote: kept in a schema of production itself, from which it can be undone."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import rows
from ansible_collections.hasivu.ops.plugins.module_utils.rows_table import (
    CopyError,
    Table,
    Values,
    parents_first,
    read_hashes,
    read_table,
)

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

INSERTED, UPDATED = DID = "inserted", "updated"
SCHEMA = "CREATE SCHEMA IF NOT EXISTS {schema}"
ROWS = """
CREATE TABLE IF NOT EXISTS {schema}.rows (
    table_name text, key jsonb, key_columns text[] NOT NULL, did text NOT NULL, was jsonb NOT NULL,
    hashed_columns text[] NOT NULL, hash bigint NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (table_name, key))
"""
COMMENT = "COMMENT ON SCHEMA {schema} IS {why}"
WHY = "What rows were before a recovery brought back reviewed ones; db_rows_undo puts it back. Holds personal data."
ADD = """
INSERT INTO {schema}.rows (table_name, key, key_columns, did, was, hashed_columns, hash)
VALUES (%s, %s::jsonb, %s, %s, %s::jsonb, %s, %s)
"""
READ = "SELECT table_name, key::text, key_columns, did, was, hashed_columns, hash FROM {schema}.rows ORDER BY 1, 2"
IS_THERE = "SELECT to_regclass(format('%%I.rows', %s::text)) IS NOT NULL AS yes"
# Whoever refers to a row that is taken away again would be taken with it, or cut off.
CHILDREN = """
SELECT format('%%I.%%I', n.nspname, c.relname) AS name,
       (SELECT array_agg(a.attname::text ORDER BY place) FROM unnest(k.conkey) WITH ORDINALITY AS u(number, place)
          JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number) AS columns,
       (SELECT array_agg(a.attname::text ORDER BY place) FROM unnest(k.confkey) WITH ORDINALITY AS u(number, place)
          JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.number) AS parents
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE k.contype = 'f' AND k.confrelid = to_regclass(%s) AND k.conparentid = 0
"""


@dataclass(frozen=True)
class Kept:
    """One row that was put back or changed back.

    Attributes:
        table: Name of its table.
        key: Its key as JSON.
        key_columns: The columns of that key.
        did: INSERTED or UPDATED.
        was: What the changed columns held before; nothing of a row that was not there.
        hashed: The columns whose hash tells whether somebody has changed the row since.
        hash: That hash after the copy.
    """

    table: str
    key: str
    key_columns: list[str]
    did: str
    was: Values
    hashed: list[str]
    hash: int = 0


def schema_of(run: str) -> str:
    """Return the schema in which a run keeps what it overwrote."""
    return f"hasivu_recovery_{re.sub('[^0-9a-z]+', '_', run.lower())}"[:63]


def keep(
    production: psycopg.Connection[dict[str, Any]], schema: str, tables: dict[str, Table], done: list[Kept]
) -> None:
    """Write down in the same transaction what was overwritten; a copy that changed nothing leaves no schema.

    Raises:
        psycopg.Error: Production refused.
    """
    if not done:
        return
    name = sql.Identifier(schema)
    for statement in (SCHEMA, ROWS):
        production.execute(sql.SQL(statement).format(schema=name))
    production.execute(sql.SQL(COMMENT).format(schema=name, why=sql.Literal(WHY)))
    with production.cursor() as cursor:
        cursor.executemany(sql.SQL(ADD).format(schema=name), [values(one) for one in hashed(production, tables, done)])


def hashed(production: psycopg.Connection[dict[str, Any]], tables: dict[str, Table], done: list[Kept]) -> list[Kept]:
    """Return what was done with the hash of each row as it is now, whatever triggers made of it."""
    result = []
    for name, table in tables.items():
        own = [one for one in done if one.table == name]
        if own:
            now = read_hashes(production, table, own[0].hashed, [json.loads(one.key) for one in own])
            result += [replace(one, hash=now[one.key]) for one in own]
    return result


def values(one: Kept) -> list[Any]:
    """Return a row of the table that keeps."""
    return [one.table, one.key, one.key_columns, one.did, json.dumps(one.was), one.hashed, one.hash]


def read_kept(production: psycopg.Connection[dict[str, Any]], schema: str) -> list[Kept]:
    """Return what was overwritten; nothing where nothing was, or where it was undone."""
    if not rows(production, IS_THERE, [schema])[0]["yes"]:
        return []
    query = sql.SQL(READ).format(schema=sql.Identifier(schema))
    return [
        Kept(row["table_name"], json.dumps(json.loads(row["key"])), row["key_columns"], row["did"], row["was"],
             row["hashed_columns"], row["hash"])
        for row in rows(production, query)
    ]  # fmt: skip


def counted(kept: list[Kept]) -> dict[str, dict[str, int]]:
    """Return of each table how many rows were put back and changed back."""
    names = sorted({one.table for one in kept})
    return {name: {did: sum((name, did) == (one.table, one.did) for one in kept) for did in DID} for name in names}


def undo(production: psycopg.Connection[dict[str, Any]], schema: str) -> dict[str, dict[str, int]]:
    """Take back in one transaction what was copied, children first, and return how many rows of each table.

    Raises:
        CopyError: A row was changed since, or others refer to it; nothing was taken back.
        psycopg.Error: Production refused.
        ValueError: The tables refer to each other in a circle.
    """
    with production.transaction():
        kept = read_kept(production, schema)
        for name in reversed(parents_first(production, sorted({one.table for one in kept}))):
            own = [one for one in kept if one.table == name]
            table = table_of(production, own[0])
            check_unchanged(production, table, own)
            for one in own:
                (remove if one.did == INSERTED else change_back)(production, table, one)
        if kept:
            production.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
    return counted(kept)


def table_of(production: psycopg.Connection[dict[str, Any]], one: Kept) -> Table:
    """Return the table of a kept row as production has it now."""
    table = read_table(production, {"name": one.table, "key": one.key_columns})
    if table is None or set(one.hashed) - set(table.columns):
        raise CopyError(f"{one.table} has lost columns since the copy, or is gone")
    return table


def check_unchanged(production: psycopg.Connection[dict[str, Any]], table: Table, kept: list[Kept]) -> None:
    """Hold the rows, and see that they are what the copy made of them."""
    now = read_hashes(production, table, kept[0].hashed, [json.loads(one.key) for one in kept], lock=True)
    for one in kept:
        if now.get(one.key) != one.hash:
            raise CopyError(f"The row {one.key} of {table.name} was changed since it was brought back")


def remove(production: psycopg.Connection[dict[str, Any]], table: Table, one: Kept) -> None:
    """Take away a row that was put back, unless others refer to it."""
    key = json.loads(one.key)
    for child in rows(production, CHILDREN, [table.name]):
        if set(child["parents"]) <= set(table.key):
            check_no_child(production, table, child, dict(zip(table.key, key, strict=True)), one)
    query = sql.SQL("DELETE FROM {} WHERE {}").format(table.sql_name, table.is_row())
    production.execute(query, [str(part) for part in key])


def check_no_child(
    production: psycopg.Connection[dict[str, Any]], table: Table, child: dict[str, Any], key: dict[str, Any], one: Kept
) -> None:
    """Refuse where a row of another table refers to this one."""
    is_child = sql.SQL(" AND ").join(
        sql.SQL("{} = %s::{}").format(sql.Identifier(column), sql.SQL(table.columns[parent]))
        for column, parent in zip(child["columns"], child["parents"], strict=True)
    )
    name = sql.SQL(child["name"])
    query = sql.SQL("SELECT 1 FROM {} WHERE {} LIMIT 1").format(name, is_child)
    if production.execute(query, [str(key[parent]) for parent in child["parents"]]).fetchone():
        raise CopyError(f"{child['name']} has come to refer to the row {one.key} of {table.name}")


def change_back(production: psycopg.Connection[dict[str, Any]], table: Table, one: Kept) -> None:
    """Give the changed columns of a row what they held before the copy."""
    changes = sql.SQL(", ").join(
        sql.SQL("{} = %s::{}").format(sql.Identifier(name), sql.SQL(table.columns[name])) for name in one.was
    )
    query = sql.SQL("UPDATE {} SET {} WHERE {}").format(table.sql_name, changes, table.is_row())
    production.execute(query, [*one.was.values(), *(str(part) for part in json.loads(one.key))])
