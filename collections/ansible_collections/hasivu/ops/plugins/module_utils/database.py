# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The way of our modules to PostgreSQL: one login, bounded waits, and errors as sentences."""

from __future__ import annotations

import traceback
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils import rehearsal

try:
    import psycopg
    from psycopg.rows import dict_row
except ImportError:
    psycopg = None
    PSYCOPG_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    PSYCOPG_IMPORT_ERROR = None

CONNECTION_OPTIONS: dict[str, dict[str, Any]] = {
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 5432},
    "database": {"type": "str", "required": True},
    "user": {"type": "str", "required": True},
    "password": {"type": "str", "no_log": True},
    "sslmode": {
        "type": "str",
        "default": "verify-full",
        "choices": ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"],
    },
    "sslrootcert": {"type": "path"},
    "application_name": {"type": "str", "default": "hasivu-ops"},
}

SESSION_SETTINGS = {
    "search_path": "pg_catalog",
    "statement_timeout": "60s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
}

LOST_SERVER = ("08", "57P")
NOT_LET_IN = "28"
NOT_TRUSTED = ("certificate", "does not support SSL")  # words of libpq


def connect(module: AnsibleModule, read_only: bool = False, **settings: str) -> psycopg.Connection[dict[str, Any]]:
    """Log in with autocommit, rows as mappings and bounded waits; fail the module with a sentence otherwise.

    Args:
        module: The module whose parameters hold the login.
        read_only: Make the server refuse every write of this session.
        settings: Server settings of this session over those of SESSION_SETTINGS, such as `statement_timeout="0"`.
    """
    if PSYCOPG_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("psycopg"), exception=PSYCOPG_IMPORT_ERROR)
    try:
        return open_connection(module.params, read_only, **settings)
    except psycopg.OperationalError as error:
        module.fail_json(msg=not_connected(module.params, error), sqlstate=error.sqlstate)


def open_connection(
    login: dict[str, Any], read_only: bool = False, **settings: str
) -> psycopg.Connection[dict[str, Any]]:
    """Log in with the options of a module and return the connection, which only reads in a rehearsal.

    Raises:
        psycopg.OperationalError: The server cannot be reached or does not let the role in.
    """
    wanted = {**SESSION_SETTINGS, **settings}
    if read_only or rehearsal.is_rehearsal():
        wanted["default_transaction_read_only"] = "on"
    return psycopg.connect(
        host=login["host"],
        port=login["port"],
        dbname=login["database"],
        user=login["user"],
        password=login["password"],
        sslmode=login["sslmode"],
        sslrootcert=login["sslrootcert"],
        application_name=login["application_name"],
        connect_timeout=5,
        autocommit=True,
        row_factory=dict_row,
        options=" ".join(f"-c {name}={value}" for name, value in wanted.items()),
    )


def not_connected(login: dict[str, Any], error: psycopg.OperationalError) -> str:
    """Say why no connection came about, and what to do."""
    where = f"{login['host']}:{login['port']}"
    reason = " ".join(str(error).split())
    if (error.sqlstate or "").startswith(NOT_LET_IN) or "authentication failed" in reason:
        return f"PostgreSQL at {where} did not let {login['user']} in: {reason}. Check the secret and pg_hba."
    if any(words in reason for words in NOT_TRUSTED):
        mend = f"whether {login['sslrootcert']} holds its authority, and whether its certificate has ended"
        return f"PostgreSQL at {where} is not trusted, and got no password: {reason}. See {mend}."
    return f"PostgreSQL at {where} cannot be reached: {reason}. Check the instance and the network, then run again."


def execute(
    module: AnsibleModule,
    connection: psycopg.Connection[dict[str, Any]],
    statement: Any,
    parameters: Any = None,
    *,
    doing: str,
    **so_far: Any,
) -> psycopg.Cursor[dict[str, Any]]:
    """Run one statement; on an error fail the module, saying what was being done and what was done so far.

    Args:
        module: The module to fail.
        connection: Where to run it.
        statement: SQL, as text or composed by `psycopg.sql`.
        parameters: Values for its placeholders.
        doing: What the statement is for, such as `Counting dead rows`.
        so_far: What to return beside the message.
    """
    try:
        return connection.execute(statement, parameters)
    except psycopg.Error as error:
        module.fail_json(
            msg=f"{doing} failed: {' '.join(str(error).split())}",
            sqlstate=error.sqlstate,
            stop=stop_class(error),
            **so_far,
        )


def stop_class(error: psycopg.Error) -> str:
    """Tell how a run ends on this error: a lost server can be resumed, anything else is a finding."""
    lost = error.sqlstate is None or error.sqlstate.startswith(LOST_SERVER)
    return "resumable" if lost else "finding"
