"""Certificates for tests, each with one thing the matter, and servers that serve them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

NOW = datetime(2026, 11, 26, 6, 30, tzinfo=UTC)


class Authority:
    """A certificate with its key; it signs others when it is told to be an authority."""

    def __init__(
        self,
        name: str = "root",
        issuer: Authority | None = None,
        ends: datetime = NOW + timedelta(days=300),
        names: tuple[str, ...] = (),
        key: Any = None,
        digest: Any = None,
        ca: bool = True,
    ) -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        above = issuer.certificate.subject if issuer else subject
        number = x509.random_serial_number()
        draft = x509.CertificateBuilder(
            above, subject, self.key.public_key(), number, ends - timedelta(days=365), ends
        ).add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if names:
            known = [x509.DNSName(one) for one in names]
            draft = draft.add_extension(x509.SubjectAlternativeName(known), critical=False)
        self.certificate = draft.sign(issuer.key if issuer else self.key, digest or hashes.SHA256())

    def server(self, *names: str, **more: Any) -> Authority:
        """Return the certificate of a server that this authority has signed."""
        return Authority(names[0], self, names=names, ca=False, **more)

    @property
    def pem(self) -> str:
        """Return the certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """Return the private key."""
        form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return str(self.key.private_bytes(*form).decode())


def small_rsa() -> Any:
    """Return a key that is too small."""
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Listen on loopback, let each connection be answered, and give the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        end = threading.Event()

        def serve() -> None:
            while not end.is_set():
                with suppress(OSError):
                    connection, _ = server.accept()
                    with connection:
                        if not end.is_set():
                            answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        end.set()
        with suppress(OSError), socket.create_connection(server.getsockname(), 1):
            pass
        thread.join(5)


def tls(folder: Path, *chain: Authority, before: Callable[[socket.socket], None] | None = None) -> Any:
    """Return what serves a chain, the server's own certificate first, however weak it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    file = folder / "served.pem"
    file.write_text(chain[0].key_pem + "".join(one.pem for one in chain))
    context.load_cert_chain(file)

    def answer(connection: socket.socket) -> None:
        if before:
            before(connection)
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    return answer
