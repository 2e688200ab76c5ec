"""Lambda functions of a sandbox, seen with boto3 from outside."""

from __future__ import annotations

import configparser
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3

from support.killing import wait_for
from support.sandbox import Sandbox

ORDERS = "hasivu-platform-api-orders"
OF_EACH_UPDATE = ("LastModified", "RevisionId", "ResponseMetadata")


def client(sandbox: Sandbox, service: str) -> Any:
    """Return a client of the sandbox's AWS."""
    file = configparser.ConfigParser()
    file.read_string(sandbox.credential("aws"))
    where = sandbox.endpoints()["aws"]
    return boto3.client(service, region_name=where["region"], endpoint_url=where["url"], **dict(file["default"]))


def configuration(sandbox: Sandbox, qualifier: str = "$LATEST", name: str = ORDERS) -> dict[str, Any]:
    """Return everything that AWS says of a function, but for what every update changes."""
    found = client(sandbox, "lambda").get_function_configuration(FunctionName=name, Qualifier=qualifier)
    return {key: value for key, value in found.items() if key not in OF_EACH_UPDATE}


def alias(sandbox: Sandbox, name: str = ORDERS) -> dict[str, Any]:
    """Return where the alias `live` leads, with its weights."""
    found = client(sandbox, "lambda").get_alias(FunctionName=name, Name="live")
    weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return {"version": found["FunctionVersion"], "weights": weights, "description": found.get("Description", "")}


def versions(sandbox: Sandbox, name: str = ORDERS) -> list[str]:
    """Return the published versions."""
    pages = client(sandbox, "lambda").get_paginator("list_versions_by_function").paginate(FunctionName=name)
    return [one["Version"] for page in pages for one in page["Versions"] if one["Version"] != "$LATEST"]


def update(sandbox: Sandbox, name: str = ORDERS, **settings: Any) -> None:
    """Change $LATEST as somebody else would, and wait."""
    client(sandbox, "lambda").update_function_configuration(FunctionName=name, **settings)
    wait_for(lambda: configuration(sandbox, name=name)["LastUpdateStatus"] == "Successful")


def call(sandbox: Sandbox, path: str = "/health", name: str = ORDERS) -> dict[str, Any]:
    """Call a function as users do, and return its answer, or the error that it ended with."""
    sent = json.dumps({"rawPath": path}).encode()
    answer = client(sandbox, "lambda").invoke(FunctionName=name, Qualifier="live", Payload=sent)
    content: dict[str, Any] = json.loads(answer["Payload"].read())
    return {"error": content} if answer.get("FunctionError") else json.loads(content["body"])


@contextmanager
def as_it_was(sandbox: Sandbox, name: str = ORDERS) -> Iterator[None]:
    """Give the function back its settings and its alias, whatever was done meanwhile."""
    before, route = configuration(sandbox, name=name), alias(sandbox, name)
    try:
        yield
    finally:
        settings = {key: before[key] for key in ("MemorySize", "Timeout", "Runtime", "Environment", "Description")}
        update(sandbox, name, **settings)
        client(sandbox, "lambda").update_alias(
            FunctionName=name,
            Name="live",
            FunctionVersion=route["version"],
            Description=route["description"],
            RoutingConfig={"AdditionalVersionWeights": route["weights"]},
        )
