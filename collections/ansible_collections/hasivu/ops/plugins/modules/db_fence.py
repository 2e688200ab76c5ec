#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let the roles of the application log in to a database no more, or as before."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_fence
short_description: Fence a database off from the application, or take the fence away
version_added: 0.3.0
description:
  - V(present) takes the right to log in from the roles and keeps their passwords, ends every session that they have,
    and tries the published login, which the server must refuse.
  - V(absent) gives it back to those roles that had it, as O(captured) says, and to no other.
  - It looks first. A fence that somebody took away in between is put back and told.
options:
  state:
    description: Whether the fence stands.
    type: str
    choices: [present, absent]
    default: present
  roles:
    description: Roles of the application.
    type: list
    elements: str
    required: true
  captured:
    description: Which of the roles could log in before, as the first call returned it; needed for V(absent).
    type: dict
    default: {}
  admin_secret_id:
    description: Secret of the role that may change O(roles).
    type: str
    required: true
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.database_server
attributes:
  check_mode:
    description: Reads the roles and their sessions, and changes nothing; the login is not tried.
    support: full
  diff_mode:
    description: Shows which role may log in before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Fence the old database off
  hasivu.ops.db_fence:
    host: old.example.com
    database: hasivu
    region: ap-south-1
    secret_id: hasivu/production/database/application
    admin_secret_id: hasivu/production/database/rotator
    roles: [hasivu_app_a, hasivu_app_b]
  register: fence

- name: Take the fence away again
  hasivu.ops.db_fence:
    state: absent
    host: old.example.com
    database: hasivu
    region: ap-south-1
    secret_id: hasivu/production/database/application
    admin_secret_id: hasivu/production/database/rotator
    roles: [hasivu_app_a, hasivu_app_b]
    captured: "{{ fence.captured }}"
"""

RETURN = r"""
captured:
  description: Which of the roles could log in, before the first fence; O(captured) where that was given.
  returned: success
  type: dict
terminated:
  description: How many sessions were ended.
  returned: success
  type: int
refused:
  description: SQLSTATE with which the server refused the published login; empty where it was not tried.
  returned: success
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import (
    NOT_PERMITTED,
    SERVER_OPTIONS,
    LoginError,
    administrator,
    check_library,
    log_in,
    login_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.role_sessions import sessions_of, terminate
from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    CURRENT,
    SECRET_OPTIONS,
    SecretError,
    holder_of,
    secret_of,
)

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `check_library` says so before anything of it is used.
    psycopg = None

OPTIONS = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "roles": {"type": "list", "elements": "str", "required": True},
    "captured": {"type": "dict", "default": {}},
    "admin_secret_id": {"type": "str", "required": True, "no_log": False},
}
LOGINS = "SELECT rolname::text AS role, rolcanlogin AS login FROM pg_roles WHERE rolname = ANY (%s)"
ROUNDS = 5


