#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell how far the rotation of an AUTH token is, and what speaks against going on."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cache_rotation_info
short_description: Tell how far the rotation of an AUTH token of ElastiCache is
version_added: 0.2.0
description:
  - Looks at the stages of the secret and tries the tokens of its versions. So it tells how far a rotation is, whatever
    became of the run that began it.
  - Fails as a decision when only a person can go on, such as when another rotation is under way.
  - Returns version ids and instants, never a token.
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.cache
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
  hasivu.ops.cache_rotation_info:
    region: ap-south-1
    secret_id: hasivu/production/redis/auth-token
    replication_group_id: hasivu-production
    version_id: 0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11
  register: found
"""

RETURN = r"""
state:
  description: C(S0) nothing, C(S1) stored, C(S2) accepted, C(S4) published, C(S7) closed.
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
objections:
  description: What speaks against beginning.
  returned: success
  type: list
  elements: str
token_changed_at:
  description: When ElastiCache last changed the token, RFC 3339; empty where it does not tell.
  returned: success
  type: str
"""

from datetime import UTC
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.cache import (
    CACHE_OPTIONS,
    CacheError,
    check_library,
    is_let_in,
    token_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.cache_group import address_of, group_of, objections_to
from ansible_collections.hasivu.ops.plugins.module_utils.cache_rotation import cache_standing
from ansible_collections.hasivu.ops.plugins.module_utils.rotation_objection import interval_objection
from ansible_collections.hasivu.ops.plugins.module_utils.rotation_state import Standing, note_version
from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    SECRET_OPTIONS,
    Secret,
    SecretError,
    secret_of,
    stages_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.secret_guard import NOTE_OPTIONS, began_with, description_of

OPTIONS = {"version_id": {"type": "str", "required": True}, "min_interval_days": {"type": "float", "default": 0}}


def main() -> None:
    """Look, judge, and return what was found."""
    module = AnsibleModule(
        argument_spec={**SECRET_OPTIONS, **CACHE_OPTIONS, **NOTE_OPTIONS, **OPTIONS}, supports_check_mode=True
    )
    check_library(module)
    try:
        result = look(module, secret_of(module))
    except (SecretError, CacheError) as error:
        module.fail_json(msg=f"{error} Until then nobody can say how far the rotation is.")
    except OSError as error:
        module.fail_json(msg=f"The note of the rotation cannot be written: {error}. Make room, then run again.")
    module.exit_json(changed=False, **result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    preload_service("secretsmanager")
    preload_service("elasticache")


def look(module: AnsibleModule, secret: Secret) -> dict[str, Any]:
    """Return how far the rotation is; fail when only a person can go on."""
    description, version = description_of(module, secret), module.params["version_id"]
    stages, old_version = stages_of(description), began_with(module, description)
    group = group_of(module).read()
    address = address_of(group)
    new_works, old_works = (works(module, secret, one, address) for one in (version, old_version))
    found = cache_standing(stages, version, old_version, new_works, old_works)
    if not found.go_on:
        stop(module, found, stages)
    if module.params["note"] and not module.check_mode:
        note_version(module.params["note"], version, old_version)
    changed = group.get("AuthTokenLastModifiedDate")
    return {
        "state": found.state,
        "meaning": found.meaning,
        "old_version": old_version,
        "stages": stages,
        "objections": objections(module, secret, found, group, old_version, old_works),
        "token_changed_at": changed.astimezone(UTC).isoformat().replace("+00:00", "Z") if changed else "",
    }


def works(module: AnsibleModule, secret: Secret, version: str, address: tuple[str, int]) -> bool | None:
    """Tell whether the cache accepts the token of a version, or nothing where there is no such version."""
    token = token_of(secret, version)
    return None if token is None else is_let_in(module.params, address, token)


def objections(
    module: AnsibleModule, secret: Secret, found: Standing, group: dict[str, Any], old: str, old_works: bool | None
) -> list[str]:
    """Return what speaks against beginning; once the cache has the new token, going on is the safe way."""
    if found.state not in ("S0", "S1"):
        return []
    sentences = objections_to(group) if found.state == "S0" else []
    if not old_works:
        sentences.append("The cache does not accept the published token. Mend that first, or there is no way back.")
    if found.state == "S0":
        sentences += interval_objection(secret.versions()[old], module.params["min_interval_days"])
    return sentences


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
