"""Lambda: updates that take their time and exclude each other, lists without states, images without a runtime."""

from __future__ import annotations

import contextvars
import hashlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import lambda_svc

from hasivu_play.sandbox.aws.faults import Faults

LATEST = "$LATEST"
BUSY = "The operation cannot be performed at this time. An update is in progress for resource: {arn}"
# ListFunctions "returns a subset of the FunctionConfiguration fields" (Lambda API Reference); these are not in it.
NOT_LISTED = frozenset(
    {"State", "StateReason", "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason",
     "LastUpdateStatusReasonCode", "RuntimeVersionConfig"}
)  # fmt: skip
ZIP_ONLY = ("Runtime", "Handler")

Handler = Callable[..., Any]


def apply(faults: Faults) -> None:
    """Replace the operations on functions."""
    lambda_svc._put_provisioned_concurrency = published_only(lambda_svc._put_provisioned_concurrency)
    lambda_svc._schedule_state_transition = transition(faults)
    lambda_svc._update_config = in_turn(lambda_svc._update_config)
    lambda_svc._update_code = in_turn(lambda_svc._update_code)
    lambda_svc._build_config = without_runtime_of_images(lambda_svc._build_config)
    lambda_svc._get_function = resolving_images(lambda_svc._get_function)
    lambda_svc._list_functions = list_functions


def settle() -> None:
    """End the updates that a killed emulator left in progress; the threads that would have ended them are gone."""
    for function in lambda_svc._functions._data.values():
        for record in (function, *function.get("versions", {}).values()):
            if record["config"].get("LastUpdateStatus") == "InProgress":
                finish(record["config"], failed=False)


def published_only(original: Handler) -> Handler:
    """Return PutProvisionedConcurrencyConfig that is for published versions and aliases only."""

    def put(name: str, qualifier: str, sent: dict[str, Any]) -> Any:
        if (qualifier or LATEST) == LATEST:
            message = "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
            return error_response_json("InvalidParameterValueException", message, 400)
        return original(name, qualifier, sent)

    return put


def busy(name: str) -> Any:
    """Return the refusal of a change while another is in progress, or nothing."""
    function = lambda_svc._functions.get(name)
    if function is None or function["config"].get("LastUpdateStatus") != "InProgress":
        return None
    message = BUSY.format(arn=function["config"]["FunctionArn"])
    return error_response_json("ResourceConflictException", message, 409)


def in_turn(original: Handler) -> Handler:
    """Return an update that is refused during another one, and during which the function stays active."""

    def update(name: str, sent: dict[str, Any]) -> Any:
        refused = busy(name)
        if refused:
            return refused
        answer = original(name, sent)
        if answer[0] >= 300:
            return answer
        active = {"State": "Active", "StateReason": "", "StateReasonCode": ""}
        lambda_svc._functions[name]["config"].update(active)
        return json_response({**json.loads(answer[2]), **active})

    return update


def transition(faults: Faults) -> Callable[[str, float], None]:
    """Return what ends an update: after half a second, or when and how the faults say."""

    def schedule(name: str, delay: float) -> None:
        wanted = faults.read()
        seconds, failed = wanted.get("lambda_update_seconds", delay), bool(wanted.get("lambda_update_fails"))
        arguments = (name, float(seconds), failed)
        threading.Thread(target=contextvars.copy_context().run, args=(end, *arguments), daemon=True).start()

    return schedule


def end(name: str, seconds: float, failed: bool) -> None:
    """End the update of a function, and of the version that was published meanwhile, after some seconds."""
    time.sleep(seconds)
    function = lambda_svc._functions.get(name)
    for record in (function, *function["versions"].values()) if function else ():
        if record["config"].get("LastUpdateStatus") == "InProgress":
            finish(record["config"], failed)


def finish(configuration: dict[str, Any], failed: bool) -> None:
    """Write how an update ended."""
    configuration.update(
        State="Active",
        StateReason="",
        StateReasonCode="",
        LastUpdateStatus="Failed" if failed else "Successful",
        LastUpdateStatusReason="The sandbox was asked to fail updates." if failed else "",
        LastUpdateStatusReasonCode="InternalError" if failed else "",
    )


def without_runtime_of_images(original: Handler) -> Handler:
    """Return the maker of configurations, which gives a function from an image neither runtime nor handler."""

    def build(name: str, sent: dict[str, Any], code: bytes | None = None) -> Any:
        configuration = original(name, sent, code)
        if configuration["PackageType"] == "Image":
            for field in ZIP_ONLY:
                if field not in sent:
                    configuration.pop(field)
            configuration["CodeSha256"] = digest_of(sent.get("Code", {}).get("ImageUri", ""))
        return configuration

    return build


def digest_of(image: str) -> str:
    """Return the digest that the address of an image names; for a tag, which names none, one is made up."""
    return image.partition("@sha256:")[2] or hashlib.sha256(image.encode()).hexdigest()


def resolving_images(original: Handler) -> Handler:
    """Return GetFunction that names the image by its digest."""

    def get(name: str, qualifier: str | None = None) -> Any:
        answer = original(name, qualifier)
        content = json.loads(answer[2])
        code = content.get("Code", {})
        if "ImageUri" in code:
            repository = code["ImageUri"].partition("@")[0].rpartition(":")
            address = repository[0] if "/" not in repository[2] and repository[0] else repository[2]
            code["ResolvedImageUri"] = f"{address}@sha256:{digest_of(code['ImageUri'])}"
        return answer[0], answer[1], json.dumps(content).encode()

    return get


def list_functions(query: dict[str, Any]) -> Any:
    """Answer ListFunctions: fifty at most, in order of their names, with all versions where that is asked for."""
    everything = [entry for name in sorted(lambda_svc._functions.keys()) for entry in entries(name, query)]
    start = int(lambda_svc._qp_first(query, "Marker", "0"))
    most = min(int(lambda_svc._qp_first(query, "MaxItems", "50")), 50)
    answer: dict[str, Any] = {"Functions": everything[start : start + most]}
    if start + most < len(everything):
        answer["NextMarker"] = str(start + most)
    return json_response(answer)


def entries(name: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what ListFunctions says of one function."""
    function = lambda_svc._functions[name]
    configurations = [function["config"]]
    if lambda_svc._qp_first(query, "FunctionVersion") == "ALL":
        configurations += [function["versions"][number]["config"] for number in sorted(function["versions"], key=int)]
    return [{key: value for key, value in found.items() if key not in NOT_LISTED} for found in configurations]
