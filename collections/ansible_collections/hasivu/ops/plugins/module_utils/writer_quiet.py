# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""For how long nothing has written, and what is said of what still does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

WRITTEN = """
SELECT format('%I.%I', schemaname, relname) AS name, n_tup_ins + n_tup_upd + n_tup_del AS written
  FROM pg_stat_user_tables
"""


# A transaction counts its rows when it ends; until then only its number tells that it has written.
OPEN = """
SELECT COALESCE(usename::text, backend_type) AS role, COALESCE(NULLIF(application_name, ''), 'unnamed') AS application
  FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
 UNION ALL
SELECT owner::text, 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = current_database()
"""
# PostgreSQL publishes the counts of a session no more often than once a second.
RECENT_SECONDS = 5.0


class Quiet:
    """A time in which nothing was found; whatever is found begins it anew."""

    def __init__(self, seconds: float) -> None:
        """Keep how long it must last."""
        self._seconds = seconds
        self._begun: float | None = None
        self._seen: dict[str, float] = {}
        self.since = ""

    def note(self, left: list[str], at: float, moment: str) -> None:
        """Note what a look found, the instant at which it began by the monotonic clock, and that as text."""
        self._seen |= dict.fromkeys(left, at)
        if left:
            self._begun, self.since = None, ""
        elif self._begun is None:
            self._begun, self.since = at, moment

    def is_long_enough(self, at: float) -> bool:
        """Tell whether nothing was found for long enough."""
        return self._begun is not None and at - self._begun >= self._seconds

    def recent(self, at: float) -> list[str]:
        """Return what was found in the time that had to be quiet."""
        return [said for said, seen in self._seen.items() if at - seen <= max(self._seconds, RECENT_SECONDS)]


def rows_said(before: dict[str, int], after: dict[str, int]) -> list[str]:
    """Say in which tables rows were written between two counts; a counter that fell was reset and says nothing."""
    risen = sorted(name for name, count in after.items() if count > before.get(name, 0))
    return [f"rows of {name} are written" for name in risen]


def open_said(transactions: list[dict[str, Any]]) -> list[str]:
    """Say whose transactions have written and are not over."""
    return sorted({f"{one['application']} as {one['role']} has written and not committed" for one in transactions})


def sessions_said(role: str, sessions: list[dict[str, Any]]) -> Iterator[str]:
    """Say which sessions of a role are left, those of one program together."""
    programs: dict[str, int] = {}
    for session in sessions:
        name = f"{session['application']} at {session['client']}"
        programs[name] = programs.get(name, 0) + 1
    return (f"{role} has {count} sessions of {name}" for name, count in sorted(programs.items()))
