"""A door before a PostgreSQL server that speaks TLS, as every server of RDS does and the builds from PyPI do not."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hasivu_play.sandbox.aws.rds.proxy_door import greeting, hang_up, pass_on
from hasivu_play.sandbox.edge import authority

HOST = "localhost"


@dataclass
class TlsDoor:
    """Where it listens, whom its clients must trust, and what they said first, over TLS and without."""

    port: int
    root: Path
    hellos: list[bytes] = field(default_factory=list)
    plain: list[bytes] = field(default_factory=list)


@contextmanager
def tls_door(folder: Path, upstream: int, *, name: str = HOST, days: float = 90) -> Iterator[TlsDoor]:
    """Lead to a server on loopback, with a certificate for a name and some days; without TLS nobody gets in."""
    context = certified(folder, name, days)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    door = TlsDoor(0, folder / "root.pem")
    clients: set[asyncio.Task[None] | None] = set()  # with TLS nothing else holds a task that waits

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        clients.add(asyncio.current_task())
        try:
            _, hello, inside, outside = await greeting(reader, writer, context)
            if outside.get_extra_info("sslcontext") is None:
                door.plain.append(hello)
                return
            door.hellos.append(hello)
            there, back = await asyncio.open_connection("127.0.0.1", upstream)
            back.write(hello)
            await asyncio.gather(pass_on(inside, back), pass_on(there, outside))
        except (OSError, EOFError):
            pass  # a client that does not trust what it sees
        finally:
            clients.discard(asyncio.current_task())
            hang_up(writer)

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(serve, HOST)

    async def close() -> None:
        server.close()
        waiting = [task for task in clients if task]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    door.port = server.sockets[0].getsockname()[1]
    try:
        yield door
    finally:
        asyncio.run_coroutine_threadsafe(close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def certified(folder: Path, name: str, days: float) -> ssl.SSLContext:
    """Make an authority and a certificate that it signed, and return how a server shows that."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).replace(microsecond=0)
    root = authority.make_root("Amazon RDS Root CA, of a test", now)
    issued = authority.make_server([name], now + timedelta(days=days), root)
    (folder / "root.pem").write_text(root.pem)
    (folder / "server.pem").write_text(issued.pem + issued.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context
