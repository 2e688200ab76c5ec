# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The eyes of a run: every few seconds what our sessions do, and whether anybody suffers from it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ansible_collections.hasivu.ops.plugins.module_utils import vacuum_sql
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import report_progress
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_lag import ReplicaLag
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_work import Work

if TYPE_CHECKING:
    import psycopg


class Watch:
    """Looks through the connection that holds the lock of the run, so that the loss of the lock is seen, too."""

    def __init__(self, work: Work, connection: psycopg.Connection[dict[str, Any]]) -> None:
        """Start with nothing exceeded."""
        self.work = work
        self.connection = connection
        self.lag = ReplicaLag()
        self.exceeded_since: float | None = None

    def look(self) -> None:
        """Report progress, and hold or cancel our own work where a limit is exceeded."""
        own = {"own": [session.pid for session in list(self.work.sessions)]}
        for row in self.connection.execute(vacuum_sql.PROGRESS, own).fetchall():
            self.report(row)
        limits = self.connection.execute(vacuum_sql.LIMITS, own).fetchall()[0]
        now = time.monotonic()
        lag = self.lag.seconds(now, limits["written"], limits["replayed"], limits["replica_lag"])
        self.judge(now, lag, limits["blocking"])

    def report(self, row: dict[str, Any]) -> None:
        """Append what one session does now to the progress."""
        share = f", {row['scanned'] / row['total']:.0%}" if row["total"] else ""
        report_progress(
            self.work.manner.progress_file,
            f"Treating {row['relation']}: {row['phase']}{share}",
            done=len(self.work.results),
            total=self.work.total,
        )

    def judge(self, now: float, replica_lag: float, blocking: list[int]) -> None:
        """Start nothing while a limit is exceeded; when it stays so, cancel what of ours is the cause."""
        limit = self.work.manner.max_replica_lag_s
        reason = limit_reason(replica_lag, limit, blocking)
        self.work.control.hold(reason)
        if reason is None:
            self.exceeded_since = None
            return
        self.exceeded_since = self.exceeded_since or now
        if now - self.exceeded_since >= self.work.manner.limit_grace_s:
            self.cancel(reason, None if replica_lag > limit else blocking)

    def cancel(self, reason: str, pids: list[int] | None = None) -> None:
        """Cancel our own busy sessions, or those of them that are named, and nobody else's."""
        chosen = [one for one in list(self.work.sessions) if one.busy and (pids is None or one.pid in pids)]
        self.work.control.note_cancelled([session.pid for session in chosen], reason)
        parameters = {"pids": [one.pid for one in chosen], "starts": [one.started for one in chosen]}
        self.connection.execute(vacuum_sql.CANCEL, parameters)


def limit_reason(replica_lag: float, limit: int, blocking: list[int]) -> str | None:
    """Say which limit is exceeded."""
    if replica_lag > limit:
        return f"a replica is {replica_lag:.0f} s behind, more than {limit} s"
    if blocking:
        return "another session waits for a lock that this run holds"
    return None
