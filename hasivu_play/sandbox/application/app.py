"""The application put together: workers, endpoints, counters, log and built-in traffic."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from hasivu_play.sandbox.application.cluster import Cluster
from hasivu_play.sandbox.application.errors import RequestError
from hasivu_play.sandbox.application.fleet import Fleet
from hasivu_play.sandbox.application.handlers import Handlers
from hasivu_play.sandbox.application.metrics import Metrics
from hasivu_play.sandbox.application.shop import Shop
from hasivu_play.sandbox.application.till import Till
from hasivu_play.sandbox.application.traffic import Traffic
from hasivu_play.sandbox.http_part import (
    HEALTH_PATH,
    action_of,
    ensure_credential,
    json_response,
    layout_of,
    log_requests,
)
from hasivu_play.sandbox.request_log import RequestLog


def build(directory: Path) -> web.Application:
    """Return the application that keeps its state in a folder."""
    layout = layout_of(directory)
    shop = Shop(Fleet(Cluster(layout.credential("kubeconfig"))), Metrics(), Till(directory))
    generator = Traffic(shop, directory)
    token = ensure_credential(layout, "application_admin_token")
    log = RequestLog(directory / "requests.jsonl", "application")
    application = web.Application(middlewares=[log_requests(log), count_requests(shop.metrics), answer_errors])
    application.router.add_get(HEALTH_PATH, report_started(shop.fleet))
    application.router.add_routes(Handlers(shop, generator, token, directory).routes())
    application.cleanup_ctx.append(run_beside(shop, generator))
    return application


def report_started(fleet: Fleet) -> Handler:
    """Return the health probe of the process: 200 once it has looked for its pods."""

    async def handler(request: web.Request) -> web.Response:
        return json_response({"status": "ok"}, 200 if fleet.looked.is_set() else 503)

    return handler


def run_beside(shop: Shop, generator: Traffic) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return what follows the pods, makes the traffic and tells of payments while the application serves."""

    async def run(application: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(work) for work in (shop.fleet.follow(), generator.run(), shop.till.run())]
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await shop.fleet.close()

    return run


def count_requests(metrics: Metrics) -> Middleware:
    """Return a middleware that counts answers by route and status; paths that do not exist count as one."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        known = request.match_info.route.resource is not None
        metrics.requests[action_of(request) if known else "unknown", response.status] += 1
        return response

    return middleware


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors in JSON."""
    try:
        return await handler(request)
    except RequestError as error:
        return json_response({"error": str(error)}, error.status)
    except web.HTTPException as error:
        return json_response({"error": error.reason}, error.status)
