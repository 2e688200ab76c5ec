#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Make an access key and store it, switch it off or on, or delete it, by the version of the secret that holds it."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: access_key
short_description: Make, switch off, switch on or delete the access key that a version of a secret holds
version_added: 0.2.0
description:
  - AWS tells the secret of a new key once. It is stored as a version of the secret at once, with the stage AWSPENDING.
    A key that a run made and lost before that is recognised and deleted.
  - The key that is published is never switched off or deleted.
  - No key is an argument, a result or part of a message.
options:
  version_id:
    description: Version of the secret that holds the key, or is to hold it.
    type: str
    required: true
  state:
    description:
      - V(stored) makes a key, unless the version holds one, and stores it.
      - V(active) and V(inactive) switch the key of the version on and off.
      - V(absent) deletes it, when it is inactive and was not used for O(idle_days).
    type: str
    choices: [stored, active, inactive, absent]
    default: stored
  begun:
    description:
      - When the rotation began, RFC 3339; a key that it lost is not older. Needed for V(stored); with V(active) such a
        key is deleted too.
    type: str
  watch_seconds:
    description: Time for which nobody may use the key before it is switched off.
    type: float
    default: 0
  idle_days:
    description: Days without use, and since there was a successor, before the key may be deleted.
    type: float
    default: 7
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.access_key
attributes:
  check_mode:
    description: Reads keys and versions, and says what would become of the key.
    support: full
  diff_mode:
    description: Shows the status of the key before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Make a second key and store it as pending
  hasivu.ops.access_key:
    region: ap-south-1
    user: hasivu-reports
    secret_id: hasivu/production/access-key/reports
    version_id: 0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11
    begun: "2026-12-06T06:14:03Z"
"""

RETURN = r"""
status_before:
  description: Status of the key before the change; empty where there was none.
  returned: success
  type: str
status_after:
  description: Status of the key after it; in check mode as it would be.
  returned: success
  type: str
orphans_deleted:
  description: Keys that an earlier attempt made and lost, and that were deleted.
  returned: success
  type: int
