# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of restored data in itself: what the business asks of it, references, sequences, indexes and heaps."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import rows
from ansible_collections.hasivu.ops.plugins.module_utils.query_values import json_row
from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import Check, gathered, reason, unknown

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

Session = "psycopg.Connection[dict[str, Any]]"
SHOWN = 5

REFERENCES = """
SELECT k.conname::text AS name, k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent,
       child.nspname::text AS child_schema, c.relname::text AS child_table,
       parent.nspname::text AS parent_schema, p.relname::text AS parent_table,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(n, i)
               JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY i) AS columns,
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(n, i)
               JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY i) AS keys
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace child ON child.oid = c.relnamespace
  JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace parent ON parent.oid = p.relnamespace
 WHERE k.contype = 'f' AND k.convalidated AND k.conparentid = 0 ORDER BY 2, 1
"""
ORPHANS = """
SELECT count(*) AS orphans FROM {child} AS c
 WHERE {filled} AND NOT EXISTS (SELECT FROM {parent} AS p WHERE {equal})
"""
OWNED = """
SELECT s.oid::regclass::text AS sequence, t.oid::regclass::text AS owner, n.nspname::text AS schema,
       t.relname::text AS table, a.attname::text AS column, pg_sequence_last_value(s.oid) AS last_value,
       q.seqstart AS start, q.seqincrement AS step
  FROM pg_class s JOIN pg_sequence q ON q.seqrelid = s.oid
  JOIN pg_depend d ON d.objid = s.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
   AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
  JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace n ON n.oid = t.relnamespace
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid ORDER BY 1
"""
HIGHEST = "SELECT max({column})::bigint AS highest FROM {table}"
# All B-trees, or the unique ones of the critical tables and their partitions.
BTREES = """
SELECT i.indexrelid::regclass::text AS name, i.indexrelid::bigint AS oid, i.indisunique AS is_unique,
       i.indrelid::regclass::text AS owner
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
  JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
 WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence <> 't' AND i.indisvalid AND i.indisready
   AND (%(full)s OR (n.nspname !~ '^pg_' AND i.indisunique AND t.oid = ANY (
        SELECT relid FROM unnest(%(tables)s::text[]) AS x, pg_partition_tree(x::regclass)
         UNION SELECT y::regclass FROM unnest(%(tables)s::text[]) AS y))) ORDER BY 1
"""
HEAPS = """
SELECT c.oid::regclass::text AS name, c.oid::bigint AS oid FROM pg_class c
 WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't' ORDER BY 1
"""
PREWARM = """
SELECT sum({}(c.oid::regclass)) AS blocks FROM pg_class c
 WHERE c.relkind IN ('r', 'm') AND c.oid = ANY (
       SELECT %(table)s::regclass UNION SELECT relid FROM pg_partition_tree(%(table)s::regclass))
"""
# PostgreSQL 14 and later verify heaps; where the extension stands, its owner chose.
FUNCTION = """
SELECT n.nspname::text AS schema FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE p.proname = %s AND has_function_privilege(p.oid, 'EXECUTE') LIMIT 1
"""


def invariant_check(connection: Session, invariant: dict[str, Any]) -> Check:
    """Check a rule of the business: its query must return no row."""
    name, what = f"invariant:{invariant['name']}", invariant["what"]
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path TO public, pg_catalog")
        found = cursor.execute(invariant["sql"]).fetchmany(SHOWN + 1)
    if not found:
        return Check(name, True, what, "No row breaks it.")
    shown = "; ".join(str(json_row(row)) for row in found[:SHOWN])
    return Check(name, False, what, f"Broken by {shown}{' and more' if len(found) > SHOWN else ''}.")


def orphans_check(connection: Session, critical: list[str], full: bool) -> Check:
    """Check that every reference leads to a row; the fast way looks at the critical tables only."""
    problems, unread, asked = [], [], 0
    for reference in rows(connection, REFERENCES):
        if not full and f"{reference['child_schema']}.{reference['child_table']}" not in critical:
            continue
        asked += 1
        try:
            (found,) = connection.execute(orphan_query(reference)).fetchall()
        except psycopg.Error as error:
            unread.append(f"{reference['child']} could not be read: {reason(error)}.")
            continue
        if found["orphans"]:
            problems.append(f"{found['orphans']} rows of {reference['child']} lack their row of {reference['parent']}.")
    return gathered("orphan_rows", "Every reference leads to a row", problems, unread, f"{asked} references.")


