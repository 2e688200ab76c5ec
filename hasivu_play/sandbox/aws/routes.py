"""Names the operation of a REST request, from the service models that ship with botocore."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from botocore.loaders import Loader

from hasivu_play.sandbox.aws.protocol import Request


@dataclass(frozen=True)
class Route:
    """How one operation looks on the wire."""

    operation: str
    method: str
    path: re.Pattern[str]
    literal: int
    query: tuple[tuple[str, str], ...]
    headers: tuple[str, ...]

    def accepts(self, request: Request) -> bool:
        """Say whether the request has the method, path, query fields and headers of this operation."""
        return (
            request.method == self.method
            and self.path.fullmatch(request.path) is not None
            and all(field in request.query and value in ("", request.query[field][0]) for field, value in self.query)
            and all(header in request.headers for header in self.headers)
        )

    @property
    def weight(self) -> tuple[int, int]:
        """Return how particular the route is; of several that accept, the most particular one is meant."""
        return len(self.query) + len(self.headers), self.literal


def operation(model: str, request: Request) -> str:
    """Return the name of the operation that a REST request asks for, or an empty text."""
    accepting = [route for route in routes(model) if route.accepts(request)]
    return max(accepting, key=lambda route: route.weight).operation if accepting else ""


@cache
def routes(model: str) -> tuple[Route, ...]:
    """Return the routes of a service."""
    loaded = Loader().load_service_model(model, "service-2")
    return tuple(
        route(name, definition, loaded["shapes"])
        for name, definition in loaded["operations"].items()
        if not definition.get("deprecated")  # such as GetBucketLifecycle, which looks like its successor on the wire
    )


def route(name: str, definition: dict[str, Any], shapes: dict[str, Any]) -> Route:
    """Return the route of one operation, with the fields without which it would be another one."""
    path, _, query = definition["http"]["requestUri"].partition("?")
    shape = shapes.get(definition.get("input", {}).get("shape", ""), {})
    members = [shape["members"][member] for member in shape.get("required", [])]
    fields = [(field, value) for field, _, value in (part.partition("=") for part in query.split("&")) if field]
    fields += [(member["locationName"], "") for member in members if member.get("location") == "querystring"]
    headers = [member["locationName"].lower() for member in members if member.get("location") == "header"]
    segments = path.rstrip("/").split("/")
    return Route(
        operation=name,
        method=definition["http"]["method"],
        path=re.compile("/".join(segment_pattern(segment) for segment in segments) + "/?"),
        literal=sum(1 for segment in segments if segment and not segment.startswith("{")),
        query=tuple((field, value) for field, value in fields if field != "x-id"),
        headers=tuple(headers),
    )


def segment_pattern(segment: str) -> str:
    """Return the pattern of one path segment; a label with a plus may hold further slashes."""
    if segment.startswith("{"):
        return ".+" if segment.endswith("+}") else "[^/]+"
    return re.escape(segment)
