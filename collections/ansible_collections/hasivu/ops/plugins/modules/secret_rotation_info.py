#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell how far the rotation of a database login is, and what speaks against going on."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: secret_rotation_info
short_description: Tell how far the rotation of a database login is
version_added: 0.2.0
description:
  - Looks at the stages of the secret, tries the logins of its versions, and asks the server for the roles. So it tells
    how far a rotation is, whatever became of the run that began it.
  - Fails as a decision when only a person can go on, such as when another rotation is under way.
  - Returns names, version ids and instants, never a value.
options:
  version_id:
    description: Version that this rotation makes.
    type: str
    required: true
  roles:
    description: The login role, or the two that take turns.
    type: list
    elements: str
    required: true
  admin_secret_id:
    description: Secret of the role that may change O(roles); it looks at roles and sessions.
    type: str
    required: true
  min_interval_days:
    description: Days that two rotations must lie apart; only told of a rotation that has not begun.
    type: float
    default: 0
  abandon:
    description: Version of another rotation that the operator gives up; it does not stop this one.
    type: str
    default: ""
  note:
    description: File in which to note which version was current as the rotation began; not written in check mode.
    type: path
  earlier_notes:
    description: Notes of the runs that this one resumes, the latest first.
    type: list
    elements: path
    default: []
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.database_server
attributes:
  check_mode:
    description: It changes nothing but its own note, and in check mode not even that.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Tell how far the rotation is
  hasivu.ops.secret_rotation_info:
    host: db.example.com
    database: hasivu
    region: ap-south-1
    secret_id: hasivu/production/database/application
    version_id: 0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11
    roles: [hasivu_app_a, hasivu_app_b]
    admin_secret_id: hasivu/production/database/rotator
  register: found
"""

RETURN = r"""
state:
  description: C(S0) nothing, C(S1) stored, C(S2) works, C(S4) published, C(S6) closed with sessions, C(S7) closed.
  returned: success
  type: str
meaning:
  description: The same in a sentence.
  returned: always
  type: str
old_version:
  description: Version that was current when the rotation began.
  returned: success
  type: str
old_role:
  description: Role of that version.
  returned: success
  type: str
new_role:
  description: Role that gets the new login; the same where one role is rotated alone.
  returned: success
  type: str
stages:
  description: Stages of each version.
  returned: success
  type: dict
arn:
  description: ARN of the secret.
  returned: success
  type: str
changed_at:
  description: When the secret was last changed in any way, RFC 3339; after the promotion nothing else changes it.
  returned: success
  type: str
objections:
  description: What speaks against beginning.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import (
    SERVER_OPTIONS,
    LoginError,
    administrator,
    check_library,
    is_let_in,
    login_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.role_sessions import sessions_of
from ansible_collections.hasivu.ops.plugins.module_utils.rotation_objection import (
    interval_objection,
    role_objections,
    secret_objections,
)
from ansible_collections.hasivu.ops.plugins.module_utils.rotation_state import (
    Seen,
    note_version,
    noted_version,
    old_version_of,
    standing,
)
from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    SECRET_OPTIONS,
    Secret,
    SecretError,
    changed_at,
    secret_of,
    stages_of,
)

OPTIONS = {
    "version_id": {"type": "str", "required": True},
    "roles": {"type": "list", "elements": "str", "required": True},
    "admin_secret_id": {"type": "str", "required": True, "no_log": False},
    "min_interval_days": {"type": "float", "default": 0},
    "abandon": {"type": "str", "default": ""},
    "note": {"type": "path"},
    "earlier_notes": {"type": "list", "elements": "path", "default": []},
}
ROLES = "SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = ANY (%s)"


