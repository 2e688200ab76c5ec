"""Secrets Manager: a version is never overwritten, a stage is never on two versions, and tokens name versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import secretsmanager

Handler = Callable[[dict[str, Any]], Any]

EXISTS = "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."


def apply() -> None:
    """Replace what stores versions and lists them."""
    secretsmanager._put_secret_value = once(secretsmanager._put_secret_value)
    secretsmanager._create_secret = named(secretsmanager._create_secret)
    secretsmanager._update_secret = named(refuse_known(secretsmanager._update_secret))
    secretsmanager._list_secret_version_ids = with_stages_only(secretsmanager._list_secret_version_ids)


def secret_of(sent: dict[str, Any]) -> dict[str, Any] | None:
    """Return the secret that a request names, or nothing."""
    secret: dict[str, Any] | None = secretsmanager._resolve(sent.get("SecretId") or sent.get("Name"))[1]
    return secret


def known_version(sent: dict[str, Any]) -> dict[str, Any] | None:
    """Return the version that a request's token names already, or nothing."""
    secret = secret_of(sent)
    versions: dict[str, Any] = secret["Versions"] if secret else {}
    return versions.get(sent.get("ClientRequestToken", ""))


def refusal(sent: dict[str, Any]) -> Any:
    """Return the error for a token whose version holds something else."""
    secret = secret_of(sent) or {}
    message = EXISTS.format(token=sent.get("ClientRequestToken"), arn=secret.get("ARN"))
    return error_response_json("ResourceExistsException", message, 400)


def once(original: Handler) -> Handler:
    """Return PutSecretValue that stores a token once, and takes its stages off every other version."""

    def put(sent: dict[str, Any]) -> Any:
        known = known_version(sent)
        if known is None:
            return take_stages(sent, original(sent))
        if any(known.get(name) != sent.get(name) for name in ("SecretString", "SecretBinary")):
            return refusal(sent)
        secret = secret_of(sent) or {}
        named = {"ARN": secret["ARN"], "Name": secret["Name"]}
        return json_response({**named, "VersionId": sent["ClientRequestToken"], "VersionStages": list(known["Stages"])})

    return put


def take_stages(sent: dict[str, Any], answer: Any) -> Any:
    """Take the stages of a version that was just stored off every other; AWSCURRENT has its own rule already."""
    secret, token = secret_of(sent), sent.get("ClientRequestToken")
    if secret and answer[0] == 200 and token:
        for stage in set(sent.get("VersionStages", [])) - {"AWSCURRENT"}:
            secretsmanager._remove_stage_everywhere(secret, stage, except_version_id=token)
    return answer


def named(original: Handler) -> Handler:
    """Return an operation whose new version has the token as its id."""

    def store(sent: dict[str, Any]) -> Any:
        status, headers, body = original(sent)
        secret, token = secret_of(sent), sent.get("ClientRequestToken")
        if status != 200 or not secret or not token or not {"SecretString", "SecretBinary"} & sent.keys():
            return status, headers, body
        made = secretsmanager._find_stage_version(secret, "AWSCURRENT")[0]
        secret["Versions"] = {token if name == made else name: kept for name, kept in secret["Versions"].items()}
        return json_response({"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token})

    return store


def refuse_known(original: Handler) -> Handler:
    """Return UpdateSecret that refuses the token of a version which exists."""

    def update(sent: dict[str, Any]) -> Any:
        return refusal(sent) if known_version(sent) is not None else original(sent)

    return update


def with_stages_only(original: Handler) -> Handler:
    """Return ListSecretVersionIds that leaves out versions without a stage unless it is asked for them."""

    def list_versions(sent: dict[str, Any]) -> Any:
        secret = secret_of(sent)
        if sent.get("IncludeDeprecated") or not secret:
            return original(sent)
        everything = secret["Versions"]
        secret["Versions"] = {name: version for name, version in everything.items() if version["Stages"]}
        try:
            return original(sent)
        finally:
            secret["Versions"] = everything

    return list_versions
