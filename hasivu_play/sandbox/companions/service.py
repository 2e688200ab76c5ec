"""What every companion does around its endpoints: log, be down on demand, authenticate, word errors as its API does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from hasivu_play.sandbox.http_part import json_response, log_requests, read_faults
from hasivu_play.sandbox.request_log import RequestLog


class ApiError(Exception):
    """Raised by an endpoint to answer with an error in the format of its API."""

    def __init__(self, status: int, content: dict[str, Any]) -> None:
        """Keep the HTTP status and the body."""
        super().__init__(content)
        self.status = status
        self.content = content


@dataclass(frozen=True)
class Service:
    """One companion: its name, its endpoints, how it checks a caller and words an error."""

    name: str
    routes: Iterable[web.RouteDef]
    authenticate: Callable[[web.Request], None]
    word_error: Callable[[int, str], dict[str, Any]]

    def build(self, directory: Path) -> web.Application:
        """Return the companion as an application to mount under its prefix."""
        log = RequestLog(directory / "requests.jsonl", self.name)
        middlewares = [log_requests(log, f"/{self.name}"), answer_errors(self), refuse_when_down(self, directory)]
        application = web.Application(middlewares=middlewares)
        application.router.add_routes(self.routes)
        return application


def answer_errors(service: Service) -> Middleware:
    """Return a middleware that words every error as the API does; what is not emulated is said loudly."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            service.authenticate(request)
            return await handler(request)
        except ApiError as error:
            return json_response(error.content, error.status)
        except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
            message = f"The sandbox does not emulate {request.method} {request.path} of {service.name}."
            return json_response(service.word_error(501, message), 501)

    return middleware


def refuse_when_down(service: Service, directory: Path) -> Middleware:
    """Return a middleware that answers 503 while the fault `<name>_down` is set."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if read_faults(directory).get(f"{service.name}_down"):
            return json_response(service.word_error(503, "Service Unavailable"), 503)
        return await handler(request)

    return middleware
