# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The access keys of a user of IAM, and the versions of the secret that hold them; no message holds a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client, error_code
from ansible_collections.hasivu.ops.plugins.module_utils.secret import Secret, SecretError, reason

ACTIVE, INACTIVE = "Active", "Inactive"
KEY_ID, KEY_SECRET = "access_key_id", "secret_access_key"
LIMIT = 2

KEY_OPTIONS: dict[str, dict[str, Any]] = {
    **AWS_OPTIONS,
    "secret_id": {"type": "str", "required": True, "no_log": False},
    "user": {"type": "str", "required": True},
}


class AccessKeyError(Exception):
    """Raised when IAM or STS does not do what was asked; `code` is the code of AWS."""

    def __init__(self, message: str, code: str = "") -> None:
        """Keep the sentence and the code."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Key:
    """A key as IAM lists it."""

    name: str
    status: str
    created: datetime
    used: datetime | None = None

    @property
    def shown(self) -> str:
        """Return enough of the id for a person to tell it from another."""
        return shown(self.name)


class Keys:
    """The keys of one user, asked anew by each call."""

    def __init__(self, module: AnsibleModule) -> None:
        """Take the user from the options of a module; a call that makes a key is never made twice."""
        self._caller = client(module, "iam")
        self._once = client(module, "iam", attempts=1)
        self.user: str = module.params["user"]

    def read(self) -> dict[str, Key]:
        """Return every key of the user by its id, each with its last use.

        Raises:
            AccessKeyError: The user does not exist, or IAM does not answer.
        """
        listed = self._call(self._caller, "list_access_keys", UserName=self.user)["AccessKeyMetadata"]
        found = {}
        for one in listed:
            name = one["AccessKeyId"]
            used = self._call(self._caller, "get_access_key_last_used", AccessKeyId=name)["AccessKeyLastUsed"]
            found[name] = Key(name, one["Status"], one["CreateDate"], used.get("LastUsedDate"))
        return found

    def create(self) -> dict[str, str]:
        """Make a key, whose secret AWS tells this once, and return both as the fields of a secret."""
        made = self._call(self._once, "create_access_key", UserName=self.user)["AccessKey"]
        return {KEY_ID: made["AccessKeyId"], KEY_SECRET: made["SecretAccessKey"]}

    def set_status(self, name: str, status: str) -> None:
        """Switch a key on or off."""
        self._call(self._caller, "update_access_key", UserName=self.user, AccessKeyId=name, Status=status)

    def delete(self, name: str) -> None:
        """Delete a key for good."""
        self._call(self._caller, "delete_access_key", UserName=self.user, AccessKeyId=name)

    def _call(self, caller: Any, operation: str, **parameters: str) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = getattr(caller, operation)(**parameters)
        except Exception as error:  # boto3 raises errors of many families; each is a sentence here
            said = reason(error).replace(parameters.get("AccessKeyId", "\0"), "(the key)")
            raise AccessKeyError(f"IAM did not do {operation} for {self.user}: {said}.", error_code(error)) from None
        return answer


def shown(name: str) -> str:
    """Return the beginning and the end of the id of a key, or nothing where there is none."""
    return f"{name[:4]}...{name[-4:]}" if name else ""


def key_of(secret: Secret, version: str) -> dict[str, str]:
    """Return id and secret of the key that a version holds; nothing where there is no such version.

    Raises:
        SecretError: Secrets Manager does not tell, or the version holds no key.
    """
    if not version or secret.text(version) is None:
        return {}
    fields = secret.fields(version)
    missing = [name for name in (KEY_ID, KEY_SECRET) if not fields.get(name)]
    if missing:
        raise SecretError(f"Version {version} of {secret.name} has no field {' and no '.join(missing)}.")
    return {name: str(fields[name]) for name in (KEY_ID, KEY_SECRET)}


def keys_in(secret: Secret) -> set[str]:
    """Return the ids of the keys that any version of a secret holds, those without a stage too."""
    return {key[KEY_ID] for version in secret.versions() if (key := key_of(secret, version))}
