#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Store a new version of a secret, publish it, or take it back, so that every call may be made again."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: secret_version
short_description: Store, publish or take back one version of a secret in AWS Secrets Manager
version_added: 0.2.0
description:
  - Works on the version that O(version_id) names, which the caller fixes before the first call; so a call that was cut
    off is made again and finds what it did.
  - A new value is generated here, stored and never returned. Only version ids and stages are.
  - AWSCURRENT moves by compare and swap, which AWS refuses when somebody else has moved it meanwhile.
options:
  version_id:
    description: Id of the version, 32 to 64 characters, used as C(ClientRequestToken).
    type: str
    required: true
  state:
    description:
      - V(pending) stores the version with the stage AWSPENDING, unless it is stored already.
      - V(current) makes it AWSCURRENT in exchange for O(replaces), and takes AWSPENDING off it.
      - V(previous) gives AWSCURRENT back to O(replaces), and takes AWSPENDING off the version.
      - V(absent) takes AWSPENDING off it; AWS forgets a version without a stage in time.
    type: str
    choices: [pending, current, previous, absent]
    default: pending
  replaces:
    description: Version that is AWSCURRENT before the change; needed for V(current).
    type: str
    default: ""
  generate:
    description: Fields that get a new random text.
    type: list
    elements: str
    default: []
  replace:
    description: Fields that get a value which is no secret, such as a user name.
    type: dict
    default: {}
  copy:
    description: Fields that get the value of another field, such as the key that is to be accepted for a while yet.
    type: dict
    default: {}
  whole:
    description: The value is one text without fields, and the whole of it is generated.
    type: bool
    default: false
  length:
    description: Characters of a generated text.
    type: int
    default: 40
  exclude_characters:
    description: Characters that a generated text must not hold.
    type: str
    default: "/@\"'\\ %:?#&+"
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
attributes:
  check_mode:
    description: Reads the versions and stages, and says which stages would move; nothing is generated.
    support: full
  diff_mode:
    description: Shows the stages of each version before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Store a new password as pending
  hasivu.ops.secret_version:
    region: ap-south-1
    secret_id: hasivu/production/database/application
    version_id: 0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11
    generate: [password]
    replace:
      username: hasivu_app_b

- name: Publish it
  hasivu.ops.secret_version:
    region: ap-south-1
    secret_id: hasivu/production/database/application
    version_id: 0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11
    state: current
    replaces: 7a1de2b0-1c52-4c0e-8f7e-5a2f0d9b6e44
"""

RETURN = r"""
stages_before:
  description: Stages of each version before the change.
  returned: success
  type: dict
stages_after:
  description: Stages of each version after it; in check mode as they would be.
  returned: success
  type: dict
changed_at:
  description: When the secret was last changed in any way, RFC 3339; after a promotion nothing else changes it.
  returned: success
  type: str
username:
  description: User name that the version holds, which is no secret; empty where it holds none.
  returned: with O(state=pending)
  type: str
stored:
  description: Whether a value was generated and stored by this call.
  returned: success
  type: bool
