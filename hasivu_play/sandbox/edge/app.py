"""The HTTP side of the front door: hands every request to the application, and answers for the zone beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from aiohttp.typedefs import Handler

from hasivu_play.sandbox.edge.maintenance import Maintenance
from hasivu_play.sandbox.edge.zone import Zone
from hasivu_play.sandbox.http_part import HEALTH_PATH, json_response, layout_of, log_requests
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.request_log import RequestLog

HOST = "127.0.0.1"
PATIENCE = ClientTimeout(total=30)
# Headers of one connection, which a proxy does not pass on.
OWN = {"connection", "content-length", "host", "keep-alive", "te", "transfer-encoding", "upgrade"}


def build(directory: Path, port: int) -> web.Application:
    """Return the front door that keeps its state in a folder; its zone is asked on the same port."""
    application = web.Application(middlewares=[log_requests(RequestLog(directory / "requests.jsonl", "edge"))])
    application.router.add_get(HEALTH_PATH, healthy)
    application.router.add_route("*", "/{path:.*}", forward_to(layout_of(directory)))
    application.cleanup_ctx.append(answer_names(directory, port))
    return application


async def healthy(request: web.Request) -> web.Response:
    """Answer as soon as the process listens."""
    return json_response({"status": "ok"})


def forward_to(layout: Layout) -> Handler:
    """Return a handler that passes a request to the application and its answer back, unless the platform is closed."""
    maintenance = Maintenance(layout)

    async def handler(request: web.Request) -> web.StreamResponse:
        closed = await maintenance.answer(request)
        if closed:
            return closed
        application = layout.endpoints().get("application", {}).get("url", "")
        headers = {name: value for name, value in request.headers.items() if name.lower() not in OWN}
        headers |= {"X-Forwarded-Proto": "https", "X-Forwarded-Host": request.host}
        try:
            return await ask(request, application + request.path_qs, headers)
        except (ClientError, TimeoutError, OSError):
            return json_response({"error": "The application does not answer."}, 502)

    return handler


async def ask(request: web.Request, url: str, headers: dict[str, str]) -> web.Response:
    """Ask the application and return its answer whole."""
    body = await request.read()
    async with (
        ClientSession(timeout=PATIENCE, auto_decompress=False) as session,
        session.request(request.method, url, headers=headers, data=body, allow_redirects=False) as answer,
    ):
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in OWN}
        return web.Response(status=answer.status, headers=kept, body=await answer.read())


def answer_names(directory: Path, port: int) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return what answers questions for the zone, on the same port over UDP, while the front door serves."""

    async def run(application: web.Application) -> AsyncIterator[None]:
        loop: Any = asyncio.get_running_loop()
        zone = Zone(directory, RequestLog(directory / "requests.jsonl", "dns"))
        transport, _ = await loop.create_datagram_endpoint(lambda: zone, local_addr=(HOST, port))
        yield
        transport.close()

    return run
