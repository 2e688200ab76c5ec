"""The HTTP side of the API server."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from hasivu_play.sandbox.http_part import HEALTH_PATH, layout_of
from hasivu_play.sandbox.kubernetes.access import authenticate, keep_kubeconfig
from hasivu_play.sandbox.kubernetes.body import decode
from hasivu_play.sandbox.kubernetes.bootstrap import bootstrap
from hasivu_play.sandbox.kubernetes.controllers.loop import ControlLoop
from hasivu_play.sandbox.kubernetes.discovery import documents, openapi_document, version
from hasivu_play.sandbox.kubernetes.failures import ApiError
from hasivu_play.sandbox.kubernetes.faults import Faults
from hasivu_play.sandbox.kubernetes.journal import Journal
from hasivu_play.sandbox.kubernetes.pod_access import answer_about_pod, execute, running_pod
from hasivu_play.sandbox.kubernetes.reading import Event, start_watch
from hasivu_play.sandbox.kubernetes.registry import Registry
from hasivu_play.sandbox.kubernetes.requests import Call, carry_out
from hasivu_play.sandbox.kubernetes.resources import Object
from hasivu_play.sandbox.kubernetes.route import READING, Route, check, read_route
from hasivu_play.sandbox.kubernetes.store import Store
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.request_log import RequestLog

HEALTH_PAGES = ("/healthz", "/livez", "/readyz")
PUBLIC_PAGES = (*HEALTH_PAGES, "/version")
LARGEST_BODY = 3 * 1024 * 1024


def build(directory: Path, port: int) -> web.Application:
    """Build the application whose state lies in a folder."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    server = Server(directory, port)
    application = web.Application(client_max_size=LARGEST_BODY)
    application.router.add_get(HEALTH_PATH, _healthy)
    application.router.add_route("*", "/{path:.*}", server.handle)
    application.on_shutdown.append(server.end_watches)
    application.cleanup_ctx.append(server.run_controllers)
    return application


async def _healthy(request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


@dataclass
class Entry:
    """What the request log will say of a request."""

    action: str
    changing: bool
    client: str


class Server:
    """Answers requests from a store that controllers keep converging."""

    def __init__(self, directory: Path, port: int) -> None:
        """Load the objects of the cluster and write the kubeconfig."""
        self._directory = directory
        self._layout: Layout = layout_of(directory)
        self._faults = Faults(directory / "faults.json")
        self._store = Store(Journal(directory / "objects.jsonl"))
        self._registry = Registry(self._store)
        self._log = RequestLog(directory / "requests.jsonl", "kubernetes")
        self._documents = documents()
        self._watches: set[asyncio.Task[Any]] = set()
        bootstrap(self._registry, directory)
        self._token = keep_kubeconfig(self._layout, port)

    async def run_controllers(self, application: web.Application) -> AsyncIterator[None]:
        """Run the controllers as long as the application runs."""
        task = asyncio.create_task(ControlLoop(self._store, self._faults).run())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._store.close()

    async def end_watches(self, application: web.Application) -> None:
        """End the open watches, so that the server stops at once."""
        for task in self._watches:
            task.cancel()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request and log it; one that stays open is logged when it begins."""
        entry = _describe(request)
        try:
            route = await self._admit(request)
            if route and (route.verb == "watch" or route.subresource == "exec"):
                return await self._stream(request, route, entry)
            response = await self._respond(request, route, entry)
        except ApiError as error:
            response = _json(error.status(), error.code)
        except Exception:
            # A client must get a Status even where this server is wrong; the log tells where.
            traceback.print_exc(file=sys.stderr)
            response = _json(ApiError(500, "Internal error occurred: see the server.log of this part").status(), 500)
        self._write(entry, response.status)
        return response

    def _write(self, entry: Entry, status: int) -> None:
        self._log.write(entry.action, entry.changing, status, entry.client)

    async def _admit(self, request: web.Request) -> Route | None:
        faults = self._faults.read()
        if seconds := faults.get("latency_seconds"):
            await asyncio.sleep(float(seconds))
        if faults.get("down"):
            raise ApiError(503, "the server is currently unable to handle the request")
        if request.path not in PUBLIC_PAGES:
            authenticate(request.headers.get("Authorization", ""), self._token)
        route = read_route(request.method, request.path, request.query)
        if route:
            check(route)
        return route

    async def _respond(self, request: web.Request, route: Route | None, entry: Entry) -> web.StreamResponse:
        if route is None:
            return self._page(request)
        if route.subresource in ("log", "proxy"):
            return await answer_about_pod(self._registry, self._layout, request, route)
        body = decode(await request.read(), request.content_type)
        call = Call(route, request.query, entry.client, request.content_type, body)
        entry.changing = entry.changing and not call.dry_run
        answer = carry_out(self._registry, self._faults, call)
        response = _json(answer.content, answer.status)
        for warning in answer.warnings:
            response.headers.add("Warning", warning)
        return response

    def _page(self, request: web.Request) -> web.Response:
        path = request.path.rstrip("/")
        if path in HEALTH_PAGES:
            return web.Response(text="ok")
        document = version(self._directory) if path == "/version" else self._documents.get(path)
        document = document or openapi_document(path)
        if document is None:
            raise ApiError(404, "the server could not find the requested resource")
        if request.method not in ("GET", "HEAD"):
            raise ApiError(405, "the server does not allow this method on the requested resource")
        return _json(document)

    async def _stream(self, request: web.Request, route: Route, entry: Entry) -> web.StreamResponse:
        if route.subresource == "exec":
            pod = running_pod(self._registry, route, request.query)
            self._write(entry, 101)
            return await execute(self._layout, request, pod)
        events = start_watch(self._store, route, request.query)
        self._write(entry, 200)
        return await self._watch(request, events)

    async def _watch(self, request: web.Request, events: AsyncGenerator[Event]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        task = asyncio.current_task()
        if task:
            self._watches.add(task)
        try:
            async with aclosing(events):
                async for event in events:
                    await response.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")
            await response.write_eof()
        except ConnectionError:
            pass
        finally:
            self._watches.discard(task)
        return response


def _describe(request: web.Request) -> Entry:
    client = request.headers.get("User-Agent", "")
    try:
        route = read_route(request.method, request.path, request.query)
    except ApiError:
        route = None
    if route is None:
        return Entry(f"{request.method.lower()} {request.path}", request.method not in ("GET", "HEAD"), client)
    reads = route.verb in READING or route.resource.verbs == ("create",) or "dryRun" in request.query
    return Entry(route.action, not reads or route.subresource == "exec", client)


def _json(content: Object, status: int = 200) -> web.Response:
    return web.json_response(content, status=status, dumps=_dumps)


def _dumps(content: Object) -> str:
    return json.dumps(content, separators=(",", ":"))
