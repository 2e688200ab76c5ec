# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is logged in to the database, and whether a declared writer or a rule of the inventory explains it."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

Session = dict[str, Any]
Rule = dict[str, Any]

# Who has not logged in yet has no role; since PostgreSQL 18 he is shown all the same, and he cannot write.
SESSIONS = """
SELECT usename::text AS role, COALESCE(application_name, '') AS application,
       COALESCE(host(client_addr), '') AS address, backend_start::text AS started, backend_type AS kind, pid,
       COALESCE(datname::text, '') AS database
  FROM pg_stat_activity
 WHERE pid <> pg_backend_pid() AND backend_type IN ('client backend', 'walsender') AND usesysid IS NOT NULL
 ORDER BY backend_start
"""
UNSEEN = "not shown to this role"
FIELDS = {"role": "role", "application": "application", "address": "address", "kind": "kind", "database": "database"}


def merged(samples: Iterable[list[Session]]) -> list[Session]:
    """Return every session that any sample has seen, once."""
    seen = {(one["pid"], one["started"]): one for sample in samples for one in sample}
    return list(seen.values())


def explanation(session: Session, writers: dict[str, list[str] | None], rules: list[Rule]) -> str:
    """Return why a session is there, or nothing when nobody answers for it.

    Args:
        session: The session.
        writers: The addresses that each writer may come from, by its name; nothing means from anywhere.
        rules: What the inventory explains: patterns of `role`, `application`, `address`, `kind` and `database`, all of
            which must fit, and `why`.
    """
    name = session["application"]
    if name in writers and (writers[name] is None or session["address"] in (writers[name] or [])):
        return f"the writer {name}"
    return next((str(rule["why"]) for rule in rules if fits(session, rule)), "")


def fits(session: Session, rule: Rule) -> bool:
    """Tell whether every pattern of a rule fits a session; a rule without patterns fits none."""
    patterns = {name: str(rule[name]) for name in FIELDS if rule.get(name)}
    return bool(patterns) and all(
        fnmatchcase(str(session[FIELDS[name]] or ""), pattern) for name, pattern in patterns.items()
    )


def unexplained(sessions: list[Session], writers: dict[str, list[str] | None], rules: list[Rule]) -> list[Session]:
    """Return the clients that nobody answers for, each once with the number of its sessions."""
    groups: dict[tuple[str, str, str], list[Session]] = {}
    for session in sessions:
        if not explanation(session, writers, rules):
            key = (session["role"] or "", session["application"], session["address"])
            groups.setdefault(key, []).append(session)
    return [
        {"role": role, "application": application, "address": address, "sessions": len(found), "since": first(found)}
        for (role, application, address), found in sorted(groups.items())
    ]


def first(sessions: list[Session]) -> str:
    """Return when the oldest of some sessions began."""
    return min(str(session["started"]) for session in sessions)


def named(client: dict[str, Any]) -> str:
    """Say who a client is."""
    application = client["application"] or "a program without a name"
    return f"{application} as {client['role'] or UNSEEN} from {client['address'] or 'this machine'}"
