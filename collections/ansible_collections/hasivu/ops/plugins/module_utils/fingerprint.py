# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fingerprint of a database: what a restored copy of it must equal, small enough to be kept for years."""

from __future__ import annotations

import hashlib
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import fingerprint_sql as ask
from ansible_collections.hasivu.ops.plugins.module_utils.query_values import json_row, json_value

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

TABLE_OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "key": {"type": "list", "elements": "str", "required": True, "no_log": False},
    "created": {"type": "str"},
    "gap_minutes": {"type": "int"},
    "growth": {"type": "float", "default": 0.2},
}

Rows = list[dict[str, Any]]


def read_fingerprint(connection: psycopg.Connection[dict[str, Any]], tables: Rows) -> dict[str, Any]:
    """Return the fingerprint of a database.

    Raises:
        psycopg.Error: The role may not read a part of it, or the server is lost.
    """
    return {
        "server": read_server(connection),
        "extensions": read_extensions(connection),
        "schema": fingerprint_of(read_schema(connection)),
        "invalid_indexes": read_invalid(connection),
        "tables": {table["name"]: figures_or_none(connection, table) for table in tables},
        "sequences": {row["name"]: row["last_value"] for row in rows(connection, ask.SEQUENCES)},
        "roles": [json_row(row) for row in rows(connection, ask.ROLES)],
        "settings": rows(connection, ask.SETTINGS),
    }


def read_server(connection: psycopg.Connection[dict[str, Any]]) -> dict[str, Any]:
    """Return what a server is, and how far it has come."""
    (server,) = rows(connection, ask.SERVER)
    try:
        (identity,) = rows(connection, ask.IDENTITY)
    except psycopg.errors.InsufficientPrivilege:
        identity = {"system_identifier": None}
    return json_row({**server, **identity})


def read_extensions(connection: psycopg.Connection[dict[str, Any]]) -> dict[str, str]:
    """Return the version of each extension."""
    return {row["name"]: row["version"] for row in rows(connection, ask.EXTENSIONS)}


def read_schema(connection: psycopg.Connection[dict[str, Any]]) -> Rows:
    """Return name, definition and transactions of each object of the schema, in a fixed order."""
    return sorted(rows(connection, ask.SCHEMA), key=lambda row: str(row["name"]))


def fingerprint_of(schema: Rows) -> dict[str, Any]:
    """Return one hash for each object, so that a difference can be named, and one over all."""
    objects = {row["name"]: digest(row["definition"] or "") for row in schema}
    return {"hash": digest("\n".join(f"{name} {value}" for name, value in objects.items())), "objects": objects}


def read_invalid(connection: psycopg.Connection[dict[str, Any]]) -> list[str]:
    """Return the indexes that queries or constraints cannot rely on."""
    return [row["name"] for row in rows(connection, ask.INVALID)]


def figures_or_none(connection: psycopg.Connection[dict[str, Any]], table: dict[str, Any]) -> dict[str, Any] | None:
    """Return the figures of a table, or nothing where it is not there: an accident may have dropped it."""
    try:
        return read_figures(connection, table)
    except psycopg.errors.UndefinedTable:
        return None


def read_figures(connection: psycopg.Connection[dict[str, Any]], table: dict[str, Any]) -> dict[str, Any]:
    """Return rows, bounds of the key and newest row of a table."""
    newest = sql.SQL("max({})").format(sql.Identifier(table["created"])) if table.get("created") else sql.SQL("NULL")
    names = {"key": sql.Identifier(table["key"][0]), "table": table_name(table["name"]), "newest": newest}
    (found,) = connection.execute(sql.SQL(ask.FIGURES).format(**names)).fetchall()
    return {name: json_value(value) for name, value in found.items()}


def table_name(name: str) -> sql.Identifier:
    """Return a table with its schema as SQL names it."""
    return sql.Identifier(*name.split(".", 1))


def rows(connection: psycopg.Connection[dict[str, Any]], statement: Any, parameters: Any = None) -> Rows:
    """Return the rows of one query."""
    return list(connection.execute(statement, parameters).fetchall())


def digest(text: str) -> str:
    """Return a hash that is short enough to be read."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def schema_difference(wanted: dict[str, str], found: dict[str, str]) -> dict[str, list[str]]:
    """Return which objects are missing, which differ and which are there besides, each by name."""
    return {
        "missing": sorted(wanted.keys() - found.keys()),
        "different": sorted(name for name in wanted.keys() & found.keys() if wanted[name] != found[name]),
        "besides": sorted(found.keys() - wanted.keys()),
    }
