"""The schemas of the OpenAPI document: kubectl reads from them how the lists of an object are merged."""

from __future__ import annotations

from collections.abc import Iterable

from hasivu_play.sandbox.kubernetes.lists import SETS, list_keys
from hasivu_play.sandbox.kubernetes.resources import Object, Resource
from hasivu_play.sandbox.kubernetes.schema import Type, fields

SCALARS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "datetime": "string"}
PREFIX = "io.k8s.api"


def reference(model: str) -> str:
    """Return the pointer to a model's schema."""
    return f"#/components/schemas/{PREFIX}.{model}"


def schemas(resources: Iterable[Resource]) -> Object:
    """Return the schemas of resources and of everything that they hold."""
    kinds = {resource.model: resource for resource in resources}
    seen: dict[str, Object] = {}
    waiting = list(kinds)
    while waiting:
        model = waiting.pop()
        if model not in seen:
            seen[model] = _schema(model)
            waiting += [kind.name for kind in fields(model).values() if fields(kind.name)]
    for model, resource in kinds.items():
        kind = {"group": resource.group, "kind": resource.kind, "version": resource.version}
        seen[model]["x-kubernetes-group-version-kind"] = [kind]
    return {f"{PREFIX}.{model}": content for model, content in seen.items()}


def _schema(model: str) -> Object:
    return {"type": "object", "properties": {name: _field(model, name, kind) for name, kind in fields(model).items()}}


def _field(model: str, name: str, kind: Type) -> Object:
    if kind.container == "list":
        return {"type": "array", "items": _value(kind.element), **_merging(model, name)}
    if kind.container == "dict":
        return {"type": "object", "additionalProperties": _value(kind.element)}
    return _value(kind)


def _merging(model: str, name: str) -> Object:
    keys = list_keys(model, name)
    if keys:
        return {"x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": keys[0]}
    return {"x-kubernetes-patch-strategy": "merge"} if (model, name) in SETS else {}


def _value(kind: Type) -> Object:
    if kind.container:
        return {"type": "array", "items": _value(kind.element)}
    if kind.name in SCALARS:
        return {"type": SCALARS[kind.name]}
    return {"allOf": [{"$ref": reference(kind.name)}]} if fields(kind.name) else {}