def orphan_query(reference: dict[str, Any]) -> sql.Composed:
    """Return the query that counts the rows of a reference that lead nowhere."""
    columns, keys = ([sql.Identifier(name) for name in reference[part]] for part in ("columns", "keys"))
    equal = [sql.SQL("p.{} = c.{}").format(key, column) for key, column in zip(keys, columns, strict=True)]
    return sql.SQL(ORPHANS).format(
        child=sql.Identifier(reference["child_schema"], reference["child_table"]),
        parent=sql.Identifier(reference["parent_schema"], reference["parent_table"]),
        filled=sql.SQL(" AND ").join(sql.SQL("c.{} IS NOT NULL").format(column) for column in columns),
        equal=sql.SQL(" AND ").join(equal),
    )


def sequences_check(connection: Session) -> Check:
    """Check that no sequence will give a number again that a row has."""
    problems, unread = [], []
    owned = rows(connection, OWNED)
    for sequence in owned:
        names = {"column": sql.Identifier(sequence["column"]), "table": table_name_of(sequence)}
        try:
            (found,) = connection.execute(sql.SQL(HIGHEST).format(**names)).fetchall()
        except psycopg.Error as error:
            unread.append(f"{sequence['owner']} could not be read: {reason(error)}.")
            continue
        if is_behind(sequence, found["highest"]):
            last = sequence["last_value"]
            problems.append(f"{sequence['sequence']} stands at {last} and {sequence['owner']} has {found['highest']}.")
    what = "Every sequence is as far as the highest number of its column"
    return gathered("sequences", what, problems, unread, f"{len(owned)} sequences.")


def table_name_of(sequence: dict[str, Any]) -> sql.Identifier:
    """Return the table that owns a sequence as SQL names it."""
    return sql.Identifier(sequence["schema"], sequence["table"])


def is_behind(sequence: dict[str, Any], highest: int | None) -> bool:
    """Tell whether a sequence that counts up has still to give a number that a row has already."""
    if highest is None or sequence["step"] < 0:
        return False
    last = sequence["last_value"]
    return highest >= sequence["start"] if last is None else last < highest


def function_schema(connection: Session, name: str) -> str | None:
    """Return where a function stands that this role may call, or nothing."""
    found = rows(connection, FUNCTION, [name])
    return found[0]["schema"] if found else None


def btree_sentence(connection: Session, schema: str, index: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return what is wrong with an index, and why it could not be read; nothing of either where it is whole."""
    call = sql.SQL("SELECT {}(%s::oid::regclass, heapallindexed => true)")
    try:
        connection.execute(call.format(sql.Identifier(schema, "bt_index_check")), [index["oid"]])
    except (psycopg.errors.IndexCorrupted, psycopg.errors.DataCorrupted) as error:
        return f"{index['name']}: {reason(error)}.", None
    except psycopg.Error as error:
        return None, f"{index['name']} could not be read: {reason(error)}."
    return None, None


def heap_sentence(connection: Session, schema: str, heap: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return what is wrong with a table, and why it could not be read; nothing of either where it is whole."""
    call = sql.SQL("SELECT blkno, offnum, msg FROM {}(%s::oid::regclass, on_error_stop => false, check_toast => true)")
    try:
        found = connection.execute(call.format(sql.Identifier(schema, "verify_heapam")), [heap["oid"]]).fetchmany(3)
    except psycopg.errors.DataCorrupted as error:
        return f"{heap['name']}: {reason(error)}.", None
    except psycopg.Error as error:
        return None, f"{heap['name']} could not be read: {reason(error)}."
    said = "; ".join(f"block {row['blkno']}, row {row['offnum']}: {row['msg']}" for row in found)
    return (f"{heap['name']}: {said}." if found else None), None


def prewarm_check(connection: Session, tables: list[str]) -> Check:
    """Read hot tables into memory, so that their first users do not wait for the storage."""
    what = "The hot tables are read into memory"
    schema = function_schema(connection, "pg_prewarm")
    if not schema:
        return unknown("prewarm", what, "The extension pg_prewarm is not there, or this role may not call it.")
    problems, blocks = [], 0
    for table in tables:
        try:
            (found,) = rows(connection, sql.SQL(PREWARM).format(sql.Identifier(schema, "pg_prewarm")), {"table": table})
            blocks += int(found["blocks"] or 0)
        except psycopg.Error as error:
            problems.append(f"{table} could not be read: {reason(error)}.")
    return gathered("prewarm", what, [], problems, f"{blocks} blocks.")
