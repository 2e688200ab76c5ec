"""The `scale` subresource: one number of an object, under its own kind."""

from __future__ import annotations

from typing import Any

from hasivu_play.sandbox.kubernetes.failures import ApiError
from hasivu_play.sandbox.kubernetes.resources import Object, Resource
from hasivu_play.sandbox.kubernetes.selectors import selector_text

COPIED = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def to_scale(content: Object) -> Object:
    """Return the scale of an object."""
    replicas = content["spec"].get("replicas", 0)
    status: dict[str, Any] = {"replicas": content.get("status", {}).get("replicas", 0)}
    if selector := selector_text(content["spec"].get("selector", {})):
        status["selector"] = selector
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: content["metadata"][key] for key in COPIED if key in content["metadata"]},
        "spec": {"replicas": replicas} if replicas else {},
        "status": status,
    }


def from_scale(resource: Resource, content: Object, scale: Object) -> Object:
    """Return the object with the number of replicas that a scale asks for."""
    replicas = (scale.get("spec") or {}).get("replicas") or 0
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise ApiError(400, "json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32")
    version = (scale.get("metadata") or {}).get("resourceVersion", "")
    metadata = {**content["metadata"], "resourceVersion": version or content["metadata"]["resourceVersion"]}
    return {**content, "metadata": metadata, "spec": {**content["spec"], "replicas": replicas}}
