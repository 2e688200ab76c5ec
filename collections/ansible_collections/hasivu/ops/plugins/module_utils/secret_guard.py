# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A secret that can be rotated now: it exists, its key is on, and nobody else rotates it."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import client
from ansible_collections.hasivu.ops.plugins.module_utils.rotation_objection import secret_objections
from ansible_collections.hasivu.ops.plugins.module_utils.rotation_state import noted_version, old_version_of
from ansible_collections.hasivu.ops.plugins.module_utils.secret import Secret, SecretError, stages_of

# Which version was current as a rotation began, noted in the folder of its run.
NOTE_OPTIONS: dict[str, dict[str, Any]] = {
    "note": {"type": "path"},
    "earlier_notes": {"type": "list", "elements": "path", "default": []},
}


def description_of(module: AnsibleModule, secret: Secret) -> dict[str, Any]:
    """Return what AWS tells of a secret; fail the module as refused when it cannot be rotated.

    Raises:
        SecretError: Secrets Manager or KMS does not tell.
    """
    description = secret.describe()
    objections = secret_objections(description, key_state(module, description.get("KmsKeyId")))
    if objections:
        module.fail_json(msg=" ".join(objections), stop="refused")
    return description


def key_state(module: AnsibleModule, key: str | None) -> str:
    """Return the state of the key that encrypts a secret; the one that AWS manages is always on."""
    if key is None:
        return "Enabled"
    try:
        answer = client(module, "kms").describe_key(KeyId=key)
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        raise SecretError(f"KMS does not tell the state of {key}: {error}.") from error
    state: str = answer["KeyMetadata"]["KeyState"]
    return state


def began_with(module: AnsibleModule, description: dict[str, Any]) -> str:
    """Return the version that was current when the rotation began."""
    options, version = module.params, module.params["version_id"]
    noted = noted_version([options["note"] or "", *options["earlier_notes"]], version)
    return old_version_of(stages_of(description), version, noted)
