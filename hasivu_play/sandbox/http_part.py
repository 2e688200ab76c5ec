"""What the HTTP parts on aiohttp share: start and stop, the request log, the faults file, small answers."""

from __future__ import annotations

import json
import logging
import secrets
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from hasivu_play.sandbox.layout import Layout, write_private
from hasivu_play.sandbox.request_log import RequestLog

HEALTH_PATH = "/_health"
READING = {"GET", "HEAD"}
SHUTDOWN_SECONDS = 0.5


def serve(build: Callable[[Path], web.Application], tls: Callable[[Path], ssl.SSLContext] | None = None) -> None:
    """Serve the application of `DIRECTORY PORT` on loopback until SIGTERM, over TLS where a context is given."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    directory, port = Path(sys.argv[1]), int(sys.argv[2])
    web.run_app(
        build(directory),
        host="127.0.0.1",
        port=port,
        access_log=None,
        print=None,
        ssl_context=tls(directory) if tls else None,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )


def layout_of(directory: Path) -> Layout:
    """Return the layout of the sandbox that a part's folder belongs to."""
    return Layout(directory.parent)


def ensure_credential(layout: Layout, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
    """Return a credential, made first where it is absent."""
    path = layout.credential(name)
    if not path.exists():
        write_private(path, make())
    return layout.read_credential(name)


def read_faults(directory: Path) -> dict[str, Any]:
    """Return the faults of a part; without the file, or while an editor is half-way through it, there are none."""
    try:
        faults = json.loads((directory / "faults.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return faults if isinstance(faults, dict) else {}


def log_requests(log: RequestLog, prefix: str = "") -> Middleware:
    """Return a middleware that logs each request as `METHOD /route`, but for health probes."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        status = 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as stop:
            status = stop.status
            raise
        finally:
            if request.path != HEALTH_PATH:
                client = request.headers.get("User-Agent", "")
                log.write(action_of(request, prefix), request.method not in READING, status, client)
        return response

    return middleware


def action_of(request: web.Request, prefix: str = "") -> str:
    """Name a request by its route below the prefix, so that ids do not make every line different."""
    resource = request.match_info.route.resource
    path = resource.canonical if resource else request.path
    return f"{request.method} {path.removeprefix(prefix) or '/'}"


def json_response(content: object, status: int = 200) -> web.Response:
    """Answer in compact JSON."""
    return web.json_response(content, status=status, dumps=lambda value: json.dumps(value, separators=(",", ":")))


async def json_object(request: web.Request) -> dict[str, Any] | None:
    """Return the body of a request where it is a JSON object."""
    try:
        content = json.loads(await request.read())
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
