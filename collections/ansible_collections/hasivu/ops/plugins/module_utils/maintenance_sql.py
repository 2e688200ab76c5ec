# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What maintenance asks of the catalog and the statistics; every query reads, locks no table, and is one round."""

from __future__ import annotations

# Sizes come from pg_class and not from pg_total_relation_size(): that function waits for whoever holds the table
# exclusively, and so a single DDL statement would stop the planning of every other table.
TABLES = r"""
WITH indexes AS (
  SELECT i.indrelid, count(*) AS indexes, sum(c.relpages) AS pages
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
   GROUP BY i.indrelid
), progress AS (
  SELECT DISTINCT ON (relid) relid, pid, what
    FROM (SELECT relid, pid, 'vacuumed' AS what FROM pg_stat_progress_vacuum WHERE datname = current_database()
          UNION ALL
          SELECT relid, pid, 'analysed' FROM pg_stat_progress_analyze WHERE datname = current_database()) AS working
   ORDER BY relid, what DESC
), locks AS (
  SELECT DISTINCT ON (l.relation) l.relation, l.pid, l.mode, a.application_name
    FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
    LEFT JOIN pg_stat_activity a ON a.pid = l.pid
   WHERE l.locktype = 'relation' AND l.granted
     AND l.mode IN ('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock',
                    'AccessExclusiveLock')
   ORDER BY l.relation, l.pid
)
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS quoted,
       c.relkind::text AS kind, c.reltuples::bigint AS rows, c.relpages AS pages, c.relallvisible AS visible_pages,
       COALESCE(x.pages, 0)::bigint AS index_pages, COALESCE(x.indexes, 0)::int AS indexes,
       COALESCE(t.relpages, 0) AS toast_pages,
       COALESCE(s.n_live_tup, 0) AS live, COALESCE(s.n_dead_tup, 0) AS dead,
       COALESCE(s.n_ins_since_vacuum, 0) AS inserted, COALESCE(s.n_mod_since_analyze, 0) AS modified,
       COALESCE(s.n_tup_upd + s.n_tup_del, 0) AS rewritten,
       GREATEST(s.last_vacuum, s.last_autovacuum) AS vacuumed, GREATEST(s.last_analyze, s.last_autoanalyze) AS analyzed,
       s.last_autoanalyze AS autoanalyzed,
       COALESCE(s.vacuum_count, 0) AS vacuum_count, COALESCE(s.analyze_count, 0) AS analyze_count,
       COALESCE(GREATEST(CASE WHEN c.relfrozenxid <> '0' THEN age(c.relfrozenxid) END, age(t.relfrozenxid)), 0)
         AS xid_age,
       COALESCE(GREATEST(CASE WHEN c.relminmxid <> '0' THEN mxid_age(c.relminmxid) END, mxid_age(t.relminmxid)), 0)
         AS mxid_age,
       LEAST(o.xid_limit, p.xid_limit, current_setting('autovacuum_freeze_max_age')::bigint) AS xid_limit,
       LEAST(o.mxid_limit, p.mxid_limit, current_setting('autovacuum_multixact_freeze_max_age')::bigint) AS mxid_limit,
       pg_has_role(current_user, c.relowner, 'USAGE')
         OR pg_has_role(current_user, d.datdba, 'USAGE')
         OR CASE WHEN current_setting('server_version_num')::int >= 170000
                 THEN COALESCE(has_table_privilege(c.oid, 'MAINTAIN'), false) ELSE false END AS permitted,
       w.pid AS working_pid, w.what AS working,
       l.pid AS locked_pid, l.mode AS locked_mode, l.application_name AS locked_by,
       CASE WHEN c.relispartition
            THEN ARRAY(SELECT relid::oid::bigint FROM pg_partition_ancestors(c.oid) WHERE relid <> c.oid)
            ELSE '{}' END AS ancestors
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_database d ON d.datname = current_database()
  LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
  LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
  LEFT JOIN indexes x ON x.indrelid = c.oid
  LEFT JOIN LATERAL (
    SELECT max(option_value) FILTER (WHERE option_name = 'autovacuum_freeze_max_age')::bigint AS xid_limit,
           max(option_value) FILTER (WHERE option_name = 'autovacuum_multixact_freeze_max_age')::bigint AS mxid_limit
      FROM pg_options_to_table(c.reloptions)) AS o ON c.reloptions IS NOT NULL
  LEFT JOIN LATERAL (
    SELECT max(option_value) FILTER (WHERE option_name = 'autovacuum_freeze_max_age')::bigint AS xid_limit,
           max(option_value) FILTER (WHERE option_name = 'autovacuum_multixact_freeze_max_age')::bigint AS mxid_limit
      FROM pg_options_to_table(t.reloptions)) AS p ON t.reloptions IS NOT NULL
  LEFT JOIN LATERAL (
    SELECT pid, what FROM progress WHERE relid IN (c.oid, c.reltoastrelid) LIMIT 1) AS w ON true
  LEFT JOIN locks l ON l.relation = c.oid
 WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't'
   AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
"""

