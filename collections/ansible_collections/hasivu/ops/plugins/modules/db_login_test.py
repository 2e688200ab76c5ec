#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Try the login that a version of a secret holds: that it can do all it must, or that it is refused."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_login_test
short_description: Test that a database login works, or that it is refused
version_added: 0.2.0
description:
  - Opens a new session that no pool lends, with a login which the module reads from the secret itself.
  - V(accepted) compares everything the role may do with O(like_role), and updates one row of O(write_table) in a
    transaction that is rolled back.
  - V(refused) passes only when the server itself says no, with SQLSTATE 28P01 or 28000. A server that cannot be reached
    proves nothing.
options:
  version_id:
    description: Version of the secret that holds the login.
    type: str
    required: true
  expect:
    description: What the server must do with the login.
    type: str
    choices: [accepted, refused]
    default: accepted
  like_role:
    description: Role which this one must equal in what it may do.
    type: str
  write_table:
    description: Table, with its schema, in which the login must be able to update a row.
    type: str
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.database_server
attributes:
  check_mode:
    description: Logs in and compares, but does not write; a version that was not stored is said to be untested.
    support: partial
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Test the pending login
  hasivu.ops.db_login_test:
    host: db.example.com
    database: hasivu
    region: ap-south-1
    secret_id: hasivu/production/database/application
    version_id: 0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11
    like_role: hasivu_app_a
    write_table: public.orders
"""

RETURN = r"""
tested:
  description: Whether the login was tried; false only in check mode, when there is none yet.
  returned: success
  type: bool
session_user:
  description: Role of the login.
  returned: when it was accepted
  type: str
current_user:
  description: Role whose rights the session has, such as that of the common owner.
  returned: when it was accepted
  type: str
server:
  description: What tells the server from others, behind a proxy too, with C(address), C(port) and C(timeline).
  returned: when it was accepted
  type: dict
wrote:
  description: Rows that were updated and rolled back; nothing in check mode.
  returned: when it was accepted
  type: int
sqlstate:
  description: Why the server refused.
  returned: when it was refused
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.database import execute
from ansible_collections.hasivu.ops.plugins.module_utils.role_comparison import difference_sentences, differences
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import (
    SERVER_OPTIONS,
    Login,
    LoginError,
    check_library,
    log_in,
    login_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.role_write import write_and_take_back
from ansible_collections.hasivu.ops.plugins.module_utils.secret import SECRET_OPTIONS, SecretError, secret_of
from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import reason

try:
    import psycopg
except ImportError:
    # `check_library` says so before anything of it is used.
    psycopg = None

OPTIONS = {
    "version_id": {"type": "str", "required": True},
    "expect": {"type": "str", "choices": ["accepted", "refused"], "default": "accepted"},
    "like_role": {"type": "str"},
    "write_table": {"type": "str"},
}
WHO = "SELECT session_user::text AS session_user, current_user::text AS current_user"
# A restored server has another timeline than the one that it was restored from, and another address or port.
WHERE = """\
SELECT inet_server_addr()::text AS address, inet_server_port() AS port,
  CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline
"""


def main() -> None:
    """Try the login, and judge what came of it."""
    module = AnsibleModule(argument_spec={**SERVER_OPTIONS, **SECRET_OPTIONS, **OPTIONS}, supports_check_mode=True)
    check_library(module)
    secret, version = secret_of(module), module.params["version_id"]
    try:
        if module.check_mode and secret.text(version) is None:
            module.exit_json(changed=False, tested=False, wrote=0)
        login = login_of(secret, version)
    except SecretError as error:
        module.fail_json(msg=str(error), stop="resumable")
    result = accepted(module, login) if module.params["expect"] == "accepted" else refused(module, login)
    module.exit_json(changed=False, tested=True, **result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    preload_service("secretsmanager")


def accepted(module: AnsibleModule, login: Login) -> dict[str, Any]:
    """Log in, compare and write; fail with everything that is not as it must be."""
    try:
        connection = log_in(module.params, login)
    except LoginError as error:
        module.fail_json(msg=f"The login does not work. {error}", sqlstate=error.sqlstate, stop="resumable")
    with connection:
        who = execute(module, connection, WHO, doing="Asking who is logged in").fetchone()
        server = execute(module, connection, WHERE, doing="Asking which server answers").fetchone()
        like = module.params["like_role"]
        found = differences(connection, like, login.user) if like and like != login.user else []
        if found:
            said = " ".join(difference_sentences(found, like, login.user))
            message = f"{login.user} may not do the same as {like}: {said} Grant what is missing, then resume."
            module.fail_json(msg=message, differences=found, stop="resumable")
        wrote = write(module, connection) if module.params["write_table"] and not module.check_mode else 0
    return {
        "session_user": who["session_user"],
        "current_user": who["current_user"],
        "server": dict(server),
        "wrote": wrote,
    }


def write(module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]]) -> int:
    """Update a row as the application would, take it back, and return how many rows it was."""
    table = module.params["write_table"]
    try:
        return write_and_take_back(connection, table)
    except psycopg.Error as error:
        module.fail_json(
            msg=f"The new login cannot write to {table}: {reason(error)}. Grant that, then resume.",
            sqlstate=error.sqlstate,
            stop="resumable",
        )


def refused(module: AnsibleModule, login: Login) -> dict[str, Any]:
    """Pass only when the server itself refuses the login."""
    problem = f"The old login of {login.user} still works. It must not; close the role, then resume."
    try:
        log_in(module.params, login).close()
    except LoginError as error:
        if error.refused:
            return {"sqlstate": error.sqlstate}
        problem = f"Whether the old login is refused is not known. {error}"
    return module.fail_json(msg=problem, stop="resumable")


if __name__ == "__main__":
    main()
