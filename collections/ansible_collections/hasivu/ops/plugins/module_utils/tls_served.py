# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Connect to a TLS server and read every certificate that it hands out, whatever is wrong with them."""

from __future__ import annotations

import socket
import ssl
import struct
import time
import warnings
from dataclasses import dataclass
from typing import Any

POSTGRESQL_TLS_REQUEST = struct.pack("!ii", 8, 80877103)
MOST_ADDRESSES = 8
DER = 2  # of the private interface that Python 3.13 made public


class TlsError(Exception):
    """Raised when a server shows no certificate; the sentence says why."""


@dataclass(frozen=True)
class Served:
    """What a server showed: the version agreed upon, and the certificates in DER form, its own first."""

    version: str
    chain: list[bytes]


def addresses_of(host: str, port: int) -> list[str]:
    """Return the addresses of a host, those of IPv4 where it has any.

    Raises:
        TlsError: The name cannot be resolved.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise TlsError(f"the name {host} cannot be resolved: {error.strerror or error}") from error
    preferred = [entry for entry in found if entry[0] is socket.AF_INET] or found
    return list(dict.fromkeys(str(entry[4][0]) for entry in preferred))[:MOST_ADDRESSES]


def read_served(host: str, address: str, port: int, protocol: str, seconds: float) -> Served:
    """Shake hands with a server and return what it showed.

    Raises:
        TlsError: It cannot be reached in time, or speaks no TLS.
    """
    end = time.monotonic() + seconds
    try:
        with socket.create_connection((address, port), seconds) as bare:
            if protocol == "postgresql":
                ask_for_tls(bare, end)
            bare.settimeout(remaining(end))
            with lenient_context().wrap_socket(bare, server_hostname=host) as connection:
                return Served(connection.version() or "", chain_of(connection))
    except TimeoutError as error:
        raise TlsError(f"it did not answer within {seconds:g} seconds") from error
    except ssl.SSLError as error:
        raise TlsError(f"it does not speak TLS for this name ({reason_of(error)})") from error
    except (OSError, ValueError) as error:
        raise TlsError(f"it cannot be reached: {getattr(error, 'strerror', None) or error}") from error


def remaining(end: float) -> float:
    """Return the seconds that are left.

    Raises:
        TimeoutError: There are none.
    """
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def ask_for_tls(bare: socket.socket, end: float) -> None:
    """Ask a PostgreSQL server for TLS, as its clients do.

    Raises:
        TlsError: The server has none.
    """
    bare.settimeout(remaining(end))
    bare.sendall(POSTGRESQL_TLS_REQUEST)
    if bare.recv(1) != b"S":
        raise TlsError("it is a PostgreSQL server without TLS, or none at all")


def lenient_context() -> ssl.SSLContext:
    """Return a context that lets every certificate through: it sends nothing, it only wants to see what is served."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


def chain_of(connection: Any) -> list[bytes]:
    """Return the certificates that the server handed out; before Python 3.13 only a private interface tells them."""
    if hasattr(connection, "get_unverified_chain"):
        return [bytes(certificate) for certificate in connection.get_unverified_chain()]
    return [certificate.public_bytes(DER) for certificate in connection._sslobj.get_unverified_chain() or ()]


def reason_of(error: ssl.SSLError) -> str:
    """Return what OpenSSL says, in words."""
    return (error.reason or str(error)).replace("_", " ").lower()
