# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether two login roles may do the same: every privilege, membership and setting, as the server tells."""

from __future__ import annotations

from typing import Any

# Each statement returns rows with `what`, and what `live` and `idle` have; a row is a difference.
RELATIONS = """
SELECT format('%%s on %%s', p.priv, c.oid::regclass) AS what,
       has_table_privilege(%(live)s, c.oid, p.priv)::text AS live,
       has_table_privilege(%(idle)s, c.oid, p.priv)::text AS idle
  FROM pg_class c CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) p(priv)
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace <> 'pg_catalog'::regnamespace
   AND has_table_privilege(%(live)s, c.oid, p.priv) <> has_table_privilege(%(idle)s, c.oid, p.priv)
"""
COLUMNS = """
SELECT format('%%s of some columns of %%s', p.priv, c.oid::regclass) AS what,
       has_any_column_privilege(%(live)s, c.oid, p.priv)::text AS live,
       has_any_column_privilege(%(idle)s, c.oid, p.priv)::text AS idle
  FROM pg_class c CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE')) p(priv)
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace <> 'pg_catalog'::regnamespace
   AND has_any_column_privilege(%(live)s, c.oid, p.priv) <> has_any_column_privilege(%(idle)s, c.oid, p.priv)
"""
SEQUENCES = """
SELECT format('%%s on sequence %%s', p.priv, c.oid::regclass) AS what,
       has_sequence_privilege(%(live)s, c.oid, p.priv)::text AS live,
       has_sequence_privilege(%(idle)s, c.oid, p.priv)::text AS idle
  FROM pg_class c CROSS JOIN (VALUES ('USAGE'), ('SELECT'), ('UPDATE')) p(priv)
 WHERE c.relkind = 'S'
   AND has_sequence_privilege(%(live)s, c.oid, p.priv) <> has_sequence_privilege(%(idle)s, c.oid, p.priv)
"""
FUNCTIONS = """
SELECT format('EXECUTE of %%s', f.oid::regprocedure) AS what,
       has_function_privilege(%(live)s, f.oid, 'EXECUTE')::text AS live,
       has_function_privilege(%(idle)s, f.oid, 'EXECUTE')::text AS idle
  FROM pg_proc f
 WHERE has_function_privilege(%(live)s, f.oid, 'EXECUTE') <> has_function_privilege(%(idle)s, f.oid, 'EXECUTE')
"""
SCHEMAS = """
SELECT format('%%s of schema %%s', p.priv, n.nspname) AS what,
       has_schema_privilege(%(live)s, n.oid, p.priv)::text AS live,
       has_schema_privilege(%(idle)s, n.oid, p.priv)::text AS idle
  FROM pg_namespace n CROSS JOIN (VALUES ('USAGE'), ('CREATE')) p(priv)
 WHERE n.nspname !~ '^pg_(temp|toast)'
   AND has_schema_privilege(%(live)s, n.oid, p.priv) <> has_schema_privilege(%(idle)s, n.oid, p.priv)
"""
DATABASE = """
SELECT format('%%s of database %%s', p.priv, current_database()) AS what,
       has_database_privilege(%(live)s, current_database(), p.priv)::text AS live,
       has_database_privilege(%(idle)s, current_database(), p.priv)::text AS idle
  FROM (VALUES ('CONNECT'), ('CREATE'), ('TEMPORARY')) p(priv)
 WHERE has_database_privilege(%(live)s, current_database(), p.priv)
       <> has_database_privilege(%(idle)s, current_database(), p.priv)
"""
# Everything that can be told of a role as text, told of both and compared.
TOLD = """
WITH told AS (
  SELECT r.rolname AS role, 'member of ' || pg_get_userbyid(m.roleid) AS what,
         (to_jsonb(m) - ARRAY['oid', 'roleid', 'member', 'grantor'])::text AS has
    FROM pg_roles r JOIN pg_auth_members m ON m.member = r.oid
   WHERE r.rolname IN (%(live)s, %(idle)s)
  UNION ALL
  SELECT r.rolname, 'setting ' || split_part(c.entry, '=', 1)
           || COALESCE(' in ' || (SELECT datname FROM pg_database WHERE oid = s.setdatabase), ''),
         substr(c.entry, strpos(c.entry, '=') + 1)
    FROM pg_roles r JOIN pg_db_role_setting s ON s.setrole = r.oid CROSS JOIN unnest(s.setconfig) c(entry)
   WHERE r.rolname IN (%(live)s, %(idle)s)
  UNION ALL
  SELECT r.rolname, 'attribute ' || a.key, a.value
    FROM pg_roles r
   CROSS JOIN jsonb_each_text(
     to_jsonb(r) - ARRAY['oid', 'rolname', 'rolpassword', 'rolcanlogin', 'rolvaliduntil', 'rolconfig']) a
   WHERE r.rolname IN (%(live)s, %(idle)s)
)
SELECT COALESCE(l.what, i.what) AS what, COALESCE(l.has, 'none') AS live, COALESCE(i.has, 'none') AS idle
  FROM (SELECT * FROM told WHERE role = %(live)s) l
  FULL JOIN (SELECT * FROM told WHERE role = %(idle)s) i ON i.what = l.what AND i.has = l.has
 WHERE l.what IS NULL OR i.what IS NULL
"""
OWNED = """
SELECT r.rolname AS role, format('%%s %%s', d.classid::regclass, d.objid) AS what
  FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid AND d.refclassid = 'pg_authid'::regclass
 WHERE r.rolname IN (%(live)s, %(idle)s) AND d.deptype = 'o' LIMIT 20
"""
STATEMENTS = (RELATIONS, COLUMNS, SEQUENCES, FUNCTIONS, SCHEMAS, DATABASE, TOLD)
MOST_SHOWN = 20


def differences(connection: Any, live: str, idle: str) -> list[dict[str, str]]:
    """Return everything in which two roles differ, each with what either has."""
    names = {"live": live, "idle": idle}
    return [row for statement in STATEMENTS for row in connection.execute(statement, names).fetchall()]


def owned(connection: Any, live: str, idle: str) -> list[dict[str, str]]:
    """Return objects that one of the roles owns itself, which the other could not use as an owner does."""
    rows: list[dict[str, str]] = connection.execute(OWNED, {"live": live, "idle": idle}).fetchall()
    return rows


def difference_sentences(found: list[dict[str, str]], live: str, idle: str) -> list[str]:
    """Say each difference in a sentence, and how many more there are."""
    said = [f"{row['what']}: {live} {row['live']}, {idle} {row['idle']}." for row in found[:MOST_SHOWN]]
    more = len(found) - MOST_SHOWN
    return said + ([f"And {more} differences more."] if more > 0 else [])


def owner_sentences(found: list[dict[str, str]]) -> list[str]:
    """Say what a login role owns itself."""
    return [f"{row['role']} owns {row['what']} itself; give it to their common owner." for row in found]
