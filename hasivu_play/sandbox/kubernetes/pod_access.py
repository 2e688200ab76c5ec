"""Into pods: logs, the proxy to their ports, and commands run in them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from hasivu_play.sandbox.kubernetes.failures import ApiError, not_emulated
from hasivu_play.sandbox.kubernetes.registry import Registry, Target
from hasivu_play.sandbox.kubernetes.resources import Object
from hasivu_play.sandbox.kubernetes.route import Route
from hasivu_play.sandbox.layout import Layout

PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
STDOUT, STDERR, STATUS = 1, 2, 3
TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    output: bytes = b""
    error: bytes = b""


async def answer_about_pod(registry: Registry, layout: Layout, request: web.Request, route: Route) -> web.Response:
    """Answer a request for a pod's log, or pass one on to the port of a pod or service."""
    if route.subresource == "log":
        return web.Response(text=_log(running_pod(registry, route, request.query), request.query))
    name = route.name.split(":")
    target = Target(route.resource, route.namespace, name[1] if len(name) == 3 else name[0])
    registry.read(target)
    body = await request.read()
    path = f"/{route.rest}" + (f"?{request.query_string}" if request.query_string else "")
    status, content, kind = await _call(layout, request.method, path, body)
    return web.Response(status=status, body=content, content_type=kind)


async def _call(layout: Layout, method: str, path: str, body: bytes = b"") -> tuple[int, bytes, str]:
    url = layout.endpoints().get("application", {}).get("url")
    if not url:
        raise ApiError(503, "no endpoints available: the application of the sandbox does not run")
    try:
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as session,
            session.request(method, url + path, data=body or None) as response,
        ):
            return response.status, await response.read(), response.content_type
    except (aiohttp.ClientError, TimeoutError) as error:
        raise ApiError(503, f"error trying to reach service: {error}") from error


def running_pod(registry: Registry, route: Route, query: Mapping[str, str]) -> Object:
    """Return a pod that has a running container of the asked name."""
    pod = registry.read(Target(route.resource, route.namespace, route.name))
    name = query.get("container") or pod["spec"]["containers"][0]["name"]
    states = {one["name"]: one["state"] for one in pod["status"].get("containerStatuses", [])}
    if name not in [container["name"] for container in pod["spec"]["containers"]]:
        raise ApiError(400, f"container {name} is not valid for pod {route.name}")
    if "waiting" in states.get(name, {"waiting": {}}):
        reason = states.get(name, {}).get("waiting", {}).get("reason", "ContainerCreating")
        message = f'container "{name}" in pod "{route.name}" is waiting to start: {reason}'
        raise ApiError(400, message)
    return pod


def _log(pod: Object, query: Mapping[str, str]) -> str:
    status = pod["status"]["containerStatuses"][0]
    state = status["state"]
    moment = (state.get("running") or state["terminated"])["startedAt"]
    entry = {"level": "info", "time": moment, "pod": pod["metadata"]["name"], "image": status["imageID"]}
    lines = [json.dumps({**entry, "msg": text}) for text in ("starting", "listening on port 3000")]
    if query.get("timestamps") in ("1", "true"):
        lines = [f"{moment} {line}" for line in lines]
    if tail := query.get("tailLines"):
        lines = lines[len(lines) - min(int(tail), len(lines)) :]
    return "".join(f"{line}\n" for line in lines)


async def execute(layout: Layout, request: web.Request, pod: Object) -> web.WebSocketResponse:
    """Run a command in a pod and send what it writes, then how it ended, over a WebSocket."""
    if request.headers.get("Upgrade", "").lower() != "websocket":
        raise not_emulated("exec over SPDY; use a client that speaks WebSocket")
    socket = web.WebSocketResponse(protocols=PROTOCOLS)
    await socket.prepare(request)
    ended = await _run(layout, request.query.getall("command", []), pod)
    for channel, content in ((STDOUT, ended.output), (STDERR, ended.error)):
        if content:
            await socket.send_bytes(bytes([channel]) + content)
    await socket.send_bytes(bytes([STATUS]) + json.dumps(_exit_status(ended)).encode())
    await socket.close()
    return socket


def _exit_status(ended: Ended) -> Object:
    if ended.code == 0:
        return {"metadata": {}, "status": "Success"}
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: error executing command, exit code {ended.code}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(ended.code)}]},
    }


async def _run(layout: Layout, command: list[str], pod: Object) -> Ended:
    if command[:2] in (["sh", "-c"], ["/bin/sh", "-c"], ["bash", "-c"]):
        command = shlex.split(command[2])
    program, arguments = (command or [""])[0], command[1:]
    if program == "curl":
        return await _curl(layout, arguments)
    simple = {
        "true": Ended(0),
        "false": Ended(1),
        "echo": Ended(0, f"{' '.join(arguments)}\n".encode()),
        "hostname": Ended(0, f"{pod['metadata']['name']}\n".encode()),
        "date": Ended(0, f"{datetime.now(UTC):%a %b %d %H:%M:%S UTC %Y}\n".encode()),
    }
    missing = f"{program}: not emulated in the pods of the sandbox (curl, echo, hostname, date, true, false are)\n"
    return simple.get(program, Ended(127, b"", missing.encode()))


async def _curl(layout: Layout, arguments: list[str]) -> Ended:
    urls = [argument for argument in arguments if not argument.startswith("-")]
    address = urlsplit(urls[-1] if urls and "://" in urls[-1] else f"http://{urls[-1] if urls else ''}")
    if address.hostname not in ("localhost", "127.0.0.1"):
        return Ended(6, b"", f"curl: (6) Could not resolve host: {address.hostname}\n".encode())
    try:
        status, content, _ = await _call(layout, "GET", address.path or "/")
    except ApiError as error:
        return Ended(7, b"", f"curl: (7) Failed to connect to localhost: {error.message}\n".encode())
    fails = status >= 400 and any(one == "--fail" or (one[:1] == "-" and "f" in one[1:]) for one in arguments)
    return (
        Ended(22, b"", f"curl: (22) The requested URL returned error: {status}\n".encode())
        if fails
        else Ended(0, content)
    )
