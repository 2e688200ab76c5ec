# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the server's answer to a VACUUM means; it reports much of what went wrong as a mere notice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

NOT_AVAILABLE = "55P03"
CANCELLED = "57014"
GONE = ("42P01", "3F000")
NOT_PERMITTED = "42501"
NO_RIGHT = ("permission denied to", "only superuser can", "only table or database owner can")
TIMEOUT_SLACK = 0.05


@dataclass(frozen=True)
class Notice:
    """A message that came beside the result."""

    sqlstate: str
    text: str


@dataclass(frozen=True)
class Verdict:
    """How an attempt ended, as the outcome of a table."""

    outcome: str
    message: str = ""
    sqlstate: str | None = None


def of_notices(notices: Iterable[Notice]) -> Verdict:
    """Tell a table that was treated from one that the server silently passed by."""
    for notice in notices:
        if notice.sqlstate == NOT_AVAILABLE:
            return Verdict("skipped_locked", "Another session held a lock on it.")
        if notice.sqlstate in GONE:
            return Verdict("gone", "It no longer exists.")
        if notice.sqlstate == NOT_PERMITTED or any(words in notice.text for words in NO_RIGHT):
            return Verdict("not_permitted", f"The server said: {notice.text}.")
    return Verdict("done", " ".join(notice.text for notice in notices))


def of_error(sqlstate: str | None, text: str, seconds: float, allowed: float) -> Verdict:
    """Tell a lock that did not come from a time that ran out, and both from a failure."""
    if sqlstate == NOT_AVAILABLE:
        return Verdict("lock_timeout", "A lock on it did not become free in time.")
    if sqlstate in GONE:
        return Verdict("gone", "It no longer exists.")
    if sqlstate == NOT_PERMITTED:
        return Verdict("not_permitted", f"The server said: {text}.")
    if sqlstate == CANCELLED and seconds >= allowed - TIMEOUT_SLACK:
        return Verdict("time_capped", f"It was not finished after {seconds:.0f} seconds; what was done is kept.")
    if sqlstate == CANCELLED:
        return Verdict("failed", "Another session cancelled it.")
    return Verdict("failed", f"The server said: {text}.", sqlstate)
