# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Says of sessions what a playbook, a record and a person want to know."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.query_values import json_row
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_action import ENDED
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_policy import Limits, decide, kind_of

ACTIONS = ("cancel", "terminate")
SECONDS = ("transaction_seconds", "query_seconds", "state_seconds")
INSIDE = ("then_terminate", "withheld", "superuser", "application", "state_change")


def judge(sessions: list[dict[str, Any]], limits: Limits) -> list[dict[str, Any]]:
    """Return the sessions, each with its kind and the decision on it."""
    return [
        {**session, "kind": kind_of(session, limits.migrations), **asdict(decide(session, limits)), "outcome": "none"}
        for session in sessions
    ]


def public(session: dict[str, Any]) -> dict[str, Any]:
    """Return a judged session as the module returns it."""
    row = json_row({name: value for name, value in session.items() if name not in INSIDE})
    for name in SECONDS:
        row[name] = None if row[name] is None else round(row[name], 1)
    return {**row, "reason": f"{session['reason']}."}


def difference(sessions: list[dict[str, Any]]) -> dict[str, str]:
    """Return the sessions acted on before and after, as text."""
    acted = [session for session in sessions if session["action"] in ACTIONS]
    name = "pid {pid} of {user} ({application_name}): {what}\n"
    return {
        "before": "".join(name.format(what=session["state"], **pick(session)) for session in acted),
        "after": "".join(
            name.format(what=AFTER.get(session["outcome"], "to {action}".format(**session)), **pick(session))
            for session in acted
        ),
    }


def pick(session: dict[str, Any]) -> dict[str, Any]:
    """Return what names a session to a person."""
    return {name: session[name] for name in ("pid", "user", "application_name")}


def session_findings(sessions: list[dict[str, Any]], hidden: int) -> list[dict[str, str]]:
    """Return a finding for each session that a person must see to."""
    findings = [found for session in sessions if (found := session_finding(session))]
    if hidden:
        findings.append(
            finding(
                what=f"{hidden} sessions cannot be seen by this role.",
                where="pg_stat_activity",
                why="A session that nobody sees may hold back dead rows or block others.",
                do="Grant pg_monitor to the role.",
                severity="medium",
            )
        )
    return findings


def session_finding(session: dict[str, Any]) -> dict[str, str] | None:
    """Return the finding on one session, or nothing when it needs nobody."""
    where = f"session {session['pid']}"
    what = f"{session['reason']}."
    if session["outcome"] in FAILED:
        return finding(what, where, FAILED[session["outcome"]], "Look at it and end it by hand.", "medium")
    if session["action"] == "page_owner":
        return finding(what, where, WHY_LONG, f"Page the owner of {session['application_name'] or session['user']}.")
    if session["withheld"]:
        return finding(what, where, WHY_LONG, "End it, or allow it with the policy cancel or terminate.")
    return None


def has_changed(sessions: list[dict[str, Any]], check_mode: bool) -> bool:
    """Tell whether a session was ended, or in check mode would be."""
    if check_mode:
        return any(session["action"] in ACTIONS for session in sessions)
    return any(session["outcome"] in ENDED for session in sessions)


WHY_LONG = "A long transaction keeps locks and dead rows."
AFTER = {
    "cancelled": "query cancelled",
    "terminated": "ended",
    "gone": "ended by itself",
    "not_ended": "not ended",
    "not_permitted": "not ended, the role may not",
}
FAILED = {
    "not_ended": "The session did not end within the time given.",
    "not_permitted": "The role may not end it; it lacks pg_signal_backend.",
}
