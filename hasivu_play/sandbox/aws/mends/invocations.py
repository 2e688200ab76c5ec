"""Lambda: an alias divides its calls by its weights, versions share a limit, CloudWatch counts where AWS counts."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch, lambda_svc

NAMESPACE = "AWS/Lambda"
THROTTLED, ACCEPTED = 429, 202

Handler = Callable[..., Any]


def apply() -> None:
    """Replace Invoke, the limit of calls and the counting of calls."""
    lambda_svc._reserved_concurrency = shared(lambda_svc._reserved_concurrency)
    lambda_svc._emit_lambda_metrics = uncounted
    lambda_svc._invoke = divided(lambda_svc._invoke)


def shared(original: Handler) -> Handler:
    """Return the limit of a function, which holds for its versions and aliases too."""

    def reserved(record: dict[str, Any], configuration: dict[str, Any]) -> Any:
        function = lambda_svc._functions.get(configuration.get("FunctionName", "")) or record
        return original(function, configuration)

    return reserved


def uncounted(*_arguments: Any, **_more: Any) -> None:
    """Count nothing: ministack knows only functions, and counts a throttled call as an invocation."""


def divided(original: Handler) -> Handler:
    """Return Invoke that chooses among the versions of an alias, and counts what came of the call."""

    async def invoke(
        name: str, event: Any, headers: dict[str, str], path_qualifier: str | None = None, query: Any = None
    ) -> Any:
        qualifier = path_qualifier or lambda_svc._qp_first(query or {}, "Qualifier")
        version = chosen_version(name, qualifier)
        begun = time.monotonic()
        answer = await original(name, event, headers, version or qualifier or None, {})
        count(name, qualifier, answer, (time.monotonic() - begun) * 1000)
        return answer

    return invoke


def chosen_version(name: str, qualifier: str) -> str:
    """Return the version that this call of a weighted alias goes to, or nothing where there is no choice."""
    alias = lambda_svc._functions.get(name, {}).get("aliases", {}).get(qualifier, {})
    weights: dict[str, float] = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
    for version, weight in weights.items():
        return version if random.random() < weight else str(alias["FunctionVersion"])  # noqa: S311
    return ""


def count(name: str, qualifier: str, answer: Any, milliseconds: float) -> None:
    """Count a call; a throttled one is no invocation, and one that was only accepted has no duration yet."""
    status, headers, _ = answer
    executed = headers.get("X-Amz-Executed-Version", "")
    if (status >= 400 and status != THROTTLED) or status == 204:
        return
    if status == THROTTLED:
        values = {"Throttles": 1.0}
    else:
        values = {"Invocations": 1.0, "Errors": float("X-Amz-Function-Error" in headers), "Throttles": 0.0}
        if status != ACCEPTED:
            values["Duration"] = milliseconds
    for dimensions in places(name, qualifier, executed):
        for metric, value in values.items():
            unit = "Milliseconds" if metric == "Duration" else "Count"
            cloudwatch.record_metric(NAMESPACE, metric, value, unit, dimensions)


def places(name: str, qualifier: str, executed: str) -> list[dict[str, str]]:
    """Return the dimensions under which AWS counts a call: account, function, resource, and version of an alias."""
    function = {"FunctionName": name}
    resource = {**function, "Resource": f"{name}:{qualifier}" if qualifier else name}
    is_alias = qualifier in lambda_svc._functions.get(name, {}).get("aliases", {})
    version = [{**resource, "ExecutedVersion": executed}] if is_alias and executed else []
    return [{}, function, resource, *version]
