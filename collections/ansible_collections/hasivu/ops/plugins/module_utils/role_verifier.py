# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changing a role with a SCRAM verifier, made here, so that the server never sees a password in clear text.

A verifier is still worth hiding: with it, passwords can be tried offline. So the statement is kept out of logs and
statistics as far as the role that changes may silence them.
"""

from __future__ import annotations

import secrets

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # Whoever connects says so before anything of it is used.
    psycopg = None

SILENT = {
    "pg_stat_statements.track_utility": "off",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
}
MAY_SET = """
SELECT name, setting, CASE WHEN context <> 'superuser' THEN true ELSE
       CASE WHEN %(version)s >= 150000 THEN has_parameter_privilege(name, 'SET')
            ELSE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) END END AS permitted
  FROM pg_settings WHERE name = ANY (%(names)s)
"""
OPEN = "ALTER ROLE {role} LOGIN PASSWORD {verifier} VALID UNTIL 'infinity'"
CLOSE = "ALTER ROLE {role} NOLOGIN PASSWORD {verifier}"

Connection = "psycopg.Connection[dict[str, Any]]"


def open_role(connection: Connection, role: str, password: str) -> list[str]:
    """Let a role log in with a password, and return the settings that could not be silenced meanwhile.

    Raises:
        psycopg.Error: The server refuses.
    """
    return change(connection, OPEN, role, password)


def close_role(connection: Connection, role: str) -> list[str]:
    """Let a role log in no more and give it a password that nobody knows; return what could not be silenced.

    Raises:
        psycopg.Error: The server refuses.
    """
    return change(connection, CLOSE, role, secrets.token_urlsafe(48))


def change(connection: Connection, statement: str, role: str, password: str) -> list[str]:
    """Change a role in one transaction in which nothing is logged that need not be."""
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    silent, loud = silenceable(connection)
    with connection.transaction():
        for name in silent:
            connection.execute(sql.SQL("SET LOCAL {} TO {}").format(identifier(name), sql.Literal(SILENT[name])))
        named = {"role": sql.Identifier(role), "verifier": sql.Literal(verifier)}
        connection.execute(sql.SQL(statement).format(**named))
    return loud


def silenceable(connection: Connection) -> tuple[list[str], list[str]]:
    """Return the settings that can be silenced, and those that are loud and must stay so."""
    asked = {"names": list(SILENT), "version": connection.info.server_version}
    rows = connection.execute(MAY_SET, asked).fetchall()
    silent = [row["name"] for row in rows if row["permitted"]]
    loud = [row["name"] for row in rows if not row["permitted"] and is_loud(row["name"], row["setting"])]
    return sorted(silent), sorted(loud)


def is_loud(name: str, setting: str) -> bool:
    """Tell whether a setting, as it stands, may write down the statement that changes a role."""
    quiet = {"log_statement": ("none",), "log_min_duration_statement": ("-1",), "log_min_error_statement": ("panic",)}
    return setting not in quiet.get(name, ("off",))


def identifier(name: str) -> sql.Composed:
    """Return the name of a setting as SQL writes it; one of an extension has two parts."""
    return sql.SQL(".").join(map(sql.Identifier, name.split(".")))