"""

import time
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.access_key import (
    ACTIVE,
    INACTIVE,
    KEY_ID,
    KEY_OPTIONS,
    LIMIT,
    AccessKeyError,
    Key,
    Keys,
    key_of,
    keys_in,
)
from ansible_collections.hasivu.ops.plugins.module_utils.access_key_making import make
from ansible_collections.hasivu.ops.plugins.module_utils.access_key_rotation import may_be_deleted_at, orphans
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    CURRENT,
    Secret,
    SecretError,
    holder_of,
    secret_of,
)

OPTIONS = {
    "version_id": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["stored", "active", "inactive", "absent"], "default": "stored"},
    "begun": {"type": "str"},
    "watch_seconds": {"type": "float", "default": 0},
    "idle_days": {"type": "float", "default": 7},
}
GO_ON = "Both keys are as they were. Mend the cause, then resume, or go back with rollback."


def main() -> None:
    """Bring the key into the wanted state."""
    module = AnsibleModule(
        argument_spec={**KEY_OPTIONS, **OPTIONS},
        required_if=[("state", "stored", ["begun"])],
        supports_check_mode=True,
    )
    secret, keys = secret_of(module), Keys(module)
    try:
        result = store(module, secret, keys) if module.params["state"] == "stored" else switch(module, secret, keys)
    except (SecretError, AccessKeyError) as error:
        module.fail_json(msg=f"{error} {GO_ON}", error_code=error.code, stop="resumable")
    before, after = result["status_before"], result["status_after"]
    diff = {"before": {"status": before}, "after": {"status": after}}
    module.exit_json(changed=before != after or result.get("orphans_deleted", 0) > 0, diff=diff, **result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    preload_service("secretsmanager")
    preload_service("iam")


def store(module: AnsibleModule, secret: Secret, keys: Keys) -> dict[str, Any]:
    """Make a key and store it, unless the version holds one."""
    version, found = module.params["version_id"], keys.read()
    if held := key_of(secret, version):
        status = status_of(found.get(held[KEY_ID]))
        return {"status_before": status, "status_after": status, "orphans_deleted": 0}
    deleted = delete_lost(module, secret, keys, found)
    if len(found) - deleted >= LIMIT:
        raise AccessKeyError(f"{keys.user} has {len(found)} keys, and IAM allows {LIMIT}. Delete the one nobody uses.")
    if not module.check_mode:
        make(secret, keys, version)
    return {"status_before": "", "status_after": ACTIVE, "orphans_deleted": deleted}


def delete_lost(module: AnsibleModule, secret: Secret, keys: Keys, found: dict[str, Key]) -> int:
    """Delete the keys that the rotation made and lost before they were stored, and return how many there were."""
    if not module.params["begun"]:
        return 0
    lost = orphans(found.values(), keys_in(secret), datetime.fromisoformat(module.params["begun"]))
    for key in lost if not module.check_mode else []:
        keys.delete(key.name)
    return len(lost)


def switch(module: AnsibleModule, secret: Secret, keys: Keys) -> dict[str, Any]:
    """Switch the key of the version on or off, or delete it."""
    version, wanted = module.params["version_id"], module.params["state"]
    found = keys.read()
    key = found.get(key_of(secret, version).get(KEY_ID, ""))
    current = holder_of(secret.stages(), CURRENT)
    deleted = delete_lost(module, secret, keys, found) if wanted == "active" else 0
    if wanted != "active":
        refuse_published(module, version, current)
    if key is None:
        return missing(module, wanted)
    if wanted == "inactive" and key.status == ACTIVE:
        refuse_used(module, keys, key)
    if wanted == "absent":
        successor = found.get(key_of(secret, current).get(KEY_ID, ""))
        refuse_too_early(module, key, successor)
    after = {"active": ACTIVE, "inactive": INACTIVE, "absent": ""}[wanted]
    if not module.check_mode:
        change(keys, key, wanted, after)
    return {"status_before": key.status, "status_after": after, "orphans_deleted": deleted}


def change(keys: Keys, key: Key, wanted: str, status: str) -> None:
    """Make the one call that is needed, or none."""
    if wanted == "absent":
        keys.delete(key.name)
    elif key.status != status:
        keys.set_status(key.name, status)


def missing(module: AnsibleModule, wanted: str) -> dict[str, Any]:
    """Return the result for a key that is gone already, which is a decision when it is to be used again."""
    if wanted == "active" and not module.check_mode:
        module.fail_json(
            msg="The key to go back to is deleted, and nothing brings it back. Go forward: run a new rotation.",
            stop="decision",
        )
    return {"status_before": "", "status_after": ""}


def refuse_published(module: AnsibleModule, version: str, current: str) -> None:
    """Fail when the key is the published one; a rehearsal published nothing."""
    if version == current and not module.check_mode:
        module.fail_json(
            msg="That key is the published one, so it stays. Publish the other one first.", stop="decision"
        )


def refuse_used(module: AnsibleModule, keys: Keys, key: Key) -> None:
    """Fail when somebody uses the key while this looks on."""
    if module.check_mode or not module.params["watch_seconds"]:
        return
    time.sleep(module.params["watch_seconds"])
    now = keys.read().get(key.name, key)
    if now.used != key.used:
        module.fail_json(
            msg=f"The key {key.shown} is still used, though every known consumer has read the other one. Look for the "
            "caller in CloudTrail and give it the other key, then resume.",
            stop="resumable",
        )


def refuse_too_early(module: AnsibleModule, key: Key, successor: Key | None) -> None:
    """Fail when the key is not inactive, or was not idle for long enough."""
    if module.check_mode:
        return
    if key.status != INACTIVE:
        module.fail_json(msg=f"The key {key.shown} is active. Switch it off before it is deleted.", stop="resumable")
    due = may_be_deleted_at(key, successor, module.params["idle_days"]).astimezone(UTC)
    if datetime.now(UTC) < due:
        module.fail_json(
            msg=f"The key {key.shown} is inactive, and may be deleted from {due.isoformat(timespec='minutes')} on, "
            f"{module.params['idle_days']:g} days after its last use. Resume the run then.",
            due=due.isoformat(),
            stop="resumable",
        )


def status_of(key: Key | None) -> str:
    """Return the status of a key; nothing where there is none."""
    return key.status if key else ""


if __name__ == "__main__":
    main()