AFTER = """
SELECT COALESCE(s.n_dead_tup, 0) AS dead, COALESCE(s.n_live_tup, 0) AS live, c.relpages AS pages,
       c.relallvisible AS visible_pages, COALESCE(s.vacuum_count, 0) AS vacuum_count,
       COALESCE(s.analyze_count, 0) AS analyze_count,
       COALESCE(GREATEST(CASE WHEN c.relfrozenxid <> '0' THEN age(c.relfrozenxid) END, age(t.relfrozenxid)), 0)
         AS xid_age,
       COALESCE(GREATEST(CASE WHEN c.relminmxid <> '0' THEN mxid_age(c.relminmxid) END, mxid_age(t.relminmxid)), 0)
         AS mxid_age
  FROM pg_class c
  LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
  LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
 WHERE c.oid = %s::oid
"""

SERVER = """
SELECT current_setting('server_version_num')::int AS version, pg_is_in_recovery() AS in_recovery,
       current_setting('autovacuum')::bool AS autovacuum, current_setting('track_counts')::bool AS track_counts,
       current_setting('vacuum_freeze_min_age')::bigint AS freeze_min_age,
       current_setting('vacuum_multixact_freeze_min_age')::bigint AS mxid_freeze_min_age,
       (SELECT setting::bigint / 1024 FROM pg_settings WHERE name = 'maintenance_work_mem') AS work_mem_mb,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
         - (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections_left,
       (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()) AS stats_reset,
       now() AS now
"""

SNAPSHOT = """
SELECT now() AS at, pg_postmaster_start_time() AS started,
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text AS lsn,
       (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()) AS stats_reset,
       pg_database_size(current_database()) AS database_bytes,
       (SELECT jsonb_object_agg(datname, jsonb_build_object('xid_age', age(datfrozenxid),
                                                            'mxid_age', mxid_age(datminmxid)))
          FROM pg_database WHERE datallowconn) AS ages,
       (SELECT jsonb_object_agg(name, current_setting(name)) FROM pg_settings
         WHERE name IN ('server_version', 'autovacuum', 'autovacuum_freeze_max_age',
                        'autovacuum_multixact_freeze_max_age', 'autovacuum_naptime', 'autovacuum_vacuum_cost_delay',
                        'autovacuum_vacuum_scale_factor', 'checkpoint_timeout', 'default_statistics_target',
                        'maintenance_work_mem', 'max_wal_size', 'shared_buffers', 'vacuum_cost_delay',
                        'vacuum_cost_limit', 'vacuum_failsafe_age', 'vacuum_freeze_min_age',
                        'vacuum_freeze_table_age')) AS settings
"""

# Only what holds back the removal of rows of this database: sessions elsewhere and catalog_xmin of a slot do not.
HOLDERS = """
SELECT * FROM (
  SELECT 'session' AS kind, pid::text AS id, usename::text AS who,
         concat_ws(', ', state, NULLIF(application_name, '')) AS detail,
         GREATEST(age(backend_xmin), age(backend_xid)) AS xid_age,
         extract(epoch FROM clock_timestamp() - xact_start)::int AS seconds
    FROM pg_stat_activity
   WHERE datname = current_database() AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
     AND pid <> ALL (%(own)s::int[]) AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker'
  UNION ALL
  SELECT 'prepared transaction', gid, owner::text, 'prepared', age(transaction),
         extract(epoch FROM clock_timestamp() - prepared)::int
    FROM pg_prepared_xacts WHERE database = current_database()
  UNION ALL
  SELECT 'replication slot', slot_name::text, plugin::text, CASE WHEN active THEN 'active' ELSE 'inactive' END,
         age(xmin), NULL
    FROM pg_replication_slots WHERE xmin IS NOT NULL
  UNION ALL
  SELECT 'standby', COALESCE(NULLIF(application_name, ''), pid::text), usename::text, state, age(backend_xmin),
         extract(epoch FROM clock_timestamp() - backend_start)::int
    FROM pg_stat_replication WHERE backend_xmin IS NOT NULL
) AS holders
 ORDER BY xid_age DESC NULLS LAST
"""
