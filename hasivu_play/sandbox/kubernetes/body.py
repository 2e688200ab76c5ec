"""Reading the body of a request: JSON, or YAML where Kubernetes takes it."""

from __future__ import annotations

import json
from typing import Any

import yaml

from hasivu_play.sandbox.kubernetes.failures import ApiError

REFUSED = ("application/vnd.kubernetes.protobuf", "application/cbor")


def decode(content: bytes, content_type: str) -> Any:
    """Return what a body holds; an empty body is an empty object."""
    if content_type in REFUSED:
        message = "the body of the request was in an unknown format - accepted media types include: application/json"
        raise ApiError(415, f"{message}, application/yaml")
    if not content.strip():
        return {}
    try:
        return yaml.safe_load(content) if "yaml" in content_type and content[:1] not in b"{[" else json.loads(content)
    except (ValueError, yaml.YAMLError) as error:
        raise ApiError(400, f"couldn't decode the body of the request: {error}") from error
