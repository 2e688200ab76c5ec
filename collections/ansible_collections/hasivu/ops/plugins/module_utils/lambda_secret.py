# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Variables of a function's environment that come from Secrets Manager, read where they are used and never returned."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code

SECRET_OPTION: dict[str, Any] = {
    "type": "dict",
    "options": {
        "secret_id": {"type": "str", "required": True, "no_log": False},
        "version_id": {"type": "str"},
        "stage": {"type": "str", "default": "AWSCURRENT"},
        "variables": {"type": "dict", "required": True},
    },
}


class SecretError(Exception):
    """Raised when a secret cannot be read, or lacks a field; the text holds no value, `code` is that of AWS."""

    def __init__(self, message: str, code: str = "") -> None:
        """Keep the sentence and the code."""
        super().__init__(message)
        self.code = code


def variables_from_secret(caller: Any, option: dict[str, Any]) -> dict[str, str]:
    """Return the variables that an option of a module takes from a secret.

    Raises:
        SecretError: The secret, its version or one of its fields is missing.
    """
    content = read_secret(caller, option)
    missing = [field for field in option["variables"].values() if not isinstance(content.get(field), str | int)]
    if missing:
        raise SecretError(f"The secret {option['secret_id']} has no field {missing[0]}.")
    return {name: str(content[field]) for name, field in option["variables"].items()}


def read_secret(caller: Any, option: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of one version of a secret.

    Raises:
        SecretError: It cannot be read, or is no JSON object.
    """
    which = {"VersionId": option["version_id"]} if option["version_id"] else {"VersionStage": option["stage"]}
    try:
        text = caller.get_secret_value(SecretId=option["secret_id"], **which)["SecretString"]
        content = json.loads(text)
    except (ValueError, KeyError):
        raise SecretError(f"The secret {option['secret_id']} is no JSON object with named fields.") from None
    except Exception as error:  # boto3 raises errors of many families; their text may not be trusted with a secret
        code = error_code(error)
        raise SecretError(f"The secret {option['secret_id']} cannot be read: {code}.", code) from None
    if not isinstance(content, dict):
        raise SecretError(f"The secret {option['secret_id']} is no JSON object with named fields.")
    return content
