# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is to be done with a session that has lasted too long; the policy table of the weekly maintenance, as code."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

POLICIES = ("off", "cancel", "terminate")
SERVER_USERS = ("rdsadmin", "rdsrepladmin", "rds*admin")
DUMPS = ("pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup")
SCHEMA_COMMANDS = ("ALTER", "CREATE", "DROP", "REINDEX", "CLUSTER", "REFRESH", "VACUUM", "ANALYZE")
IN_TRANSACTION = ("idle in transaction", "idle in transaction (aborted)")
ACTIVE = ("active", "fastpath function call")


@dataclass(frozen=True)
class Limits:
    """From when on a session is reported, acted on, and ended at the latest; and what the policy allows."""

    policy: str = "off"
    report_seconds: float = 300
    act_seconds: float = 900
    end_seconds: float = 1800
    horizon_seconds: float = 3600
    blocked_sessions: int = 5
    migrations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """What is to be done with a session and why.

    Attributes:
        action: One of report, page_owner, cancel and terminate.
        reason: A sentence without its full stop.
        then_terminate: Whether the session is ended when the cancel does not help.
        withheld: Whether the session would be acted on if the policy allowed it.
    """

    action: str
    reason: str
    then_terminate: bool = False
    withheld: bool = False


def decide(session: dict[str, Any], limits: Limits) -> Decision:
    """Return what the policy says of one session."""
    kind = kind_of(session, limits.migrations)
    if is_stuck(session, kind, limits):
        return decide_application(session, limits)
    return decide_report(session, kind, limits)


def kind_of(session: dict[str, Any], migrations: tuple[str, ...] = ()) -> str:
    """Return whose session it is: the server's own, one with an owner to ask, the application's, or another's."""
    if is_protected(session):
        return "protected"
    if owned_work(session, migrations):
        return "owned"
    return "application" if session["application"] else "other"


def is_protected(session: dict[str, Any]) -> bool:
    """Tell whether the session belongs to the server, its provider or a superuser, and is never touched."""
    user = session["user"] or ""
    return (
        session["backend_type"] != "client backend"
        or session["superuser"]
        or any(fnmatchcase(user, pattern) for pattern in SERVER_USERS)
    )


def owned_work(session: dict[str, Any], migrations: tuple[str, ...]) -> str:
    """Return what the session does when that is work which somebody answers for, else nothing."""
    name = session["application_name"]
    if name.startswith("hasivu-ops"):
        return "another run of hasivu-ops"
    if name in DUMPS or session["command"] == "COPY":
        return "a dump or bulk copy"
    if session["command"] in SCHEMA_COMMANDS or is_migration(session, migrations):
        return "a migration"
    return ""


def is_migration(session: dict[str, Any], migrations: tuple[str, ...]) -> bool:
    """Tell whether the session's application or user is called as migrations are."""
    names = (session["application_name"].lower(), (session["user"] or "").lower())
    return any(fnmatchcase(name, pattern.lower()) for name in names for pattern in migrations)


def is_stuck(session: dict[str, Any], kind: str, limits: Limits) -> bool:
    """Tell whether the session is the application's, past the report limit, and in a state that the policy ends."""
    return (
        kind == "application"
        and session["state"] in (*ACTIVE, *IN_TRANSACTION)
        and state_age(session) >= limits.report_seconds
    )


def state_age(session: dict[str, Any]) -> float:
    """Return for how long the session has been in what it does: its query when active, else its state."""
    age = session["query_seconds"] if session["state"] in ACTIVE else session["state_seconds"]
    return float(age or 0)


def decide_application(session: dict[str, Any], limits: Limits) -> Decision:
    """Return what is done with a session of the application that is past the report limit."""
    if session["state"] in ACTIVE:
        return decide_active(session, limits)
    return decide_idle(session, limits)


def decide_active(session: dict[str, Any], limits: Limits) -> Decision:
    """Cancel a long query; end its session when the cancel does not help and the policy is to terminate."""
    end = why_end(session, limits)
    if not end and state_age(session) < limits.act_seconds:
        return Decision("report", f"{describe(session)}; nothing is done before {minutes(limits.act_seconds)}")
    if limits.policy == "off":
        return Decision("report", f"{describe(session)}; the policy is off, so nothing is done", withheld=True)
    ends = bool(end) and limits.policy == "terminate"
    return Decision("cancel", f"{describe(session)}{end and ', ' + end}", then_terminate=ends)


def decide_idle(session: dict[str, Any], limits: Limits) -> Decision:
    """End a transaction left open; a cancel would do nothing to it."""
    why = why_end(session, limits) or why_end_idle(session, limits)
    if not why:
        return Decision("report", f"{describe(session)}; it neither blocks others nor holds an old horizon")
    if limits.policy != "terminate":
        reason = f"{describe(session)}, {why}; the policy is {limits.policy}, so it is not ended"
        return Decision("report", reason, withheld=True)
    return Decision("terminate", f"{describe(session)}, {why}")


def why_end(session: dict[str, Any], limits: Limits) -> str:
    """Return why the session is to end whatever it does, or nothing."""
    if session["blocks"] > limits.blocked_sessions:
        return f"it blocks {sessions(session['blocks'])}"
    if state_age(session) >= limits.end_seconds:
        return f"longer than {minutes(limits.end_seconds)}"
    return ""


def why_end_idle(session: dict[str, Any], limits: Limits) -> str:
    """Return why an open transaction that has been idle past the act limit is to end, or nothing."""
    if state_age(session) < limits.act_seconds:
        return ""
    if session["blocks"]:
        return f"it blocks {sessions(session['blocks'])}"
    if session["xid_age"] is not None and (session["transaction_seconds"] or 0) >= limits.horizon_seconds:
        return f"it has held back dead rows for {minutes(session['transaction_seconds'])}"
    return ""


def decide_report(session: dict[str, Any], kind: str, limits: Limits) -> Decision:
    """Return what is said of a session that is never acted on."""
    if kind == "protected":
        return Decision("report", f"{describe(session)}; it belongs to the server or a superuser and is never ended")
    age = max(session["transaction_seconds"] or 0, state_age(session))
    if kind == "owned":
        work = owned_work(session, limits.migrations)
        action = "page_owner" if age >= limits.act_seconds else "report"
        return Decision(action, f"{describe(session)}; it is {work}, which only its owner may end")
    if age < limits.report_seconds:
        return Decision(
            "report", f"{describe(session)}; it blocks {sessions(session['blocks'])}, but is too young to end"
        )
    action = "page_owner" if age >= limits.act_seconds else "report"
    return Decision(action, f"{describe(session)}; the policy says nothing of it, so its owner decides")


def describe(session: dict[str, Any]) -> str:
    """Say who is doing what, and for how long."""
    who = session["user"] or session["backend_type"]
    state = session["state"] or "in an unknown state"
    since = session["query_seconds"] if session["state"] in ACTIVE else session["state_seconds"]
    text = f"{who} (pid {session['pid']}) has been {state} for {minutes(since)}"
    if session["state"] in ACTIVE and (session["transaction_seconds"] or 0) > (since or 0) + 60:
        text += f" in a transaction of {minutes(session['transaction_seconds'])}"
    return text


def minutes(seconds: float | None) -> str:
    """Return a duration in words that a person reads at night."""
    if seconds is None:
        return "an unknown time"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def sessions(number: int) -> str:
    """Return a number of sessions in words."""
    return "1 session" if number == 1 else f"{number} sessions"
