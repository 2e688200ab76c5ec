# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The indexes and foreign keys of a database, as its catalogs describe them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

# Sizes come from relpages: pg_relation_size would queue behind anybody who alters the table. For the same reason
# expressions are compared as trees; without their positions in the text, equal expressions have equal trees.
# A lock of this mode on the table means that an index of it may be in the making, and an invalid one no remnant.
INDEXES = """
WITH busy AS (
  SELECT relation FROM pg_locks
   WHERE locktype = 'relation' AND granted AND pid <> pg_backend_pid()
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                  'AccessExclusiveLock')
)
SELECT x.oid::int8 AS oid, n.nspname AS schema, t.relname AS table_name, x.relname AS name, t.oid::int8 AS table_oid,
       x.relkind = 'I' AS partitioned, h.inhparent::int8 AS parent, m.amname AS method,
       i.indisvalid AS valid, i.indisunique AS is_unique,
       i.indisprimary OR i.indisexclusion OR i.indisreplident
         OR EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.oid) AS constrained,
       i.indkey::int2[] AS columns, i.indnkeyatts::int AS key_count, i.indclass::int8[] AS classes,
       i.indcollation::int8[] AS collations, i.indoption::int2[] AS options, {nulls_not_distinct} AS nulls_not_distinct,
       COALESCE(regexp_replace(i.indexprs::text, ':location -?[0-9]+', '', 'g'), '') AS expressions,
       COALESCE(regexp_replace(i.indpred::text, ':location -?[0-9]+', '', 'g'), '') AS predicate,
       x.relpages::int8 * current_setting('block_size')::int8 AS bytes, COALESCE(s.idx_scan, 0) AS scans,
       {last_scan} AS last_scan, t.oid IN (SELECT relation FROM busy) AS busy,
       pg_has_role(current_user, t.relowner, 'USAGE') AS permitted
  FROM pg_index i
  JOIN pg_class x ON x.oid = i.indexrelid
  JOIN pg_class t ON t.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = x.relnamespace
  JOIN pg_am m ON m.oid = x.relam
  LEFT JOIN pg_inherits h ON h.inhrelid = x.oid
  LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = x.oid
 WHERE t.relpersistence <> 't' AND n.nspname <> 'information_schema'
   AND (n.nspname !~ '^pg_' OR (n.nspname = 'pg_toast' AND NOT i.indisvalid))
 ORDER BY n.nspname, t.relname, x.relname
"""

# A foreign key of a partition is that of its parent.
FOREIGN_KEYS = """
SELECT k.conname AS name, n.nspname AS schema, t.relname AS table_name, k.conrelid::int8 AS table_oid,
       k.conkey AS columns, (SELECT array_agg(a.attname ORDER BY u.position)
                               FROM unnest(k.conkey) WITH ORDINALITY u (number, position)
                               JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.number) AS column_names,
       k.confrelid::regclass::text AS target, GREATEST(t.reltuples, 0)::int8 AS tuples,
       t.relpages::int8 * current_setting('block_size')::int8 AS bytes
  FROM pg_constraint k
  JOIN pg_class t ON t.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
 ORDER BY t.relpages DESC, k.conname
"""

# After a crash a database forgets when its counters began, while the counters of the server as a whole say it.
STATISTICS = """
SELECT GREATEST(d.stats_reset, (SELECT stats_reset FROM pg_stat_bgwriter)) AS since,
       extract(epoch FROM now() - GREATEST(d.stats_reset, (SELECT stats_reset FROM pg_stat_bgwriter)))::float8 / 86400
         AS days,
       (SELECT count(*) FROM pg_stat_replication WHERE application_name <> 'pg_basebackup') AS replicas
  FROM pg_stat_database d WHERE d.datname = current_database()
"""

DEFINITIONS = "SELECT oid::int8 AS oid, pg_get_indexdef(oid) AS definition FROM unnest(%s::int8[]::oid[]) AS oid"

NULLS_NOT_DISTINCT = {True: "i.indnullsnotdistinct", False: "false"}
LAST_SCAN = {True: "s.last_idx_scan", False: "NULL::timestamptz"}
REMNANT = re.compile(r"_cc(new|old)\d*$")


@dataclass(frozen=True)
class Index:
    """One index."""

    oid: int
    schema: str
    table_name: str
    name: str
    table_oid: int
    partitioned: bool
    parent: int | None
    method: str
    valid: bool
    is_unique: bool
    constrained: bool
    columns: list[int]
    key_count: int
    classes: list[int]
    collations: list[int]
    options: list[int]
    nulls_not_distinct: bool
    expressions: str
    predicate: str
    bytes: int
    scans: int
    last_scan: datetime | None
    busy: bool
    permitted: bool

    @property
    def table(self) -> str:
        """Return the table with its schema, for people."""
        return f"{self.schema}.{self.table_name}"

    @property
    def title(self) -> str:
        """Return the index with its schema, for people."""
        return f"{self.schema}.{self.name}"

    @property
    def keys(self) -> list[tuple[int, int, int, int]]:
        """Return what it is sorted by: column, operator class, collation and direction, each in turn."""
        return list(zip(self.columns[: self.key_count], self.classes, self.collations, self.options, strict=False))

    @property
    def likeness(self) -> tuple[Any, ...]:
        """Return what two indexes that do the same work have in common, unique or not."""
        return (
            self.table_oid,
            self.method,
            tuple(self.keys),
            frozenset(self.columns[self.key_count :]),
            self.expressions,
            self.predicate,
        )

    @property
    def remnant(self) -> bool:
        """Tell whether its name is that of what a failed REINDEX CONCURRENTLY leaves behind."""
        return not self.valid and REMNANT.search(self.name) is not None

    @property
    def droppable(self) -> bool:
        """Tell whether it can go without a constraint, a partitioned index or replication losing its support."""
        return not self.constrained and self.parent is None


@dataclass(frozen=True)
class ForeignKey:
    """One foreign key."""

    name: str
    schema: str
    table_name: str
    table_oid: int
    columns: list[int]
    column_names: list[str]
    target: str
    tuples: int
    bytes: int


def index_query(server_version: int) -> str:
    """Return the query of all indexes for one version of the server."""
    return INDEXES.format(
        nulls_not_distinct=NULLS_NOT_DISTINCT[server_version >= 150000], last_scan=LAST_SCAN[server_version >= 160000]
    )


def with_partitions(indexes: list[Index]) -> list[Index]:
    """Return the indexes, each partitioned one with the size and the scans of its partitions."""
    children: dict[int, list[Index]] = {}
    for index in indexes:
        if index.parent is not None:
            children.setdefault(index.parent, []).append(index)
    return [add_up(index, children) for index in indexes]


def add_up(index: Index, children: dict[int, list[Index]]) -> Index:
    """Return an index with the size, scans and latest scan of everything below it."""
    below = [add_up(child, children) for child in children.get(index.oid, [])]
    if not below:
        return index
    times = [child.last_scan for child in below if child.last_scan]
    return replace(
        index,
        bytes=sum(child.bytes for child in below),
        scans=index.scans + sum(child.scans for child in below),
        last_scan=max(times, default=None),
    )


def supports(index: Index, key: ForeignKey) -> bool:
    """Tell whether an index finds the rows of a foreign key."""
    first = index.columns[: min(len(key.columns), index.key_count)]
    return (
        index.valid
        and index.table_oid == key.table_oid
        and index.method == "btree"
        and not index.predicate
        and set(first) == set(key.columns)
    )
