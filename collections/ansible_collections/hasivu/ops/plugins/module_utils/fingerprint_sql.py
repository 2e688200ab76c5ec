# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The questions by which two PostgreSQL servers are told apart, or found to be the same."""

from __future__ import annotations

SERVER = """
SELECT current_database()::text AS database, current_setting('server_version') AS version,
       current_setting('server_version_num')::int AS version_num, pg_is_in_recovery() AS in_recovery,
       current_setting('data_checksums') AS data_checksums,
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn,
       pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next_xid, now() AS at
"""
# A role that may not ask for these is told apart from a server without them.
IDENTITY = "SELECT system_identifier::text AS system_identifier FROM pg_control_system()"

EXTENSIONS = "SELECT extname::text AS name, extversion AS version FROM pg_extension ORDER BY 1"

# One row for each object, with the transactions that wrote its catalog rows.
SCHEMA = """
WITH own AS (
  SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), foreign_objects AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), relation AS (
  SELECT c.*, c.xmin::text::bigint AS written, format('%I.%I', own.nspname, c.relname) AS name
    FROM pg_class c JOIN own ON own.oid = c.relnamespace
   WHERE c.relpersistence <> 't' AND NOT EXISTS (
         SELECT 1 FROM foreign_objects f WHERE f.classid = 'pg_class'::regclass AND f.objid = c.oid)
)
SELECT 'table ' || r.name AS name, ARRAY[r.written] AS xids,
       concat_ws(' ', r.relkind, r.relpersistence, r.reloptions::text, r.relrowsecurity, pg_get_userbyid(r.relowner),
                 pg_get_expr(r.relpartbound, r.oid), pg_get_partkeydef(r.oid)) AS definition
  FROM relation r WHERE r.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'view ' || r.name, ARRAY[r.written], concat(r.relkind, pg_get_viewdef(r.oid)) FROM relation r
 WHERE r.relkind IN ('v', 'm')
UNION ALL
SELECT 'column ' || r.name || '.' || quote_ident(a.attname), ARRAY[a.xmin::text::bigint, d.xmin::text::bigint],
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated,
                 a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid))
  FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attnum > 0 AND NOT a.attisdropped AND r.relkind IN ('r', 'p', 'v', 'm', 'f')
UNION ALL
SELECT 'constraint ' || r.name || '.' || quote_ident(k.conname), ARRAY[k.xmin::text::bigint],
       pg_get_constraintdef(k.oid) FROM relation r JOIN pg_constraint k ON k.conrelid = r.oid
UNION ALL
SELECT 'index ' || r.name, ARRAY[r.written, i.xmin::text::bigint], pg_get_indexdef(i.indexrelid)
  FROM relation r JOIN pg_index i ON i.indexrelid = r.oid
UNION ALL
SELECT 'sequence ' || r.name, ARRAY[s.xmin::text::bigint],
       concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcycle)
  FROM relation r JOIN pg_sequence s ON s.seqrelid = r.oid
UNION ALL
SELECT 'trigger ' || r.name || '.' || quote_ident(t.tgname), ARRAY[t.xmin::text::bigint],
       concat(t.tgenabled, pg_get_triggerdef(t.oid))
  FROM relation r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'policy ' || r.name || '.' || quote_ident(p.polname), ARRAY[p.xmin::text::bigint],
       concat_ws(' ', p.polcmd, p.polpermissive, p.polroles::regrole[]::text, pg_get_expr(p.polqual, p.polrelid),
                 pg_get_expr(p.polwithcheck, p.polrelid))
  FROM relation r JOIN pg_policy p ON p.polrelid = r.oid
UNION ALL
SELECT 'function ' || format('%I.%I(%s)', own.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
       ARRAY[p.xmin::text::bigint], CASE p.prokind WHEN 'a' THEN p.prosrc ELSE pg_get_functiondef(p.oid) END
  FROM pg_proc p JOIN own ON own.oid = p.pronamespace
 WHERE NOT EXISTS (SELECT 1 FROM foreign_objects f WHERE f.classid = 'pg_proc'::regclass AND f.objid = p.oid)
UNION ALL
SELECT 'enum ' || format('%I.%I', own.nspname, t.typname), array_agg(e.xmin::text::bigint),
       string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
  FROM pg_type t JOIN own ON own.oid = t.typnamespace JOIN pg_enum e ON e.enumtypid = t.oid
 GROUP BY own.nspname, t.typname
 ORDER BY 1
"""

INVALID = """
SELECT format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) ORDER BY 1
"""

FIGURES = """
SELECT count(*) AS rows, min({key}) AS lowest, max({key}) AS highest, {newest} AS newest FROM {table}
"""

SEQUENCES = """
SELECT format('%I.%I', schemaname, sequencename) AS name, last_value FROM pg_sequences
 WHERE schemaname !~ '^pg_' ORDER BY 1
"""

# Never a verifier: pg_roles hides it, and pg_authid is not asked.
ROLES = """
SELECT r.rolname::text AS name, r.rolsuper AS superuser, r.rolinherit AS inherit, r.rolcreaterole AS createrole,
       r.rolcreatedb AS createdb, r.rolcanlogin AS login, r.rolreplication AS replication,
       r.rolbypassrls AS bypassrls, r.rolconnlimit AS connection_limit,
       CASE WHEN isfinite(r.rolvaliduntil)
            THEN to_char(r.rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            ELSE r.rolvaliduntil::text  -- a rotation lets a role be valid until infinity, which Python does not know
            END AS valid_until,
       ARRAY(SELECT g.rolname::text FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
              WHERE m.member = r.oid ORDER BY 1) AS member_of
  FROM pg_roles r WHERE r.rolname !~ '^pg_' ORDER BY 1
"""
SETTINGS = """
SELECT coalesce(d.datname::text, '') AS database, coalesce(r.rolname::text, '') AS role, s.setconfig AS settings
  FROM pg_db_role_setting s LEFT JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole
 ORDER BY 1, 2
"""