def main() -> None:
    """Look, change what is not as wanted, and look again."""
    module = AnsibleModule(
        argument_spec={**SERVER_OPTIONS, **SECRET_OPTIONS, **OPTIONS},
        required_if=[("state", "absent", ["captured"])],
        supports_check_mode=True,
    )
    check_library(module)
    try:
        with administrator(module) as connection:
            before = logins(module, connection)
            work = fence if module.params["state"] == "present" else open_up
            result = work(module, connection, before)
    except (SecretError, LoginError) as error:
        module.fail_json(msg=f"Whether the fence stands is not known. {error}", stop="resumable")
    except psycopg.Error as error:
        said = error.diag.message_primary or type(error).__name__
        module.fail_json(
            msg=f"The fence could not be changed: {said}. The administrator needs CREATEROLE with ADMIN OPTION on "
            "the roles, and pg_signal_backend. Grant them, then resume.",
            sqlstate=error.sqlstate,
            stop="resumable",
        )
    module.exit_json(**result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    preload_service("secretsmanager")


def logins(module: AnsibleModule, connection: Any) -> dict[str, bool]:
    """Return which of the roles may log in; each must exist."""
    found = {row["role"]: row["login"] for row in connection.execute(LOGINS, [module.params["roles"]]).fetchall()}
    absent = [role for role in module.params["roles"] if role not in found]
    if absent:
        module.fail_json(msg=f"There is no role {', '.join(absent)}. Check the roles in the inventory.", stop="refused")
    return {role: found[role] for role in module.params["roles"]}


def fence(module: AnsibleModule, connection: Any, before: dict[str, bool]) -> dict[str, Any]:
    """Take the right to log in, end the sessions, and try the published login."""
    left = [session for role in before for session in sessions_of(connection, role)]
    ended, refused = 0, ""
    if not module.check_mode:
        for role in (role for role, may in before.items() if may):
            alter(connection, role, "NOLOGIN")
        ended = end_sessions(module, connection, list(before))
        refused = refusal(module)
    return {
        **result_of(before, after(module, connection, dict.fromkeys(before, False)), ending=bool(left)),
        "captured": module.params["captured"] or before,
        "terminated": ended,
        "refused": refused,
    }


def end_sessions(module: AnsibleModule, connection: Any, roles: list[str]) -> int:
    """End every session of the roles, and return how many there were; a login under way may slip in once."""
    ended = 0
    for _ in range(ROUNDS):
        left = [session for role in roles for session in sessions_of(connection, role)]
        if not left:
            return ended
        ended += terminate(connection, left)
    return module.fail_json(
        msg=f"{len(left)} sessions of the application do not end. Resume the run.", stop="resumable"
    )


def refusal(module: AnsibleModule) -> str:
    """Try the published login, which the server must refuse because its role may not log in."""
    secret = secret_of(module)
    login = login_of(secret, holder_of(secret.stages(), CURRENT))
    if login.user not in module.params["roles"]:
        module.fail_json(
            msg=f"The published login is that of {login.user}, which is not fenced. Add it to roles, then resume.",
            stop="resumable",
        )
    try:
        log_in(module.params, login).close()
    except LoginError as error:
        if not error.refused:
            raise
        return error.sqlstate or NOT_PERMITTED
    return module.fail_json(
        msg=f"{login.user} still logs in to the fenced database. Look who changes the role, then resume.",
        stop="resumable",
    )


def open_up(module: AnsibleModule, connection: Any, before: dict[str, bool]) -> dict[str, Any]:
    """Give the right to log in back to the roles that had it."""
    wanted = [role for role, had in module.params["captured"].items() if had and role in before and not before[role]]
    if not module.check_mode:
        for role in wanted:
            alter(connection, role, "LOGIN")
    opened = {role: may or role in wanted for role, may in before.items()}
    return {
        **result_of(before, after(module, connection, opened), ending=False),
        "captured": module.params["captured"],
        "terminated": 0,
        "refused": "",
    }


def after(module: AnsibleModule, connection: Any, wanted: dict[str, bool]) -> dict[str, bool]:
    """Return which of the roles may log in now; it must be as wanted, unless nothing was to be changed."""
    found = wanted if module.check_mode else logins(module, connection)
    if found != wanted:
        module.fail_json(
            msg=f"The roles are {found} and not {wanted}; somebody else changes them. Find out who, then resume.",
            stop="resumable",
        )
    return found


def alter(connection: Any, role: str, what: str) -> None:
    """Give or take the right to log in."""
    connection.execute(sql.SQL("ALTER ROLE {} " + what).format(sql.Identifier(role)))


def result_of(before: dict[str, bool], after: dict[str, bool], ending: bool) -> dict[str, Any]:
    """Return whether something changed, and which role may log in before and after."""
    return {"changed": before != after or ending, "diff": {"before": before, "after": after}}


if __name__ == "__main__":
    main()
