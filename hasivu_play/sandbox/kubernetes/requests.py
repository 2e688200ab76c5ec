"""Carrying out a request about objects: from its route, query and body to what is answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hasivu_play.sandbox.kubernetes import failures
from hasivu_play.sandbox.kubernetes.access import review
from hasivu_play.sandbox.kubernetes.deletion import delete, read_options
from hasivu_play.sandbox.kubernetes.failures import ApiError
from hasivu_play.sandbox.kubernetes.faults import Faults
from hasivu_play.sandbox.kubernetes.reading import list_objects
from hasivu_play.sandbox.kubernetes.registry import APPLY, Options, Registry, Result, Target
from hasivu_play.sandbox.kubernetes.resources import Object
from hasivu_play.sandbox.kubernetes.route import Route
from hasivu_play.sandbox.kubernetes.scale import to_scale
from hasivu_play.sandbox.kubernetes.selectors import query_test

VALIDATIONS = ("Ignore", "Warn", "Strict")


@dataclass(frozen=True)
class Call:
    """A request about objects, read."""

    route: Route
    query: Mapping[str, str]
    client: str = ""
    content_type: str = "application/json"
    body: Any = field(default_factory=dict)

    @property
    def dry_run(self) -> bool:
        """Tell whether the request only rehearses."""
        in_body = isinstance(self.body, dict) and self.route.verb.startswith("delete") and self.body.get("dryRun")
        return bool(self.query.get("dryRun") or in_body)


@dataclass(frozen=True)
class Answer:
    """What a request is answered with."""

    content: Object
    status: int = 200
    warnings: list[str] = field(default_factory=list)


def carry_out(registry: Registry, faults: Faults, call: Call) -> Answer:
    """Carry out any verb but watch."""
    route = call.route
    if route.resource.verbs == ("create",):
        return Answer(review(call.body), 201)
    _check_dry_run(call)
    if route.verb in ("update", "patch") and faults.conflicts_on(route.resource.name):
        raise failures.modified(route.resource, route.name)
    carry = {
        "get": _get,
        "list": _list,
        "create": _create,
        "update": _update,
        "patch": _patch,
        "delete": _delete,
        "deletecollection": _delete_collection,
    }[route.verb]
    return carry(registry, call)


def _target(route: Route) -> Target:
    return Target(route.resource, route.namespace, route.name, route.subresource)


def _check_dry_run(call: Call) -> None:
    asked = call.query.get("dryRun")
    if asked not in (None, "", "All"):
        raise ApiError(422, f'dryRun: Unsupported value: "{asked}": supported values: "All"')


def _options(call: Call) -> Options:
    query = call.query
    validation = query.get("fieldValidation") or "Warn"
    if validation not in VALIDATIONS:
        raise ApiError(422, f'fieldValidation: Unsupported value: "{validation}"')
    force = query.get("force") in ("true", "1", "True")
    if force and call.content_type != APPLY:
        raise ApiError(422, "force: Forbidden: may not be specified for non-apply patch")
    manager = query.get("fieldManager") or ("" if call.content_type == APPLY else _program(call.client))
    return Options(manager, call.dry_run, validation, force)


def _program(client: str) -> str:
    return re.split(r"[/ ]", client, maxsplit=1)[0] or "unknown"


def _get(registry: Registry, call: Call) -> Answer:
    return Answer(registry.read(_target(call.route)))


def _list(registry: Registry, call: Call) -> Answer:
    return Answer(list_objects(registry.store, call.route, call.query))


def _create(registry: Registry, call: Call) -> Answer:
    return _written(call, registry.create(call.route.resource, call.route.namespace, call.body, _options(call)))


def _update(registry: Registry, call: Call) -> Answer:
    return _written(call, registry.update(_target(call.route), call.body, _options(call)))


def _patch(registry: Registry, call: Call) -> Answer:
    return _written(call, registry.patch(_target(call.route), call.content_type, call.body, _options(call)))


def _written(call: Call, result: Result) -> Answer:
    content = to_scale(result.content) if call.route.subresource == "scale" else result.content
    warnings = [f'299 - "{text.replace(chr(34), chr(92) + chr(34))}"' for text in result.warnings]
    return Answer(content, 201 if result.created else 200, warnings)


def _delete(registry: Registry, call: Call) -> Answer:
    content = registry.read(_target(call.route))
    return Answer(delete(registry.store, call.route.resource, content, read_options(dict(call.query), call.body)))


def _delete_collection(registry: Registry, call: Call) -> Answer:
    listed = list_objects(registry.store, call.route, call.query)
    fits, options = query_test(call.route.resource.name, call.query), read_options(dict(call.query), call.body)
    for content in registry.store.all(call.route.resource, call.route.namespace):
        if fits(content):
            delete(registry.store, call.route.resource, content, options)
    return Answer(listed)
