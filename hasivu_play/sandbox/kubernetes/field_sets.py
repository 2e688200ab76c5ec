"""Who owns which field: the paths of `metadata.managedFields`, and their form in JSON (FieldsV1)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from hasivu_play.sandbox.kubernetes.lists import SETS, is_atomic, item_key, list_keys
from hasivu_play.sandbox.kubernetes.resources import Object
from hasivu_play.sandbox.kubernetes.schema import fields

Path = tuple[str, ...]
ITEM = object()
UNOWNED_METADATA = {
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "generateName",
    "managedFields",
    "selfLink",
}


def owned_fields(model: str, content: Object) -> dict[Path, Any]:
    """Return each field of an object that someone can own, with its value."""
    metadata = {key: value for key, value in content.get("metadata", {}).items() if key not in UNOWNED_METADATA}
    rest = {key: value for key, value in content.items() if key not in ("apiVersion", "kind", "metadata")}
    return _leaves(model, {**rest, "metadata": metadata} if metadata else rest, ())


def _leaves(model: str, content: Object, path: Path) -> dict[Path, Any]:
    result: dict[Path, Any] = {}
    known = fields(model)
    for name, value in content.items():
        here = (*path, f"f:{name}")
        kind = known.get(name)
        if isinstance(value, dict) and kind and not is_atomic(model, name, kind):
            child = "" if kind.container else kind.name
            result |= _leaves(child, value, here) or {here: value}
        elif isinstance(value, list) and kind and list_keys(model, name):
            result |= _items(kind.name, list_keys(model, name), value, here)
        elif isinstance(value, list) and (model, name) in SETS:
            result |= {(*here, f"v:{json.dumps(item)}"): item for item in value}
        else:
            result[here] = value
    return result


def _items(model: str, keys: tuple[str, ...], items: list[Object], path: Path) -> dict[Path, Any]:
    result: dict[Path, Any] = {}
    for item in items:
        identity = dict(zip(keys, item_key(keys, item), strict=True))
        here = (*path, "k:" + json.dumps(identity, sort_keys=True, separators=(",", ":")))
        result[here] = ITEM
        result |= _leaves(model, item, here)
    return result


def encode(paths: Iterable[Path]) -> Object:
    """Write paths as FieldsV1."""
    root: Object = {}
    for path in sorted(paths):
        node = root
        for part in path:
            node = node.setdefault(part, {})
        if path[-1].startswith("k:"):
            node["."] = {}
    return root


def decode(content: Object, path: Path = ()) -> set[Path]:
    """Read FieldsV1."""
    result: set[Path] = set()
    for part, below in content.items():
        if part == ".":
            result.add(path)
        elif not below:
            result.add((*path, part))
        else:
            result |= decode(below, (*path, part))
    return result


def readable(path: Path) -> str:
    """Write a path as error messages do: `.spec.containers[name="web"].image`."""
    text = ""
    for part in path:
        kind, _, value = part.partition(":")
        if kind == "f":
            text += f".{value}"
        elif kind == "k":
            text += "[" + ",".join(f"{key}={json.dumps(item)}" for key, item in json.loads(value).items()) + "]"
        else:
            text += f"[={value}]"
    return text
