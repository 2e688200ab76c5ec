"""Which object and which verb a request means, as Kubernetes' own RequestInfo reads a path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hasivu_play.sandbox.kubernetes.failures import ApiError, not_emulated
from hasivu_play.sandbox.kubernetes.resources import BY_PATH, NOT_EMULATED, Resource

VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
READING = {"get", "list", "watch"}
TRUE = ("1", "true", "True")


@dataclass(frozen=True)
class Route:
    """What a request asks for."""

    verb: str
    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""

    @property
    def action(self) -> str:
        """Return verb and resource as the request log names them."""
        return f"{self.verb} {self.resource.name}{f'/{self.subresource}' if self.subresource else ''}"


def read_route(method: str, path: str, query: Mapping[str, str]) -> Route | None:
    """Return the route of a request, or nothing where the path is not about objects."""
    parts = [part for part in path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) > 2:
        group, version, below = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group, version, below = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = ""
    if below[0] == "namespaces" and len(below) > 2 and not _is_namespace_part(group, below[2]):
        namespace, below = below[1], below[2:]
    resource = _resource(group, version, below[0])
    name, subresource = [*below[1:3], "", ""][:2]
    return Route(_verb(method, name, query), resource, namespace, name, subresource, "/".join(below[3:]))


def _is_namespace_part(group: str, part: str) -> bool:
    return group == "" and part in ("status", "finalize")


def _resource(group: str, version: str, name: str) -> Resource:
    if (group, version, name) in NOT_EMULATED:
        raise not_emulated(f"{name} of {group or 'the core group'} {version}")
    if (group, version, name) not in BY_PATH:
        raise ApiError(404, "the server could not find the requested resource")
    return BY_PATH[group, version, name]


def _verb(method: str, name: str, query: Mapping[str, str]) -> str:
    if method not in VERBS:
        raise ApiError(405, "the server does not allow this method on the requested resource")
    verb = VERBS[method]
    if verb == "get" and query.get("watch") in TRUE:
        return "watch"
    if not name and verb in ("get", "delete"):
        return {"get": "list", "delete": "deletecollection"}[verb]
    return verb


def check(route: Route) -> None:
    """Refuse what Kubernetes or this sandbox cannot do with the resource."""
    resource = route.resource
    allowed = {"status": resource.status, "scale": resource.scale}
    if route.subresource and not allowed.get(route.subresource, route.subresource in resource.more):
        raise not_emulated(f"the subresource {route.subresource} of {resource.name}")
    misplaced = bool(route.name) == (route.verb in ("create", "list", "deletecollection"))
    if route.subresource in ("exec", "proxy"):
        return
    if route.verb not in resource.verbs or (misplaced and route.verb != "watch"):
        raise ApiError(405, "the server does not allow this method on the requested resource")
    if resource.namespaced and not route.namespace and route.verb not in ("list", "watch"):
        raise ApiError(405, "the server does not allow this method on the requested resource")
