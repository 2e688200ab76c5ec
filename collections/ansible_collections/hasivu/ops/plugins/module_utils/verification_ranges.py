# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checksums by key range on two servers: ranges that differ are divided down to their rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import table_name

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

BUCKETS = 64
LEAF_ROWS = 2000
# Both servers must print a row alike, whatever the settings of role and database are.
ALIKE = """
SELECT set_config('timezone', 'UTC', false), set_config('datestyle', 'ISO, MDY', false),
       set_config('intervalstyle', 'postgres', false), set_config('extra_float_digits', '1', false),
       set_config('bytea_output', 'hex', false), set_config('xmlbinary', 'base64', false)
"""
# A column that the old database got or lost since makes no row differ; that the schema does, its own check tells.
COLUMNS = """
SELECT attname::text AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
"""
BOUNDS = "SELECT min({key}) AS low, max({key}) AS high FROM {table}"
SUMS = """
SELECT width_bucket({key}::numeric, %(low)s, %(high)s, %(buckets)s) AS bucket, count(*) AS rows,
       sum(hashtextextended(ROW({columns})::text, 0)::numeric) AS checksum
  FROM {table} AS t WHERE {key} >= %(low)s AND {key} < %(high)s GROUP BY 1
"""
ROWS = """
SELECT jsonb_build_array({keys})::text AS key, hashtextextended(ROW({columns})::text, 0) AS hash,
       t.xmin::text::bigint AS xid, {created} AS created
  FROM {table} AS t WHERE {key} >= %(low)s AND {key} < %(high)s
"""


@dataclass(frozen=True)
class Range:
    """Keys from `low` on, below `high`."""

    low: int
    high: int

    def width(self, buckets: int = BUCKETS) -> int:
        """Return how many keys a bucket covers."""
        return max(1, -(-(self.high - self.low) // buckets))

    def whole(self, buckets: int = BUCKETS) -> Range:
        """Return the range widened so that all its buckets cover the same number of keys."""
        return Range(self.low, self.low + self.width(buckets) * buckets)

    def bucket(self, number: int, buckets: int = BUCKETS) -> Range:
        """Return the range of one bucket, counted from 1."""
        width = self.width(buckets)
        return Range(self.low + (number - 1) * width, self.low + number * width)


@dataclass(frozen=True)
class Row:
    """A row by its key, its content, the transaction that wrote it, and when it was made, where it says so."""

    key: str
    hash: int
    xid: int
    created: datetime | None = None


@dataclass(frozen=True)
class Pair:
    """The restored and the old server, and the table that both have."""

    restored: psycopg.Connection[dict[str, Any]]
    old: psycopg.Connection[dict[str, Any]]
    table: dict[str, Any]

    @cached_property
    def columns(self) -> list[str]:
        """Return the columns that both have, of the same type."""
        name = [self.table["name"]]
        restored, old = ({(row["name"], row["type"]) for row in side.execute(COLUMNS, name)} for side in self.sides)
        return sorted(name for name, _ in restored & old)

    @property
    def sides(self) -> tuple[psycopg.Connection[dict[str, Any]], psycopg.Connection[dict[str, Any]]]:
        """Return both servers."""
        return self.restored, self.old

    def both(self, statement: str, parameters: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Ask both servers the same, and return what each said."""
        key, columns = (
            [sql.SQL("t.") + sql.Identifier(name) for name in names] for names in (self.table["key"], self.columns)
        )
        created = self.table.get("created")
        names = {
            "table": table_name(self.table["name"]),
            "key": key[0],
            "keys": sql.SQL(", ").join(key),
            "columns": sql.SQL(", ").join(columns),
            "created": sql.SQL("t.") + sql.Identifier(created) if created else sql.SQL("NULL"),
        }
        query = sql.SQL(statement).format(**names)
        return self.restored.execute(query, parameters).fetchall(), self.old.execute(query, parameters).fetchall()


def make_alike(connection: psycopg.Connection[dict[str, Any]]) -> None:
    """Make a session print values in the one way that checksums can be compared in."""
    connection.execute(ALIKE)


def bounds(pair: Pair, newest_keys: int | None) -> Range | None:
    """Return the keys that either server has, or only the newest ones; nothing where both are empty."""
    found = [row for side in pair.both(BOUNDS.replace("{table}", "{table} AS t"), {}) for row in side]
    known = [(int(row["low"]), int(row["high"])) for row in found if row["low"] is not None]
    if not known:
        return None
    low, high = min(low for low, _ in known), max(high for _, high in known) + 1
    return Range(max(low, high - newest_keys) if newest_keys else low, high)


def differing_leaves(pair: Pair, asked: Range, counts: list[int]) -> Iterator[Range]:
    """Give each range, few rows wide, in which the two differ; add to `counts` the rows that were compared."""
    whole = asked.whole()
    parameters = {"low": whole.low, "high": whole.high, "buckets": BUCKETS}
    restored, old = ({row["bucket"]: row for row in side} for side in pair.both(SUMS, parameters))
    counts.append(sum(row["rows"] for row in restored.values()))
    for number in sorted(restored.keys() | old.keys()):
        if restored.get(number) == old.get(number):
            continue
        part = whole.bucket(number)
        most = max(side[number]["rows"] for side in (restored, old) if number in side)
        if most <= LEAF_ROWS or part.high - part.low == 1:
            yield part
        else:
            yield from differing_leaves(pair, part, [])


def read_rows(pair: Pair, part: Range) -> tuple[list[Row], list[Row]]:
    """Return the rows of a range on the restored and on the old server."""
    restored, old = pair.both(ROWS, {"low": part.low, "high": part.high})
    return [Row(**row) for row in restored], [Row(**row) for row in old]


def readable(key: str) -> str:
    """Return a key as a person writes it."""
    return ", ".join(str(part) for part in json.loads(key))
