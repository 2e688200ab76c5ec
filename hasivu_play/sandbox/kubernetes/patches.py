"""JSON patch (RFC 6902), JSON merge patch (RFC 7386) and Kubernetes' own strategic merge patch."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import jsonpatch

from hasivu_play.sandbox.kubernetes.failures import ApiError
from hasivu_play.sandbox.kubernetes.lists import SETS, list_keys
from hasivu_play.sandbox.kubernetes.resources import Object
from hasivu_play.sandbox.kubernetes.schema import fields

DELETE_FROM_SET = "$deleteFromPrimitiveList/"
ORDER = "$setElementOrder/"


def json_patch(live: Object, operations: Any) -> Object:
    """Apply a list of operations, all or none."""
    try:
        result: Object = jsonpatch.apply_patch(deepcopy(live), operations)
    except (jsonpatch.JsonPatchConflict, jsonpatch.JsonPatchTestFailed, jsonpatch.JsonPointerException) as error:
        message = f"the server rejected our request due to an error in our request: {error}"
        raise ApiError(422, message) from error
    except (jsonpatch.InvalidJsonPatch, TypeError, AttributeError, KeyError) as error:
        raise ApiError(400, f"error decoding patch: {error}") from error
    return result


def merge_patch(live: Any, patch: Any) -> Any:
    """Merge mappings, delete what is null, replace everything else."""
    if not isinstance(patch, dict):
        return patch
    result = dict(live) if isinstance(live, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result


def strategic_merge(model: str, live: Object, patch: Object) -> Object:
    """Merge mappings, and merge keyed lists item by item instead of replacing them."""
    directive = patch.get("$patch")
    if directive == "delete":
        return {}
    result = {} if directive == "replace" else dict(live)
    if "$retainKeys" in patch:
        result = {key: value for key, value in result.items() if key in patch["$retainKeys"]}
    for key, value in patch.items():
        if key.startswith(DELETE_FROM_SET):
            name = key.removeprefix(DELETE_FROM_SET)
            result[name] = [item for item in result.get(name, []) if item not in value]
        elif not key.startswith("$"):
            _merge_field(model, result, key, value)
    for key in patch:
        if key.startswith(ORDER):
            _reorder(model, result, key.removeprefix(ORDER), patch[key])
    return result


def _merge_field(model: str, result: Object, key: str, value: Any) -> None:
    kind = fields(model).get(key)
    if value is None:
        result.pop(key, None)
    elif isinstance(value, dict) and (kind is None or kind.container != "list"):
        child = kind.name if kind and not kind.container else ""
        result[key] = strategic_merge(child, result.get(key) or {}, value)
    elif isinstance(value, list) and list_keys(model, key):
        result[key] = _merge_list(kind.name if kind else "", list_keys(model, key)[0], result.get(key) or [], value)
    elif isinstance(value, list) and (model, key) in SETS:
        result[key] = list(dict.fromkeys([*result.get(key, []), *value]))
    else:
        result[key] = value


def _merge_list(model: str, key: str, live: list[Object], patch: list[Object]) -> list[Object]:
    if any(item.get("$patch") == "replace" and key not in item for item in patch):
        return [item for item in patch if "$patch" not in item]
    items = {item.get(key): item for item in live}
    for item in patch:
        if key not in item:
            raise ApiError(422, f"map: {item} does not contain declared merge key: {key}")
        if item.get("$patch") == "delete":
            items.pop(item[key], None)
        else:
            items[item[key]] = strategic_merge(model, items.get(item[key], {}), item)
    return list(items.values())


def _reorder(model: str, result: Object, field: str, order: list[Any]) -> None:
    """Put the listed items in the listed order; items that the patch does not know keep their places."""
    keys = list_keys(model, field)
    items = result.get(field)
    if not items:
        return
    wanted = [entry.get(keys[0]) if isinstance(entry, dict) and keys else entry for entry in order]

    def identity(item: Any) -> Any:
        return item.get(keys[0]) if isinstance(item, dict) and keys else item

    listed = sorted((item for item in items if identity(item) in wanted), key=lambda item: wanted.index(identity(item)))
    queue = iter(listed)
    result[field] = [next(queue) if identity(item) in wanted else item for item in items]
