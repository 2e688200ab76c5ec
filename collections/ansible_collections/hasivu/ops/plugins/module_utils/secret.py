# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A secret of AWS Secrets Manager: its versions and stages, and a value that no message ever holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client, error_code

CURRENT = "AWSCURRENT"
PENDING = "AWSPENDING"
PREVIOUS = "AWSPREVIOUS"
NOT_FOUND = "ResourceNotFoundException"

# The names of secrets and versions are no secrets, whatever Ansible guesses from the name of an option.
SECRET_OPTIONS: dict[str, dict[str, Any]] = {
    **AWS_OPTIONS,
    "secret_id": {"type": "str", "required": True, "no_log": False},
}

Stages = dict[str, list[str]]


class SecretError(Exception):
    """Raised when Secrets Manager refuses or does not answer; `code` is its code, the text holds no value."""

    def __init__(self, message: str, code: str = "") -> None:
        """Keep the sentence and the code."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Secret:
    """One secret, asked anew by each call."""

    caller: Any
    name: str

    def describe(self) -> dict[str, Any]:
        """Return what Secrets Manager tells of the secret; nothing of its value.

        Raises:
            SecretError: It does not exist, or Secrets Manager does not answer.
        """
        return self.call("describe_secret")

    def stages(self) -> Stages:
        """Return the stages of each version that has any."""
        return stages_of(self.describe())

    def versions(self) -> dict[str, Any]:
        """Return when each version was made, those without a stage as well."""
        made = {}
        token: dict[str, str] = {}
        while True:
            page = self.call("list_secret_version_ids", IncludeDeprecated=True, **token)
            made |= {version["VersionId"]: version["CreatedDate"] for version in page.get("Versions", [])}
            if not page.get("NextToken"):
                return made
            token = {"NextToken": page["NextToken"]}

    def text(self, version_id: str) -> str | None:
        """Return the value of a version as it is kept, or nothing where there is no such version."""
        try:
            answer = self.call("get_secret_value", VersionId=version_id)
        except SecretError as error:
            if error.code == NOT_FOUND:
                return None
            raise
        text: str = answer.get("SecretString", "")
        return text

    def fields(self, version_id: str) -> dict[str, Any]:
        """Return the fields of a version whose value is a JSON object.

        Raises:
            SecretError: There is no such version, or it is no JSON object.
        """
        text = self.text(version_id)
        if text is None:
            raise SecretError(f"{self.name} has no version {version_id}. Look at its versions in Secrets Manager.")
        return fields_of(text, self.name)

    def move(self, stage: str, to: str | None, off: str | None) -> None:
        """Move a stage from one version to another; refused when it is not where the caller thinks."""
        ids = {"MoveToVersionId": to, "RemoveFromVersionId": off}
        self.call(
            "update_secret_version_stage", VersionStage=stage, **{key: value for key, value in ids.items() if value}
        )

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call one operation on this secret.

        Raises:
            SecretError: Secrets Manager refuses, or does not answer.
        """
        try:
            answer: dict[str, Any] = getattr(self.caller, operation)(SecretId=self.name, **parameters)
        except Exception as error:  # boto3 raises errors of many families; none of them quotes a value that was sent
            code = error_code(error)
            raise SecretError(
                f"Secrets Manager did not do {operation} on {self.name}: {reason(error)}", code
            ) from error
        return answer


def reason(error: Exception) -> str:
    """Return what AWS said, without the parameters of the call."""
    said = (getattr(error, "response", None) or {}).get("Error", {})
    return f"{said['Code']}: {said.get('Message', '')}" if said.get("Code") else type(error).__name__ + f": {error}"


def secret_of(module: AnsibleModule, name: str | None = None) -> Secret:
    """Return the secret that a module's options name."""
    return Secret(client(module, "secretsmanager"), name or module.params["secret_id"])


def stages_of(description: dict[str, Any]) -> Stages:
    """Return the stages of each version, both in a fixed order."""
    return {version: sorted(stages) for version, stages in sorted(description.get("VersionIdsToStages", {}).items())}


def changed_at(description: dict[str, Any]) -> str:
    """Return when a secret was last changed in any way, as RFC 3339 in UTC."""
    moment: str = description["LastChangedDate"].astimezone(UTC).isoformat()
    return moment.replace("+00:00", "Z")


def holder_of(stages: Stages, stage: str) -> str:
    """Return the version that has a stage, or nothing."""
    return next((version for version, held in stages.items() if stage in held), "")


def foreign_pending(stages: Stages, version_id: str, abandon: str = "") -> str:
    """Return the version of another rotation that is under way; AWS itself may leave AWSPENDING on the current one."""
    pending = holder_of(stages, PENDING)
    return "" if pending in (version_id, abandon, holder_of(stages, CURRENT)) else pending


def fields_of(text: str, name: str) -> dict[str, Any]:
    """Return the fields of a value that is a JSON object.

    Raises:
        SecretError: It is something else; the message does not quote it.
    """
    try:
        fields = json.loads(text)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise SecretError(
            f"The value of {name} is no JSON object. Store a whole login: engine, host, username and so on."
        )
    return fields
