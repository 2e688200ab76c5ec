# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logging in to PostgreSQL with the value of a secret that the module reads itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.database import (
    CONNECTION_OPTIONS,
    PSYCOPG_IMPORT_ERROR,
    not_connected,
    open_connection,
)
from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    CURRENT,
    Secret,
    SecretError,
    holder_of,
    secret_of,
)

try:
    import psycopg
except ImportError:
    # `check_library` says so before anything of it is used.
    psycopg = None

# Where to log in; as whom and with what, a secret says.
SERVER_OPTIONS: dict[str, dict[str, Any]] = {
    name: option for name, option in CONNECTION_OPTIONS.items() if name not in ("user", "password")
}

WRONG_PASSWORD = "28P01"  # noqa: S105  # the SQLSTATE of a wrong password
NOT_PERMITTED = "28000"
# libpq gives no SQLSTATE for a login that failed, only the server's words.
WORDS = {"password authentication failed": WRONG_PASSWORD, "is not permitted to log in": NOT_PERMITTED}


@dataclass(frozen=True)
class Login:
    """A role and its password, which appears in no text that is made of it."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Name the role only."""
        return f"Login({self.user})"


class LoginError(Exception):
    """Raised when a login does not come about; `sqlstate` tells a refusal from a server that cannot be reached."""

    def __init__(self, message: str, sqlstate: str | None) -> None:
        """Keep the sentence and the SQLSTATE."""
        super().__init__(message)
        self.sqlstate = sqlstate

    @property
    def refused(self) -> bool:
        """Tell whether the server refused the role or its password."""
        return self.sqlstate in (WRONG_PASSWORD, NOT_PERMITTED)


def check_library(module: AnsibleModule) -> None:
    """Fail the module when psycopg is missing."""
    if PSYCOPG_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("psycopg"), exception=PSYCOPG_IMPORT_ERROR)


def login_of(secret: Secret, version_id: str) -> Login:
    """Return the login that a version of a secret holds.

    Raises:
        SecretError: There is no such version, or it holds no login.
    """
    fields = secret.fields(version_id)
    if not all(isinstance(fields.get(name), str) and fields[name] for name in ("username", "password")):
        raise SecretError(f"Version {version_id} of {secret.name} holds no username and password. Store a whole login.")
    return Login(fields["username"], fields["password"])


def log_in(options: dict[str, Any], login: Login, **settings: str) -> psycopg.Connection[dict[str, Any]]:
    """Open a new session that no pool lends.

    Raises:
        LoginError: The server refuses, or cannot be reached.
    """
    try:
        return open_connection({**options, "user": login.user, "password": login.password}, **settings)
    except psycopg.OperationalError as error:
        raise LoginError(not_connected({**options, "user": login.user}, error), sqlstate_of(error)) from None


def sqlstate_of(error: psycopg.OperationalError) -> str | None:
    """Return why a login failed, as PostgreSQL numbers it, or nothing where that is not known."""
    said = str(error)
    return error.sqlstate or next((number for words, number in WORDS.items() if words in said), None)


def is_let_in(options: dict[str, Any], login: Login) -> bool:
    """Tell whether the server lets a login in; True and False are both what it said itself.

    Raises:
        LoginError: It said neither.
    """
    try:
        log_in(options, login).close()
    except LoginError as error:
        if error.refused:
            return False
        raise
    return True


def administrator(module: AnsibleModule) -> psycopg.Connection[dict[str, Any]]:
    """Log in with the current value of the secret that `admin_secret_id` names; fail the module otherwise."""
    secret = secret_of(module, module.params["admin_secret_id"])
    try:
        return log_in(module.params, login_of(secret, holder_of(secret.stages(), CURRENT)))
    except (SecretError, LoginError) as error:
        module.fail_json(msg=f"The roles cannot be changed: {error}", stop="resumable")
