"""Lambda: versions of what differs, published from what the caller has seen, and aliases that lead somewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import lambda_svc

from hasivu_play.sandbox.aws.mends.functions import LATEST, busy

# What a version does not share with $LATEST although nothing has changed.
OF_THE_COPY = frozenset(
    {"FunctionArn", "Version", "RevisionId", "LastModified", "Description", "State", "StateReason", "StateReasonCode",
     "LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode"}
)  # fmt: skip
MOST_VERSIONS = 2

Handler = Callable[..., Any]


def apply() -> None:
    """Replace the operations on versions and aliases."""
    lambda_svc._publish_version = publish(lambda_svc._publish_version)
    lambda_svc._create_alias = leading_somewhere(lambda_svc._create_alias)
    lambda_svc._update_alias = leading_somewhere(lambda_svc._update_alias)


def publish(original: Handler) -> Handler:
    """Return PublishVersion that checks code and revision, and returns the last version where nothing has changed."""

    def handle(name: str, sent: dict[str, Any]) -> Any:
        function = lambda_svc._functions.get(name)
        refused = objection(name, function, sent) if function else None
        if refused:
            return refused
        if function and function["versions"]:
            newest = function["versions"][max(function["versions"], key=int)]
            same = content(newest["config"]) == content(function["config"])
            newest["function_revision"] = function["config"]["RevisionId"] if same else ""
        return original(name, sent)

    return handle


def objection(name: str, function: dict[str, Any], sent: dict[str, Any]) -> Any:
    """Return the error for a publication of something else than the caller has seen, or nothing."""
    given = {key: value for key, value in sent.items() if value is not None}
    if given.get("CodeSha256", function["config"]["CodeSha256"]) != function["config"]["CodeSha256"]:
        message = f"CodeSHA256 ({given['CodeSha256']}) is different from current CodeSHA256 in $LATEST"
        return error_response_json("InvalidParameterValueException", message, 400)
    return lambda_svc._check_revision(function["config"], given) or busy(name)


def content(configuration: dict[str, Any]) -> str:
    """Return what a version freezes, in one form."""
    frozen = {key: value for key, value in configuration.items() if key not in OF_THE_COPY}
    return json.dumps(frozen, sort_keys=True, default=str)


def leading_somewhere(original: Handler) -> Handler:
    """Return CreateAlias or UpdateAlias that refuses versions which do not exist and weights that are none."""

    def handle(name: str, *rest: Any) -> Any:
        return misleading(name, rest) or original(name, *rest)

    return handle


def misleading(name: str, rest: tuple[Any, ...]) -> Any:
    """Return the error for an alias that would lead nowhere, or nothing."""
    sent, function = rest[-1], lambda_svc._functions.get(name)
    if function is None:
        return None
    present = function["aliases"].get(rest[0], {}) if len(rest) == MOST_VERSIONS else {}
    version = sent.get("FunctionVersion", present.get("FunctionVersion", LATEST))
    weights: dict[str, float] = (sent.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    for wanted in (version, *weights):
        if wanted != LATEST and wanted not in function["versions"]:
            arn = f"{function['config']['FunctionArn']}:{wanted}"
            return error_response_json("ResourceNotFoundException", f"Function not found: {arn}", 404)
    if weights and LATEST in (version, *weights):
        message = "$LATEST is not supported for an alias pointing to more than 1 version"
        return error_response_json("InvalidParameterValueException", message, 400)
    if len(weights) >= MOST_VERSIONS or any(not 0 <= weight <= 1 for weight in weights.values()):
        message = "An alias can point to a maximum of two versions, with a weight from 0 to 1."
        return error_response_json("InvalidParameterValueException", message, 400)
    return None
