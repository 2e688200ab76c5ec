#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell how far the rotation of an access key is, and what speaks against going on."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: access_key_info
short_description: Tell how far the rotation of an access key of IAM is
version_added: 0.2.0
description:
  - Compares the keys of the user with the keys that the versions of the secret hold. So it tells how far a rotation is,
    whatever became of the run that began it.
  - Fails as a decision when only a person can go on, such as when another rotation is under way.
  - Returns version ids, instants, and of the id of a key its beginning and its end.
options:
  begun:
    description: When the rotation began, RFC 3339; a key that it lost is not older.
    type: str
    required: true
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.access_key
  - hasivu.ops.rotation_note
attributes:
  check_mode:
    description: It changes nothing but its own note, and in check mode not even that.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Tell how far the rotation is
  hasivu.ops.access_key_info:
    region: ap-south-1
    user: hasivu-reports
    secret_id: hasivu/production/access-key/reports
    version_id: 0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11
    begun: "2026-12-06T06:14:03Z"
  register: found
"""

RETURN = r"""
state:
  description: C(S0) nothing, C(S2) made and stored, C(S4) published, C(S6) old one inactive, C(S7) old one deleted.
  returned: success
  type: str
meaning:
  description: The same in a sentence.
  returned: success
  type: str
old_version:
  description: Version that was current when the rotation began.
  returned: success
  type: str
stages:
  description: Stages of each version.
  returned: success
  type: dict
keys:
  description: Keys of the user, each with C(key), C(status), C(created), C(used) and C(part) in the rotation.
  returned: success
  type: list
  elements: dict
objections:
  description: What speaks against beginning.
  returned: success
  type: list
  elements: str
"""

from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.access_key import (
    KEY_ID,
    KEY_OPTIONS,
    AccessKeyError,
    Key,
    Keys,
    key_of,
    keys_in,
)
from ansible_collections.hasivu.ops.plugins.module_utils.access_key_rotation import key_standing, objections, orphans
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.rotation_objection import interval_objection
from ansible_collections.hasivu.ops.plugins.module_utils.rotation_state import Standing, note_version
from ansible_collections.hasivu.ops.plugins.module_utils.secret import Secret, SecretError, secret_of, stages_of
from ansible_collections.hasivu.ops.plugins.module_utils.secret_guard import NOTE_OPTIONS, began_with, description_of

OPTIONS = {
    "version_id": {"type": "str", "required": True},
    "begun": {"type": "str", "required": True},
    "min_interval_days": {"type": "float", "default": 0},
}


def main() -> None:
    """Look, judge, and return what was found."""
    module = AnsibleModule(argument_spec={**KEY_OPTIONS, **NOTE_OPTIONS, **OPTIONS}, supports_check_mode=True)
    try:
        result = look(module, secret_of(module))
    except (SecretError, AccessKeyError) as error:
        module.fail_json(msg=f"{error} Until then nobody can say how far the rotation is.", error_code=error.code)
    except OSError as error:
        module.fail_json(msg=f"The note of the rotation cannot be written: {error}. Make room, then run again.")
    module.exit_json(changed=False, **result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    preload_service("secretsmanager")
    preload_service("iam")


def look(module: AnsibleModule, secret: Secret) -> dict[str, Any]:
    """Return how far the rotation is; fail when only a person can go on."""
    description, version = description_of(module, secret), module.params["version_id"]
    stages, old_version = stages_of(description), began_with(module, description)
    keys = Keys(module).read()
    new, old = (keys.get(key_of(secret, one).get(KEY_ID, "")) for one in (version, old_version))
    found = key_standing(stages, version, old_version, new, old)
    if not found.go_on:
        stop(module, found, stages)
    if module.params["note"] and not module.check_mode:
        note_version(module.params["note"], version, old_version)
    return {
        "state": found.state,
        "meaning": found.meaning,
        "old_version": old_version,
        "stages": stages,
        "keys": [describe(key, new, old) for key in sorted(keys.values(), key=lambda key: key.created)],
        "objections": objections_to(module, secret, found, keys, old, old_version),
    }


def objections_to(
    module: AnsibleModule, secret: Secret, found: Standing, keys: dict[str, Key], old: Key | None, old_version: str
) -> list[str]:
    """Return what speaks against going on."""
    if found.state == "S1":
        return [f"{found.meaning} Go back with rollback, then run again."]
    if found.state != "S0":
        return []
    ours = orphans(keys.values(), keys_in(secret), datetime.fromisoformat(module.params["begun"]))
    early = interval_objection(secret.versions()[old_version], module.params["min_interval_days"])
    return early + objections(keys.values(), old, ours)


def describe(key: Key, new: Key | None, old: Key | None) -> dict[str, str]:
    """Return what a report tells of a key."""
    part = "new" if new and key.name == new.name else "old" if old and key.name == old.name else "none"
    return {
        "key": key.shown,
        "status": key.status,
        "created": key.created.astimezone(UTC).isoformat(),
        "used": key.used.astimezone(UTC).isoformat() if key.used else "never",
        "part": part,
    }


def stop(module: AnsibleModule, found: Standing, stages: dict[str, list[str]]) -> None:
    """End with what only a person can decide."""
    module.fail_json(
        msg=f"{found.meaning} Nothing was changed. Find out who rotates {module.params['secret_id']}, decide which "
        "version is right, then run again.",
        stages=stages,
        stop="decision",
    )


if __name__ == "__main__":
    main()