def main() -> None:
    """Look, judge, and return what was found."""
    module = AnsibleModule(argument_spec={**SERVER_OPTIONS, **SECRET_OPTIONS, **OPTIONS}, supports_check_mode=True)
    check_library(module)
    secret = secret_of(module)
    try:
        description = secret.describe()
        objections = secret_objections(description, key_state(module, description.get("KmsKeyId")))
        if objections:
            module.fail_json(msg=" ".join(objections), stop="refused")
        result = look(module, secret, description)
    except (SecretError, LoginError) as error:
        module.fail_json(msg=f"{error} Until then nobody can say how far the rotation is.")
    except OSError as error:
        module.fail_json(msg=f"The note of the rotation cannot be written: {error}. Make room, then run again.")
    module.exit_json(changed=False, **result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    preload_service("secretsmanager")


def key_state(module: AnsibleModule, key: str | None) -> str:
    """Return the state of the key that encrypts a secret; the one that AWS manages is always on.

    Raises:
        SecretError: KMS does not tell.
    """
    if key is None:
        return "Enabled"
    try:
        answer = client(module, "kms").describe_key(KeyId=key)
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        raise SecretError(f"KMS does not tell the state of {key}: {error}.") from error
    state: str = answer["KeyMetadata"]["KeyState"]
    return state


def look(module: AnsibleModule, secret: Secret, description: dict[str, Any]) -> dict[str, Any]:
    """Return how far the rotation is; fail when only a person can go on."""
    stages, version = stages_of(description), module.params["version_id"]
    notes = [module.params["note"], *module.params["earlier_notes"]]
    old_version = old_version_of(stages, version, noted_version(notes, version))
    roles = look_at_roles(module, login_of(secret, old_version).user)
    seen = Seen(
        stages=stages,
        version_id=version,
        old_version=old_version,
        new_works=works(module, secret, version),
        old_open=roles["old_open"],
        old_sessions=roles["old_sessions"],
        alternating=len(module.params["roles"]) > 1,
        abandon=module.params["abandon"],
    )
    found = standing(seen)
    if not found.go_on:
        stop(module, found.meaning, stages)
    if module.params["note"] and not module.check_mode:
        note_version(module.params["note"], version, old_version)
    return {
        **{name: roles[name] for name in ("old_role", "new_role")},
        "old_version": old_version,
        "stages": stages,
        "state": found.state,
        "meaning": found.meaning,
        "objections": objections_to(module, secret, seen, roles) if found.state in ("S0", "S1") else [],
        "arn": description["ARN"],
        "changed_at": changed_at(description),
    }


def objections_to(module: AnsibleModule, secret: Secret, seen: Seen, roles: dict[str, Any]) -> list[str]:
    """Return what speaks against beginning; once the role has its new password, going on is the safe way."""
    made = secret.versions()[seen.old_version]
    stored = seen.version_id in seen.stages
    early = [] if stored else interval_objection(made, module.params["min_interval_days"])
    live_works = bool(works(module, secret, seen.old_version))
    idle_sessions = roles["new_sessions"] if seen.alternating else 0
    return early + role_objections(module.params["roles"], roles["old_role"], live_works, idle_sessions)


def works(module: AnsibleModule, secret: Secret, version: str) -> bool | None:
    """Tell whether the server lets the login of a version in, or nothing where there is no such version."""
    if secret.text(version) is None:
        return None
    return is_let_in(module.params, login_of(secret, version))


def look_at_roles(module: AnsibleModule, old_role: str) -> dict[str, Any]:
    """Return which role is old and which new, whether the old may log in, and how many sessions each has."""
    roles = module.params["roles"]
    new_role = next((role for role in roles if role != old_role), old_role)
    with administrator(module) as connection:
        is_open = {row["rolname"]: row["rolcanlogin"] for row in connection.execute(ROLES, [roles]).fetchall()}
        sessions = {role: len(sessions_of(connection, role)) for role in (old_role, new_role)}
    missing = [role for role in roles if role not in is_open]
    if missing:
        module.fail_json(
            msg=f"There is no role {', '.join(missing)}. Check the roles in the inventory.", stop="refused"
        )
    return {
        "old_role": old_role,
        "new_role": new_role,
        "old_open": is_open.get(old_role, False),
        "old_sessions": sessions[old_role],
        "new_sessions": sessions[new_role],
    }


def stop(module: AnsibleModule, meaning: str, stages: dict[str, list[str]]) -> None:
    """End with what only a person can decide."""
    module.fail_json(
        msg=f"{meaning} Nothing was changed. Find out who rotates {module.params['secret_id']}; docs/rotation.md says "
        "how to give up a rotation that nobody goes on with.",
        meaning=meaning,
        stages=stages,
        stop="decision",
    )


if __name__ == "__main__":
    main()
