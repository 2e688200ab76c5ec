"""Server-side apply: merge what a manager wants, surface what others own, drop what it no longer wants."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

from hasivu_play.sandbox.kubernetes.failures import ApiError, details
from hasivu_play.sandbox.kubernetes.field_sets import Path, owned_fields, readable
from hasivu_play.sandbox.kubernetes.lists import SETS, is_atomic, item_key, list_keys
from hasivu_play.sandbox.kubernetes.ownership import Claim, Manager, now, read_claims, write_claims
from hasivu_play.sandbox.kubernetes.resources import Object, Resource
from hasivu_play.sandbox.kubernetes.schema import fields


def server_side_apply(resource: Resource, live: Object, wanted: Object, manager: Manager, *, force: bool) -> Object:
    """Return the live object with the fields that a manager wants."""
    claims = read_claims(live)
    applied = owned_fields(resource.model, wanted)
    current = owned_fields(resource.model, live)
    changed = {path for path, value in applied.items() if path in current and current[path] != value}
    others = [claim for claim in claims if claim.manager != manager]
    if not force:
        _refuse_conflicts(resource, live, others, changed)
    merged = _merge(resource.model, live, wanted)
    kept_by_others = {path for claim in others for path in claim.paths}
    mine = next((claim.paths for claim in claims if claim.manager == manager), frozenset[Path]())
    _remove(merged, {path for path in mine - applied.keys() if not _is_kept(path, kept_by_others)})
    others = [replace(claim, paths=claim.paths - changed) for claim in others]
    return write_claims(merged, [*others, Claim(manager, resource.api_version, now(), frozenset(applied))])


def _refuse_conflicts(resource: Resource, live: Object, others: list[Claim], changed: set[Path]) -> None:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f'conflict with "{claim.manager.name}"{_through(claim)} using {claim.api_version}',
            "field": readable(path),
        }
        for claim in others
        for path in sorted(claim.paths & changed)
    ]
    if not causes:
        return
    counted = "1 conflict" if len(causes) == 1 else f"{len(causes)} conflicts"
    text = "\n".join(f"{cause['message']}: {cause['field']}" for cause in causes)
    about = details(resource, live["metadata"]["name"], causes=causes)
    raise ApiError(409, f"Apply failed with {counted}: {text}", details=about)


def _through(claim: Claim) -> str:
    return f' with subresource "{claim.manager.subresource}"' if claim.manager.subresource else ""


def _merge(model: str, live: Object, wanted: Object) -> Object:
    result = dict(live)
    for name, value in wanted.items():
        kind = fields(model).get(name)
        if isinstance(value, dict) and kind and not is_atomic(model, name, kind):
            result[name] = _merge("" if kind.container else kind.name, live.get(name) or {}, value)
        elif isinstance(value, list) and kind and list_keys(model, name):
            result[name] = _merge_items(kind.name, list_keys(model, name), live.get(name) or [], value)
        elif isinstance(value, list) and (model, name) in SETS:
            result[name] = list(dict.fromkeys([*(live.get(name) or []), *value]))
        else:
            result[name] = value
    return deepcopy(result)


def _merge_items(model: str, keys: tuple[str, ...], live: list[Object], wanted: list[Object]) -> list[Object]:
    items = {item_key(keys, item): item for item in live}
    for item in wanted:
        identity = item_key(keys, item)
        items[identity] = _merge(model, items.get(identity, {}), item)
    return list(items.values())


def _is_kept(path: Path, kept: set[Path]) -> bool:
    return any(other[: len(path)] == path for other in kept)


def _remove(content: Object, paths: set[Path]) -> None:
    for path in sorted(paths, key=len):
        _remove_path(content, path)


def _remove_path(content: Any, path: Path) -> None:
    node = content
    for part in path[:-1]:
        node = _step(node, part)
        if node is None:
            return
    found = _step(node, path[-1])
    if found is not None and isinstance(node, dict):
        node.pop(path[-1].removeprefix("f:"))
    elif found is not None:
        node.remove(found)


def _step(node: Any, part: str) -> Any:
    kind, _, value = part.partition(":")
    if kind == "f":
        return node.get(value) if isinstance(node, dict) else None
    identity = json.loads(value)
    if kind == "v":
        return identity if identity in node else None
    return next((item for item in node if item_key(tuple(identity), item) == tuple(identity.values())), None)
