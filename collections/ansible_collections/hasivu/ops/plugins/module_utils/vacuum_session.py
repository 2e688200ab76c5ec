# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection that treats one table after another."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import maintenance_sql, vacuum_sql
from ansible_collections.hasivu.ops.plugins.module_utils.database import open_connection
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_verdict import Notice, Verdict, of_error, of_notices

try:
    import psycopg
except ImportError:
    # The database module says so before anything of it is used.
    psycopg = None

BOOKKEEPING_TIMEOUT = "60s"


class LostConnectionError(Exception):
    """Raised when the server ended the session or is gone."""


class Session:
    """One login of a worker; it knows its own pid and start, so that nobody else is ever cancelled for it."""

    def __init__(self, login: dict[str, Any], settings: dict[str, str]) -> None:
        """Log in and listen to the server's notices."""
        self.notices: list[Notice] = []
        self.busy = False
        self.connection = open_connection(login, **settings)
        self.connection.add_notice_handler(self.note)
        row = self.connection.execute(vacuum_sql.WHO_AM_I).fetchall()[0]
        self.pid: int = row["pid"]
        self.started: datetime = row["backend_start"]

    def note(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        """Keep a warning; what is less is of no account."""
        if diagnostic.severity_nonlocalized == "WARNING":
            self.notices.append(Notice(diagnostic.sqlstate or "", diagnostic.message_primary or ""))

    def run(self, statement: psycopg.sql.Composed, settings: dict[str, str | None], allowed: float) -> Verdict:
        """Run one statement under its settings and tell how it ended.

        Raises:
            LostConnectionError: The session is no more.
        """
        self.notices.clear()
        started = time.monotonic()
        try:
            self.set(settings)
            started = time.monotonic()
            self.busy = True
            self.connection.execute(statement, prepare=False)
        except psycopg.Error as error:
            self.check_alive(error)
            text = (error.diag.message_primary or " ".join(str(error).split())).rstrip(".")
            return of_error(error.sqlstate, text, time.monotonic() - started, allowed)
        finally:
            self.busy = False
        return of_notices(self.notices)

    def set(self, settings: dict[str, str | None]) -> None:
        """Change settings of the session; nothing means the value that the session began with."""
        parameters = {"names": list(settings), "values": list(settings.values())}
        self.connection.execute(vacuum_sql.SET, parameters)

    def look(self, query: str, parameters: Any) -> list[dict[str, Any]]:
        """Ask the server between two tables.

        Raises:
            LostConnectionError: The session is no more.
        """
        try:
            self.set({"statement_timeout": BOOKKEEPING_TIMEOUT})
            return self.connection.execute(query, parameters).fetchall()
        except psycopg.Error as error:
            self.check_alive(error)
            raise

    def measure(self, oid: int) -> dict[str, Any] | None:
        """Return rows, ages and sizes of a table now; nothing when it is gone."""
        rows = self.look(maintenance_sql.AFTER, (oid,))
        return rows[0] if rows else None

    def check_alive(self, error: psycopg.Error) -> None:
        """Raise when an error means that the session is no more."""
        if self.connection.broken or self.connection.closed:
            raise LostConnectionError(" ".join(str(error).split())) from error

    def cancel(self) -> None:
        """Cancel what runs, by the secret key of this very session, when no other session is left to do it."""
        try:
            self.connection.cancel_safe(timeout=2)
        except psycopg.Error:
            # The server that cannot be reached has ended the session, too.
            return

    def close(self) -> None:
        """Log out."""
        self.connection.close()
