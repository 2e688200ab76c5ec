"""The front door of the emulator: names, checks, forwards, keeps and logs each request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any
from urllib.parse import parse_qs

from ministack.core.responses import request_scope

from hasivu_play.sandbox.aws import operation, protocol, signature, state
from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.aws.mends import iam, trail
from hasivu_play.sandbox.aws.operation import Operation
from hasivu_play.sandbox.aws.protocol import Request, Response
from hasivu_play.sandbox.request_log import RequestLog

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
Start = Callable[[], Awaitable[None]]

HEALTH = "/_health"
REFUSALS = {
    "AccessDenied": "User is not authorized to perform this operation.",
    "AccessDeniedException": "User is not authorized to perform this operation.",
    "InsufficientDBInstanceCapacity": "The specified DB instance class is not available in the Availability Zone.",
    "Throttling": "Rate exceeded",
    "ThrottlingException": "Rate exceeded",
}
# The error with which a service turns a request away that comes too fast, where it is not ThrottlingException.
THROTTLING = {"lambda": ("TooManyRequestsException", 429), "rds": ("Throttling", 400)}


class Gateway:
    """Stands before ministack, which knows more operations than it answers truthfully."""

    def __init__(self, emulator: Application, log: RequestLog, faults: Faults, start: Start) -> None:
        """Put the gateway before an emulator; `start` runs after the emulator's own start, before the first request."""
        self._emulator = emulator
        self._log = log
        self._faults = faults
        self._start = start
        self._writing = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] == "lifespan":
            await self._emulator(scope, receive, self._after_start(send))
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    def _after_start(self, send: Send) -> Send:
        async def forward(message: Message) -> None:
            await send(await self._started() if message["type"] == "lifespan.startup.complete" else message)

        return forward

    async def _started(self) -> Message:
        """Report a failed start as such; hypercorn would serve on after an exception."""
        try:
            await self._start()
        except Exception:
            logging.getLogger(__name__).exception("The emulator cannot start")
            return {"type": "lifespan.startup.failed", "message": "the seed failed"}
        return {"type": "lifespan.startup.complete"}

    async def _serve(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["path"] == HEALTH:
            await respond(send, Response(200, {"Content-Type": "text/plain"}, b"ok\n"))
            return
        request = await read(scope, receive)
        asked = operation.identify(request)
        response = refusal(request, asked) or self._throttled(request, asked) or self._outage(request, asked)
        response = response or await self._answer(scope, request, asked)
        self._log.write(asked.action, asked.changing, response.status, request.headers.get("user-agent", ""))
        await respond(send, without_body(response) if request.method == "HEAD" else response)

    def _throttled(self, request: Request, asked: Operation) -> Response | None:
        if not self._faults.falls_to("throttled", asked.action):
            return None
        code, status = THROTTLING.get(asked.service, ("ThrottlingException", 400))
        return protocol.error(request, asked.service, status, code, "Rate exceeded")

    def _outage(self, request: Request, asked: Operation) -> Response | None:
        code = self._faults.refused(asked.action)
        if code:
            message = REFUSALS.get(code, "The request was refused.")
            return protocol.error(
                request, asked.service, 403 if code.startswith("AccessDenied") else 400, code, message
            )
        if not self._faults.is_down(asked.service):
            return None
        return protocol.error(request, asked.service, 503, "ServiceUnavailable", "The service is unavailable.")

    def _turn(self, asked: Operation) -> AbstractAsyncContextManager[None]:
        """Let writers to S3 in one after another, so that a condition and its write are one step."""
        return self._writing if asked.service == "s3" and asked.changing else nullcontext()

    async def _answer(self, scope: Message, request: Request, asked: Operation) -> Response:
        async with self._turn(asked):
            response = await forward(self._emulator, scope, request)
        note(request, asked, response)
        if asked.changing and response.status < 400:
            state.keep(asked.service)
        if self._faults.falls_to("lost_answers", asked.action):
            message = "An error occurred on the server side."
            return protocol.error(request, asked.service, 500, "InternalServiceError", message)
        return response


async def read(scope: Message, receive: Receive) -> Request:
    """Read a request to its end."""
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return Request(
        method=scope["method"],
        path=(scope.get("raw_path") or scope["path"].encode()).decode("latin-1"),
        query=parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=body,
    )


def refusal(request: Request, asked: Operation) -> Response | None:
    """Return the error for a request that must not reach the emulator."""
    if request.credential is None:
        message = "Request is missing Authentication Token. Sign it with the sandbox's credentials."
        return protocol.error(request, asked.service, 403, "MissingAuthenticationToken", message)
    with request_scope(ACCOUNT, REGION):
        unsigned = signature.refusal(request, asked.service)
    if unsigned:
        return protocol.error(request, asked.service, 403, *unsigned)
    if not asked.supported:
        message = (
            f"The sandbox's AWS emulator does not implement {asked.action}. docs/aws-emulator.md lists what it does."
        )
        return protocol.error(request, asked.service, 501, "NotImplemented", message)
    return None


def note(request: Request, asked: Operation, response: Response) -> None:
    """Let CloudTrail and the access key know of a call."""
    with request_scope(ACCOUNT, REGION):
        iam.note_use(request, asked.service)
        trail.note(asked, request, response)


async def forward(emulator: Application, scope: Message, request: Request) -> Response:
    """Hand a request that was read already to the emulator and wait for its whole response."""
    answer: list[Message] = []
    given = asyncio.Event()

    async def receive() -> Message:
        if given.is_set():
            return {"type": "http.disconnect"}
        given.set()
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Message) -> None:
        answer.append(message)

    await emulator(scope, receive, send)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in answer[0].get("headers", [])}
    return Response(answer[0]["status"], headers, b"".join(message.get("body", b"") for message in answer[1:]))


def without_body(response: Response) -> Response:
    """Return the answer to a HEAD request, which has headers only."""
    return Response(response.status, response.headers, b"")


async def respond(send: Send, response: Response) -> None:
    """Send a response."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