"""

import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    CURRENT,
    PENDING,
    SECRET_OPTIONS,
    Secret,
    SecretError,
    Stages,
    changed_at,
    foreign_pending,
    holder_of,
    secret_of,
    stages_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.secret_change import (
    Move,
    moved,
    new_text,
    taken_off,
    to_current,
    to_previous,
)

OPTIONS = {
    "version_id": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["pending", "current", "previous", "absent"], "default": "pending"},
    "replaces": {"type": "str", "default": ""},
    "generate": {"type": "list", "elements": "str", "default": []},
    "replace": {"type": "dict", "default": {}},
    "copy": {"type": "dict", "default": {}},
    "whole": {"type": "bool", "default": False},
    "length": {"type": "int", "default": 40},
    "exclude_characters": {"type": "str", "default": "/@\"'\\ %:?#&+"},
}
OPENED_AGAIN = "ResourceExistsException"


def main() -> None:
    """Bring the version into the wanted state."""
    module = AnsibleModule(
        argument_spec={**SECRET_OPTIONS, **OPTIONS},
        required_if=[("state", "current", ["replaces"])],
        supports_check_mode=True,
    )
    secret = secret_of(module)
    try:
        before = secret.stages()
        refuse_foreign(module, before)
        store = module.params["state"] == "pending" and not is_stored(secret, module.params, before)
        moves = [] if store else moves_to(module, before)
        if not module.check_mode:
            apply(module, secret, store, moves)
        description = secret.describe()
        after = expected(before, module.params, store, moves) if module.check_mode else stages_of(description)
        told = {"username": username_of(secret, module.params)} if module.params["state"] == "pending" else {}
    except SecretError as error:
        module.fail_json(msg=f"{error} Mend that, then resume the run.", error_code=error.code, stop="resumable")
    module.exit_json(
        changed=store or bool(moves),
        stored=store and not module.check_mode,
        stages_before=before,
        stages_after=after,
        changed_at=changed_at(description),
        diff={"before": {"stages": before}, "after": {"stages": after}},
        **told,
    )


def username_of(secret: Secret, options: dict[str, Any]) -> str:
    """Return the user name of the version, or where it is not stored, of the current one with what replaces it."""
    if "username" in options["replace"] or options["whole"]:
        return str(options["replace"].get("username", ""))
    text = secret.text(options["version_id"]) or secret.text(holder_of(secret.stages(), CURRENT)) or "{}"
    return str(json.loads(text).get("username", "")) if text.startswith("{") else ""


def preload(arguments: dict[str, object]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    preload_service("secretsmanager")


def refuse_foreign(module: AnsibleModule, stages: Stages) -> None:
    """Fail when another rotation is under way, for a new AWSPENDING would take that of the other away."""
    other = foreign_pending(stages, module.params["version_id"])
    if other and module.params["state"] == "pending":
        module.fail_json(
            msg=f"Another rotation of {module.params['secret_id']} is under way: version {other} has AWSPENDING. "
            "Nothing was changed. Let it end, or give it up by taking AWSPENDING off that version.",
            stop="decision",
            stages_before=stages,
        )


def is_stored(secret: Secret, options: dict[str, object], stages: Stages) -> bool:
    """Tell whether the version exists, be it without a stage."""
    return options["version_id"] in stages or options["version_id"] in secret.versions()


def moves_to(module: AnsibleModule, stages: Stages) -> list[Move]:
    """Return the moves of stages that the wanted state needs; fail when somebody else moved them."""
    version, replaces = module.params["version_id"], module.params["replaces"]
    state = module.params["state"]
    if state == "pending":
        marked = set(stages.get(version, ())) & {PENDING, CURRENT}
        return [] if marked else [(PENDING, version, holder_of(stages, PENDING) or None)]
    if state == "absent":
        return taken_off(stages, version)
    if module.check_mode and version not in stages:
        stages = {**stages, version: [PENDING]}  # a rehearsal stored nothing, and judges as if it had
    moves, problem = (to_current if state == "current" else to_previous)(stages, version, replaces)
    if problem:
        module.fail_json(
            msg=f"{problem[0].upper()}{problem[1:]}: somebody else moved it. Nothing was moved. Find out who, decide "
            f"which version of {module.params['secret_id']} is right, then run again.",
            stop="decision",
            stages_before=stages,
        )
    return moves


def apply(module: AnsibleModule, secret: Secret, store: bool, moves: list[Move]) -> None:
    """Store the version and move the stages, as far as wanted."""
    if store:
        put(module, secret)
    for stage, to, off in moves:
        secret.move(stage, to, off)


def put(module: AnsibleModule, secret: Secret) -> None:
    """Store the new version; when the answer is lost or the id is taken, look whether it is stored after all."""
    version = module.params["version_id"]
    current = secret.text(holder_of(secret.stages(), CURRENT)) or ""
    names = [""] if module.params["whole"] else module.params["generate"]
    generated = {name: random_text(module, secret) for name in names}
    text = new_text(current, secret.name, module.params, generated)
    try:
        secret.call("put_secret_value", ClientRequestToken=version, SecretString=text, VersionStages=[PENDING])
    except SecretError as error:
        if error.code != OPENED_AGAIN and secret.text(version) is None:
            raise


def random_text(module: AnsibleModule, secret: Secret) -> str:
    """Return a random text of AWS's making."""
    try:
        answer = secret.caller.get_random_password(
            PasswordLength=module.params["length"],
            ExcludeCharacters=module.params["exclude_characters"],
            RequireEachIncludedType=True,
        )
    except Exception as error:  # boto3 raises errors of many families; none holds a password
        raise SecretError(f"Secrets Manager generated no password: {error}") from error
    text: str = answer["RandomPassword"]
    return text


def expected(before: Stages, options: dict[str, str], store: bool, moves: list[Move]) -> Stages:
    """Return the stages as they would be."""
    return moved(before, [(PENDING, options["version_id"], None)] if store else moves)


if __name__ == "__main__":
    main()
