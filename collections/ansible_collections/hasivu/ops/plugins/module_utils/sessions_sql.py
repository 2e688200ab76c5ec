# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The statements that read sessions and the holders of the removal horizon, and the one that ends a session.

Of a query only its first word and its identifier are read, for its text holds the data of people.
"""

from __future__ import annotations

# Blockers of a listed session are listed too, however young they are: the mend is to be made there.
SESSIONS = r"""
WITH activity AS (
  SELECT a.*, CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(a.pid) ELSE '{}' END AS blocked_by
    FROM pg_stat_activity a
   WHERE a.datid IS NOT NULL AND a.pid <> pg_backend_pid() AND a.backend_type <> 'parallel worker'
), aged AS (
  SELECT *,
         extract(epoch FROM clock_timestamp() - xact_start)::float8 AS transaction_seconds,
         CASE WHEN state = 'active' THEN extract(epoch FROM clock_timestamp() - query_start)::float8 END
           AS query_seconds,
         extract(epoch FROM clock_timestamp() - state_change)::float8 AS state_seconds
    FROM activity
), long AS (
  SELECT * FROM aged
   WHERE (transaction_seconds >= %(report_seconds)s OR query_seconds >= %(report_seconds)s)
     AND (backend_type = 'client backend' OR query_seconds >= %(report_seconds)s)
)
SELECT a.pid, a.backend_start, a.state_change, a.backend_type, a.datname AS database, a.usename AS user,
       COALESCE(a.application_name, '') AS application_name, host(a.client_addr) AS client, a.state,
       a.wait_event_type, a.wait_event, a.query_id::text AS query_id,
       upper(substring(a.query FROM '^(?:\s|--[^\n]*\n|/\*.*?\*/)*([A-Za-z]+)')) AS command,
       a.transaction_seconds, a.query_seconds, a.state_seconds,
       GREATEST(age(a.backend_xmin), age(a.backend_xid)) AS xid_age, a.blocked_by,
       (SELECT count(*) FROM activity b WHERE a.pid = ANY (b.blocked_by)) AS blocks,
       COALESCE(r.rolsuper, false) AS superuser,
       EXISTS (SELECT 1 FROM pg_roles p
                WHERE p.rolname = ANY (%(application_roles)s) AND pg_has_role(r.oid, p.oid, 'MEMBER')) AS application,
       CASE WHEN r.rolsuper THEN pg_has_role(current_user, r.oid, 'USAGE')
            ELSE pg_has_role(current_user, r.oid, 'USAGE') OR pg_has_role(current_user, 'pg_signal_backend', 'USAGE')
       END AS permitted
  FROM aged a LEFT JOIN pg_roles r ON r.oid = a.usesysid
 WHERE a.pid IN (SELECT pid FROM long)
    OR EXISTS (SELECT 1 FROM long l WHERE a.pid = ANY (l.blocked_by))
 ORDER BY a.xact_start NULLS LAST, a.pid
"""

HIDDEN_SESSIONS = """
SELECT count(*) AS hidden FROM pg_stat_activity WHERE datid IS NOT NULL AND backend_type IS NULL
"""

# The server itself checks that the session is still the one that was judged: a pid may have been given to another
# client, and a session that has worked in the meantime is judged anew.
GUARD = """
  FROM pg_stat_activity
 WHERE pid = %(pid)s AND backend_start = %(backend_start)s AND usename = %(user)s AND state = %(state)s
   AND state_change = %(state_change)s AND backend_type = 'client backend'
"""
CANCEL = "SELECT pg_cancel_backend(pid) AS done" + GUARD
TERMINATE = "SELECT pg_terminate_backend(pid, 5000) AS done" + GUARD
STILL_THERE = "SELECT 1 AS there" + GUARD

# Sessions of other databases do not hold back the rows of this one; catalog_xmin holds back catalogs only.
HOLDERS_TEXT = """
SELECT 'session' AS kind, pid::text AS id, usename::text AS who,
       concat_ws(', ', state, NULLIF(application_name, '')) AS detail,
       GREATEST(age(backend_xmin), age(backend_xid)) AS xid_age,
       extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds, 'tables' AS scope, true AS active,
       NULL::int8 AS wal_bytes
  FROM pg_stat_activity
 WHERE (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) AND pid <> pg_backend_pid()
   AND datname = current_database()
   AND backend_type NOT IN ('parallel worker', 'walsender', 'autovacuum worker')
UNION ALL
SELECT 'prepared transaction', gid, owner::text, database::text, age(transaction),
       extract(epoch FROM clock_timestamp() - prepared)::float8, 'tables', true, NULL
  FROM pg_prepared_xacts WHERE database = current_database()
UNION ALL
SELECT 'replication slot', slot_name::text, COALESCE(plugin::text, 'physical'),
       CASE WHEN active THEN 'active' ELSE 'inactive' END || ', WAL ' || COALESCE(wal_status, 'unknown'),
       GREATEST(age(xmin), age(catalog_xmin)), INACTIVE_SECONDS,
       CASE WHEN xmin IS NOT NULL THEN 'tables' WHEN catalog_xmin IS NOT NULL THEN 'catalogs' ELSE 'wal' END, active,
       CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)::int8 END
  FROM pg_replication_slots
UNION ALL
SELECT 'standby', COALESCE(NULLIF(application_name, ''), pid::text), usename::text, state, age(backend_xmin), NULL,
       'tables', true, NULL
  FROM pg_stat_replication WHERE backend_xmin IS NOT NULL
 ORDER BY xid_age DESC NULLS LAST, seconds DESC NULLS LAST
"""

# The server says since PostgreSQL 17 when a slot became inactive.
INACTIVE_SECONDS = "CASE WHEN NOT active THEN extract(epoch FROM clock_timestamp() - inactive_since)::float8 END"
HOLDERS = {
    True: HOLDERS_TEXT.replace("INACTIVE_SECONDS", INACTIVE_SECONDS),
    False: HOLDERS_TEXT.replace("INACTIVE_SECONDS", "NULL::float8"),
}

AV_DIAG_FUNCTION = """
SELECT n.nspname AS schema, p.proname AS name
  FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid
 WHERE e.extname = 'rds_tools' AND p.proname = 'postgres_get_av_diag'
   AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')
"""
