# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a maintenance run asks of the server while it works: its lock, its own sessions, its progress and its limits."""

from __future__ import annotations

LOCK_NAME = "hasivu-ops:weekly-db"

TAKE_LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0)) AS taken"

LOCK_HOLDER = """
SELECT a.pid, a.application_name, a.backend_start, a.usename, a.client_addr::text AS client
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended(%s, 0)
   AND a.pid <> pg_backend_pid()
"""

# The cast to name cuts a long application_name just as the server did when the session set it.
SESSIONS_NAMED = """
SELECT pid, backend_start FROM pg_stat_activity
 WHERE application_name = %s::name::text AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""

# A pid is used again by the system; together with its start it means one session for ever.
CANCEL = """
SELECT pg_cancel_backend(a.pid) AS signalled
  FROM pg_stat_activity a
  JOIN unnest(%(pids)s::int[], %(starts)s::timestamptz[]) AS own (pid, started)
    ON a.pid = own.pid AND a.backend_start = own.started
"""
TERMINATE = CANCEL.replace("pg_cancel_backend(a.pid)", "pg_terminate_backend(a.pid)")

WHO_AM_I = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"

PROGRESS = """
SELECT p.pid, p.relid::regclass::text AS relation, p.phase,
       p.heap_blks_scanned AS scanned, p.heap_blks_total AS total, p.index_vacuum_count AS index_passes
  FROM pg_stat_progress_vacuum p WHERE p.pid = ANY (%(own)s::int[])
UNION ALL
SELECT p.pid, p.relid::regclass::text, p.phase, p.sample_blks_scanned, p.sample_blks_total, 0
  FROM pg_stat_progress_analyze p WHERE p.pid = ANY (%(own)s::int[])
"""

LIMITS = """
SELECT COALESCE((SELECT max(extract(epoch FROM replay_lag)) FROM pg_stat_replication), 0)::float AS replica_lag,
       pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS written,
       (SELECT min(pg_wal_lsn_diff(replay_lsn, '0/0')) FROM pg_stat_replication)::bigint AS replayed,
       COALESCE((SELECT array_agg(DISTINCT blocker.pid)
                   FROM pg_stat_activity w CROSS JOIN LATERAL unnest(pg_blocking_pids(w.pid)) AS blocker (pid)
                  WHERE w.wait_event_type = 'Lock' AND w.backend_type = 'client backend'
                    AND w.pid <> ALL (%(own)s::int[]) AND blocker.pid = ANY (%(own)s::int[])), '{}') AS blocking
"""

SET = "SELECT set_config(name, value, false) FROM unnest(%(names)s::text[], %(values)s::text[]) AS s (name, value)"
