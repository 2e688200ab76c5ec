# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sessions of a login role, and whether the role is drained."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

SESSIONS = """
SELECT pid, backend_start::text AS started, COALESCE(host(client_addr), 'not shown to this role') AS client,
       COALESCE(NULLIF(application_name, ''), 'unnamed') AS application, state,
       extract(epoch FROM clock_timestamp() - backend_start)::float8 AS age_seconds
  FROM pg_stat_activity
 WHERE usename = %s AND pid <> pg_backend_pid() AND backend_type IN ('client backend', 'walsender')
 ORDER BY backend_start
"""
TERMINATE = """
SELECT pg_terminate_backend(pid, 5000) AS ended FROM pg_stat_activity
 WHERE pid = %(pid)s AND backend_start = %(started)s::timestamptz
"""


def sessions_of(connection: Any, role: str) -> list[dict[str, Any]]:
    """Return the sessions that a role has open."""
    rows: list[dict[str, Any]] = connection.execute(SESSIONS, [role]).fetchall()
    return rows


def terminate(connection: Any, sessions: list[dict[str, Any]]) -> int:
    """End sessions, each only if it still is the one that was judged, and return how many ended."""
    ended = 0
    for session in sessions:
        row = connection.execute(TERMINATE, {key: session[key] for key in ("pid", "started")}).fetchone()
        ended += bool(row and row["ended"])
    return ended


def longest_lived(sessions: list[dict[str, Any]], max_lifetime: float) -> list[dict[str, Any]]:
    """Return the sessions that are older than any connection of a known consumer may become."""
    return [session for session in sessions if session["age_seconds"] > max_lifetime]


def left_finding(session: dict[str, Any], role: str) -> dict[str, str]:
    """Return the finding of a session that outlived what known consumers keep open."""
    return finding(
        f"A session of {role} from {session['client']} as {session['application']} outlived every known consumer.",
        f"{role}, process {session['pid']}",
        "An unknown consumer uses the old login and will fail when the role is closed.",
        "Find the program at that address, give it the secret, and resume the run.",
        "high",
        key="unknown-consumer",
    )
