# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much of a table or B-tree index is empty: an estimate from statistics, and the measurement that confirms it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

# One row for each table and B-tree index, with the width of a row as ANALYZE saw it; width is unknown when a column
# has no statistics, or when this role may not read them.
WIDTHS = """
WITH relation AS (
  SELECT c.oid, c.relname, n.nspname, c.relkind, c.reltuples, c.relpages,
         c.relpages::int8 * current_setting('block_size')::int8 AS bytes,
         COALESCE(i.indrelid, c.oid) AS table_oid, i.indkey, i.indisunique AND i.indisvalid AS is_unique, i.indnatts,
         COALESCE((SELECT option_value::int FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor'),
                  CASE c.relkind WHEN 'i' THEN 90 ELSE 100 END) AS fillfactor
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_index i ON i.indexrelid = c.oid
    LEFT JOIN pg_am m ON m.oid = c.relam
   WHERE (c.relkind IN ('r', 'm') OR (c.relkind = 'i' AND m.amname = 'btree' AND i.indisvalid))
     AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND c.relpages::int8 * current_setting('block_size')::int8 >= %(min_bytes)s AND c.reltuples > 0
)
SELECT r.oid::int8 AS oid, r.nspname AS schema, r.relname AS name, t.relname AS table_name, r.relkind = 'i' AS is_index,
       r.reltuples::float8 AS tuples, r.relpages::int8 AS pages, r.bytes, r.fillfactor,
       current_setting('block_size')::int8 AS block_size,
       COALESCE(r.is_unique, true) AS is_unique,
       CASE WHEN count(*) = count(s.avg_width) THEN sum(s.avg_width * (1 - s.null_frac))::float8 END AS width,
       COALESCE(max(s.null_frac), 0) > 0 AS nullable,
       CASE WHEN count(*) = 1 THEN max(s.n_distinct)::float8 END AS distinct_values
  FROM relation r
  JOIN pg_class t ON t.oid = r.table_oid
  JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attribute o ON o.attrelid = r.table_oid AND o.attnum = r.indkey[a.attnum - 1] AND o.attnum > 0
  LEFT JOIN pg_stats s ON s.schemaname = r.nspname AND NOT s.inherited
        AND s.tablename = CASE WHEN o.attname IS NULL THEN r.relname ELSE t.relname END
        AND s.attname = COALESCE(o.attname, a.attname)
 GROUP BY r.oid, r.nspname, r.relname, t.relname, r.relkind, r.reltuples, r.relpages, r.bytes, r.fillfactor, r.is_unique
 ORDER BY r.bytes DESC
"""

MEASURES = """
SELECT p.proname AS name, n.nspname AS schema
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE p.proname IN ('pgstattuple_approx', 'pgstatindex') AND p.proargtypes[0] = 'regclass'::regtype
   AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')
"""

PAGE_HEADER = 24
INDEX_PAGE_SPECIAL = 16
ROW_HEADER = 24
INDEX_HEADER = 8
LINE_POINTER = 4
ROW_POINTER = 6


@dataclass(frozen=True)
class BloatLimits:
    """From when on bloat is worth a word."""

    fraction: float
    bytes: int


def estimate(relation: dict[str, Any]) -> dict[str, Any] | None:
    """Return how much of a table or index is empty, or nothing when its statistics do not tell."""
    if relation["width"] is None:
        return None
    wanted = expected_pages(relation)
    empty = max(0, relation["pages"] - wanted)
    return {
        "oid": relation["oid"],
        "kind": "index" if relation["is_index"] else "table",
        "name": f"{relation['schema']}.{relation['name']}",
        "table": f"{relation['schema']}.{relation['table_name']}",
        "bytes": relation["bytes"],
        "fillfactor": relation["fillfactor"],
        "block_size": relation["block_size"],
        "estimated_bytes": empty * relation["block_size"],
        "estimated_fraction": round(empty / relation["pages"], 3),
        "confirmed_bytes": None,
        "note": "",
    }


def expected_pages(relation: dict[str, Any]) -> int:
    """Return the pages that the rows would fill if they were packed as a rebuild packs them."""
    room = relation["block_size"] - PAGE_HEADER - (INDEX_PAGE_SPECIAL if relation["is_index"] else 0)
    rows_per_page = room * relation["fillfactor"] / 100 / row_bytes(relation)
    pages: int = math.ceil(relation["tuples"] / max(rows_per_page, 1))
    return pages + 1 + pages // 100 if relation["is_index"] else pages


def row_bytes(relation: dict[str, Any]) -> float:
    """Return the room that one row takes on a page."""
    bitmap = 8 if relation["nullable"] and relation["is_index"] else 0
    header = INDEX_HEADER if relation["is_index"] else ROW_HEADER
    whole = LINE_POINTER + header + bitmap + aligned(relation["width"])
    return min(whole, shared_bytes(relation, whole)) if relation["is_index"] else whole


def shared_bytes(relation: dict[str, Any], whole: float) -> float:
    """Return the room of one entry in an index that stores each value once, with a list of its rows."""
    values = relation["distinct_values"]
    if relation["is_unique"] or values is None:
        return whole
    distinct = -values * relation["tuples"] if values < 0 else values
    return float(ROW_POINTER + whole * min(1.0, max(distinct, 1) / relation["tuples"]))


def aligned(width: float) -> int:
    """Return a width rounded up to eight bytes."""
    return math.ceil(width / 8) * 8


def measured_bytes(found: dict[str, Any], measure: dict[str, Any]) -> int:
    """Return the bytes that a measurement found empty, over what a rebuild would leave empty anyway."""
    if found["kind"] == "table":
        spare = found["bytes"] * (100 - found["fillfactor"]) / 100
        return max(0, int(measure["approx_free_space"] + measure["dead_tuple_len"] - spare))
    full = max(0.0, 1 - measure["avg_leaf_density"] / found["fillfactor"]) if measure["leaf_pages"] else 0.0
    pages = measure["leaf_pages"] * full + measure["deleted_pages"] + measure["empty_pages"]
    return int(pages * found["block_size"])


def worth_a_word(found: dict[str, Any], limits: BloatLimits) -> bool:
    """Tell whether what is known of the bloat, measured or else estimated, passes the limits."""
    empty = found["estimated_bytes"] if found["confirmed_bytes"] is None else found["confirmed_bytes"]
    return bool(empty >= limits.bytes and empty >= limits.fraction * found["bytes"])
