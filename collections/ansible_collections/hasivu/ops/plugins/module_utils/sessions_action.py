# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ends sessions: only those that are still what they were when they were judged."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.sessions_sql import CANCEL, STILL_THERE, TERMINATE

NOT_PERMITTED = "42501"
POLL_SECONDS = 0.5
ENDED = ("cancelled", "terminated")

Ask = Callable[[str, dict[str, Any]], list[dict[str, Any]]]
"""Runs a statement and returns its rows; raises PermissionError when the role may not do it."""


def act(sessions: list[dict[str, Any]], ask: Ask, wait_seconds: float, stopped: Callable[[], str | None]) -> str | None:
    """Do to each session what was decided and write its `outcome`; return why it was broken off, if it was.

    Every cancel is sent first and then all are waited for together, so that many sessions take no longer than one.
    """
    for session in sessions:
        if session["action"] == "terminate":
            session["outcome"] = signal(ask, TERMINATE, session, "terminated")
    cancelled = [session for session in sessions if session["action"] == "cancel"]
    for session in cancelled:
        session["outcome"] = signal(ask, CANCEL, session, "cancelled")
    waiting = [session for session in cancelled if session["outcome"] == "cancelled"]
    left, reason = wait_for(waiting, ask, wait_seconds, stopped)
    for session in left:
        ends = session["then_terminate"] and not reason
        session["outcome"] = signal(ask, TERMINATE, session, "terminated") if ends else "not_ended"
    return reason


def signal(ask: Ask, statement: str, session: dict[str, Any], done: str) -> str:
    """Send one signal through the guarded statement and return its outcome."""
    try:
        rows = ask(statement, session)
    except PermissionError:
        return "not_permitted"
    if not rows:
        return "gone"
    return done if rows[0]["done"] else "not_ended"


def wait_for(
    sessions: list[dict[str, Any]], ask: Ask, wait_seconds: float, stopped: Callable[[], str | None]
) -> tuple[list[dict[str, Any]], str | None]:
    """Return the sessions that a cancel has not moved by the end of the wait, and why the wait was broken off."""
    deadline = time.monotonic() + wait_seconds
    left = still_there(sessions, ask)
    while left and time.monotonic() < deadline:
        reason = stopped()
        if reason:
            return left, reason
        time.sleep(POLL_SECONDS)
        left = still_there(left, ask)
    return left, None


def still_there(sessions: list[dict[str, Any]], ask: Ask) -> list[dict[str, Any]]:
    """Return the sessions that still do what they did when they were judged."""
    return [session for session in sessions if ask(STILL_THERE, session)]
