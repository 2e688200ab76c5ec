"""The door of one proxy: it reads who wants in, and passes everything else on to the server of the target.

It holds no sessions in stock, as RDS Proxy does: each client has a session of its own at the server, which checks the
password.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
import time

from hasivu_play.sandbox.aws.rds.proxy_health import Healths
from hasivu_play.sandbox.aws.rds.proxy_logins import logins
from hasivu_play.sandbox.aws.rds.store import Instance, Proxy, Store

VERSION, CANCEL, TLS, GSS = 196608, 80877102, 80877103, 80877104
MOST_BYTES = 10_000
HELLO_SECONDS = 30.0
LOOK_SECONDS = 0.05
CHUNK = 65536
NO_CREDENTIALS = "This RDS proxy has no credentials for the role {}. Check the credentials for this role and try again."
TIMED_OUT = "Timed-out waiting to acquire database connection"
TLS_NEEDED = "This RDS Proxy requires TLS connections."
Ends = tuple[asyncio.StreamWriter, asyncio.StreamWriter]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Greeting = tuple[int, bytes, asyncio.StreamReader, asyncio.StreamWriter]


class Door:
    """What listens for the clients of one proxy."""

    def __init__(self, proxy: Proxy, healths: Healths, store: Store, context: ssl.SSLContext) -> None:
        """Lead to whichever target of the proxy is available."""
        self._proxy = proxy
        self._healths = healths
        self._store = store
        self._context = context
        self._server: asyncio.Server | None = None
        self._sessions: dict[Ends, str] = {}  # by the identity of the instance
        self._clients: set[asyncio.Task[None] | None] = set()  # with TLS nothing else holds a task that waits

    async def open(self, address: str, port: int) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, address, port)

    async def close(self) -> None:
        """Listen no more, and cut everybody off."""
        if self._server:
            self._server.close()
        for ends in list(self._sessions):
            hang_up(*ends)

    async def cut_off(self) -> None:
        """Cut off whoever is connected to an instance that is no target any more."""
        for ends, resource in list(self._sessions.items()):
            if resource not in self._proxy.targets:
                hang_up(*ends)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client to its end."""
        self._clients.add(asyncio.current_task())
        try:
            opening = greeting(reader, writer, self._context)
            code, hello, reader, writer = await asyncio.wait_for(opening, HELLO_SECONDS)
            await self._let_in(code, hello, reader, writer)
        except (OSError, EOFError, TimeoutError, ValueError, struct.error):
            pass  # a client that goes away, or does not speak PostgreSQL
        finally:
            self._clients.discard(asyncio.current_task())
            hang_up(writer)

    async def _let_in(
        self, code: int, hello: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Let a client in to the target, if it may come in and there is one."""
        if self._proxy.shown["RequireTLS"] and writer.get_extra_info("sslcontext") is None:
            writer.write(fatal("28000", TLS_NEEDED))
            await writer.drain()
            return
        user = "" if code == CANCEL else parameters(hello).get("user", "")
        if code != CANCEL and user not in logins(self._proxy):
            writer.write(fatal("28000", NO_CREDENTIALS.format(user)))
            await writer.drain()
            return
        target = await self._target()
        if target is None:
            writer.write(fatal("08000", TIMED_OUT))
            await writer.drain()
            return
        await self._connect(target, hello, reader, writer)

    async def _target(self) -> Instance | None:
        """Return the instance to go to; one that is not available yet is waited for, as long as the group says."""
        deadline = time.monotonic() + self._proxy.group["ConnectionPoolConfig"]["ConnectionBorrowTimeout"]
        while (found := self._healths.available(self._proxy)) is None and time.monotonic() < deadline:
            await asyncio.sleep(LOOK_SECONDS)
        return found

    async def _connect(
        self, target: Instance, hello: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Pass everything on in both directions until one of both ends."""
        there, back = await asyncio.open_connection("127.0.0.1", self._store.port(target) or 0)
        ends, resource = (writer, back), str(target.shown["DbiResourceId"])
        self._sessions[ends] = resource
        try:
            if resource in self._proxy.targets:  # it may have been deregistered meanwhile
                back.write(hello)
                await asyncio.gather(pass_on(reader, back), pass_on(there, writer))
        finally:
            del self._sessions[ends]
            hang_up(back)


async def greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> Greeting:
    """Return the code of the first message that is not about encryption, the message, and the streams from then on.

    Raises:
        ValueError: It is none of PostgreSQL.
    """
    while True:
        head = await reader.readexactly(8)
        length, code = struct.unpack("!ii", head)
        if not 8 <= length <= MOST_BYTES:
            raise ValueError("the message has no length of PostgreSQL")
        message = head + await reader.readexactly(length - 8)
        if code not in (TLS, GSS):
            return code, message, reader, writer
        if code == TLS:
            reader, writer = await encrypted(writer, context)
        else:
            writer.write(b"N")
            await writer.drain()


async def encrypted(writer: asyncio.StreamWriter, context: ssl.SSLContext) -> Streams:
    """Say that TLS begins, and return the streams within it; no byte of the client is read in between."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    writer.write(b"S")
    transport = await loop.start_tls(writer.transport, protocol, context, server_side=True)
    if transport is None:
        raise ValueError("the client went away")
    protocol.connection_made(transport)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def parameters(hello: bytes) -> dict[str, str]:
    """Return what a startup message asks for."""
    words = hello[8:].decode().split("\0")
    return dict(zip(words[0::2], words[1::2], strict=False))


def fatal(state: str, message: str) -> bytes:
    """Return the error with which a login is refused."""
    fields = {"S": "FATAL", "V": "FATAL", "C": state, "M": message}
    body = b"".join(name.encode() + text.encode() + b"\0" for name, text in fields.items()) + b"\0"
    return b"E" + struct.pack("!i", len(body) + 4) + body


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until there are no more; then the other side ends too."""
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass  # one side was cut off
    finally:
        hang_up(writer)


def hang_up(*writers: asyncio.StreamWriter) -> None:
    """End connections."""
    for writer in writers:
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()
