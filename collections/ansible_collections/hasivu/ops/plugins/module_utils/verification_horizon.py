# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The horizon of a restored server: which transactions of the old server it has, and which came too late for it.

A physical copy and its source number transactions alike up to the restore point. So a row of the old server tells by
its `xmin` whether the restored one must have it, whatever its timestamps say: also a row that was changed later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import rows

try:
    import psycopg
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

EPOCH = 2**32
FIRST_NORMAL = 3
# So many transactions may a server that lives on make while it is compared; their numbers are higher than what it said.
AHEAD = 2**24
# So many transactions may the restored server have made of its own before anybody could ask it how far it was.
DOUBTFUL = 200
NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next_xid"
# The first checkpoint of the new timeline comes right after recovery, before anybody worked on the server.
AFTER_RECOVERY = """
SELECT next_xid, timeline_id = ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int AS is_new
  FROM pg_control_checkpoint()
"""
STATES = "SELECT xid, pg_xact_status(xid::text::xid8) AS state FROM unnest(%s::bigint[]) AS xid"


@dataclass(frozen=True)
class Horizon:
    """The first transaction that the restored server did not see, and how far both have counted."""

    first_unseen: int
    old_next: int
    restored_next: int

    def is_later(self, xid: int) -> bool:
        """Tell whether a transaction of the old server began after the restore point."""
        return full(xid, self.old_next) >= self.first_unseen

    def is_doubtful(self, xid: int) -> bool:
        """Tell whether a number stands for two transactions: one of the old server, and one of the restored one."""
        return self.first_unseen - DOUBTFUL <= full(xid, self.old_next) < self.first_unseen

    def is_foreign(self, xid: int) -> bool:
        """Tell whether a row of the restored server was written there, after it was restored."""
        return full(xid, self.restored_next) >= self.first_unseen


def full(xid: int, next_xid: int) -> int:
    """Return a transaction of 32 bits with its epoch; those that stand for `always` come before all others.

    Args:
        xid: The transaction.
        next_xid: The next one of its server, as it was when the comparison began; it may have gone on since.
    """
    if xid < FIRST_NORMAL:
        return 0
    epoch, now = divmod(next_xid, EPOCH)
    since = (xid - now) % EPOCH
    if since < AHEAD:
        return next_xid + since
    return (epoch if xid <= now else epoch - 1) * EPOCH + xid


def read_horizon(
    restored: psycopg.Connection[dict[str, Any]], old: psycopg.Connection[dict[str, Any]], recovery_xid: int | None
) -> Horizon:
    """Return the horizon; what is not known of it is taken so that a difference is rather told than hidden.

    Raises:
        psycopg.Error: A server does not answer.
    """
    restored_next = rows(restored, NEXT)[0]["next_xid"]
    old_next = rows(old, NEXT)[0]["next_xid"]
    first = recovery_xid or after_recovery(restored) or restored_next
    return Horizon(min(first, restored_next), old_next, restored_next)


def after_recovery(restored: psycopg.Connection[dict[str, Any]]) -> int | None:
    """Return the next transaction at the last checkpoint of the new timeline, where there is one and we may ask."""
    try:
        (found,) = rows(restored, AFTER_RECOVERY)
    except psycopg.errors.InsufficientPrivilege:
        return None
    epoch, xid = found["next_xid"].split(":")
    return int(epoch) * EPOCH + int(xid) if found["is_new"] else None


def unseen(restored: psycopg.Connection[dict[str, Any]], horizon: Horizon, xids: Iterable[int]) -> set[int]:
    """Return those transactions of the old server whose work the restored one cannot have.

    They began after the restore point, or were open at it: recovery ends those as if they had been rolled back.

    Raises:
        psycopg.Error: The restored server does not answer.
    """
    wanted = {xid: full(xid, horizon.old_next) for xid in xids}
    later = {xid for xid, whole in wanted.items() if whole >= horizon.first_unseen}
    before = {xid: whole for xid, whole in wanted.items() if xid not in later and whole}
    states = {row["xid"]: row["state"] for row in rows(restored, STATES, [list(before.values())])}
    return later | {xid for xid, whole in before.items() if states.get(whole) in ("aborted", "in progress")}
