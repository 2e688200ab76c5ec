#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let a role log in with the password that a secret holds, or let it log in no more."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_role_login
short_description: Open or close the login of a PostgreSQL role
version_added: 0.2.0
description:
  - V(open) gives a role the password of a version of a secret. The module reads the password itself and sends the
    server a SCRAM-SHA-256 verifier, never clear text.
  - V(closed) takes the login away and replaces the password by one that nobody knows.
  - It looks first, so that a second call changes nothing.
options:
  role:
    description: Role to open or close; V(open) takes that of the secret where none is given.
    type: str
  state:
    description: Whether the role may log in.
    type: str
    choices: [open, closed]
    default: open
  version_id:
    description: Version of the secret that holds the login; needed for V(open), and its user name must be O(role).
    type: str
  admin_secret_id:
    description: Secret of the role that may change O(role).
    type: str
    required: true
  leftovers:
    description: What happens to sessions that a closed role still has; V(report) leaves and lists them.
    type: str
    choices: [report, terminate]
    default: report
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.database_server
attributes:
  check_mode:
    description: Tries whether the login works already and says what would change.
    support: full
  diff_mode:
    description: Shows whether the role may log in before and after, never a password or verifier.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Give the idle role the pending password
  hasivu.ops.db_role_login:
    host: db.example.com
    database: hasivu
    region: ap-south-1
    secret_id: hasivu/production/database/application
    version_id: 0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11
    admin_secret_id: hasivu/production/database/rotator
    role: hasivu_app_b

- name: Close the old role
  hasivu.ops.db_role_login:
    host: db.example.com
    database: hasivu
    region: ap-south-1
    secret_id: hasivu/production/database/application
    admin_secret_id: hasivu/production/database/rotator
    role: hasivu_app_a
    state: closed
"""

RETURN = r"""
works:
  description: Whether the login of the version works after the call; absent for V(closed).
  returned: success
  type: bool
sessions:
  description: Sessions that the closed role still had.
  returned: success
  type: list
  elements: dict
terminated:
  description: How many of them were ended.
  returned: success
  type: int
not_silenced:
  description: Settings of the server that may have written down the statement, which holds a verifier.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import (
    SERVER_OPTIONS,
    Login,
    LoginError,
    administrator,
    check_library,
    is_let_in,
    login_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.role_sessions import sessions_of, terminate
from ansible_collections.hasivu.ops.plugins.module_utils.role_verifier import close_role, open_role
from ansible_collections.hasivu.ops.plugins.module_utils.secret import SECRET_OPTIONS, SecretError, secret_of

try:
    import psycopg
except ImportError:
    # `check_library` says so before anything of it is used.
    psycopg = None

OPTIONS = {
    "role": {"type": "str"},
    "state": {"type": "str", "choices": ["open", "closed"], "default": "open"},
    "version_id": {"type": "str"},
    "admin_secret_id": {"type": "str", "required": True, "no_log": False},
    "leftovers": {"type": "str", "choices": ["report", "terminate"], "default": "report"},
}
MAY_LOG_IN = "SELECT rolcanlogin FROM pg_roles WHERE rolname = %s"


def main() -> None:
    """Look, change what is not as wanted, and look again."""
    module = AnsibleModule(
        argument_spec={**SERVER_OPTIONS, **SECRET_OPTIONS, **OPTIONS},
        required_if=[("state", "open", ["version_id"]), ("state", "closed", ["role"])],
        supports_check_mode=True,
    )
    check_library(module)
    try:
        result = opened(module) if module.params["state"] == "open" else closed(module)
    except (SecretError, LoginError) as error:
        module.fail_json(msg=str(error), stop="resumable")
    except psycopg.Error as error:
        role = module.params["role"] or "of the secret"
        said = error.diag.message_primary or type(error).__name__  # the whole text might quote the statement
        module.fail_json(
            msg=f"The role {role} could not be changed: {said}. The rotator needs CREATEROLE, ADMIN "
            "OPTION on it and, where RDS restricts password commands, rds_password. Grant them, then resume.",
            sqlstate=error.sqlstate,
            stop="resumable",
        )
    module.exit_json(**result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    preload_service("secretsmanager")


def opened(module: AnsibleModule) -> dict[str, Any]:
    """Let the role log in with the version's password."""
    role, version = module.params["role"], module.params["version_id"]
    secret = secret_of(module)
    if module.check_mode and secret.text(version) is None:
        return result_of(role or "the role of the secret", changed=True, works=False, not_silenced=[])
    login = login_of(secret, version)
    role = role or login.user
    if login.user != role:
        module.fail_json(msg=f"Version {version} holds the login of {login.user}, not of {role}.", stop="decision")
    if is_let_in(module.params, login):
        return result_of(role, changed=False, works=True, not_silenced=[])
    loud = [] if module.check_mode else set_password(module, login)
    works = not module.check_mode and is_let_in(module.params, login)
    if not works and not module.check_mode:
        message = f"{role} is not let in with the password it was just given. Look into pg_hba and the server's log."
        module.fail_json(msg=message, stop="resumable")
    return result_of(role, changed=True, works=works, not_silenced=loud)


def set_password(module: AnsibleModule, login: Login) -> list[str]:
    """Give the role its password, and return the settings that could not be silenced."""
    with administrator(module) as connection:
        return open_role(connection, login.user, login.password)


def closed(module: AnsibleModule) -> dict[str, Any]:
    """Let the role log in no more, and deal with what it left."""
    role = module.params["role"]
    with administrator(module) as connection:
        known = connection.execute(MAY_LOG_IN, [role]).fetchone()
        if known is None:
            module.fail_json(msg=f"There is no role {role}. Check the pair in the inventory.", stop="bad_input")
        change = known["rolcanlogin"]
        loud = close_role(connection, role) if change and not module.check_mode else []
        left = sessions_of(connection, role)
        ending = bool(left) and module.params["leftovers"] == "terminate"
        ended = terminate(connection, left) if ending and not module.check_mode else 0
    result = result_of(role, changed=change or ending, before="open" if change else "closed", not_silenced=loud)
    return {**result, "sessions": left, "terminated": ended}


def result_of(role: str, *, changed: bool, before: str = "closed", **more: Any) -> dict[str, Any]:
    """Return the result, with the login of the role before and after for a reader."""
    after = "open" if "works" in more else "closed"
    before = after if not changed else ("open with another password, or closed" if after == "open" else before)
    return {"changed": changed, "diff": {"before": {role: before}, "after": {role: after}}, **more}


if __name__ == "__main__":
    main()
