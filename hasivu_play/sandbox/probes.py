"""Quick questions to a server: does it answer? None takes longer than two seconds or imports a client library."""

from __future__ import annotations

import http.client
import socket
import struct

SECONDS = 2.0
# The first message of every PostgreSQL client that would like TLS; the server answers with one letter.
POSTGRESQL_TLS_REQUEST = struct.pack("!ii", 8, 80877103)


def http_answers(port: int) -> bool:
    """Say whether the HTTP part on a port calls itself healthy."""
    try:
        return get(port, "/_health", {})[0] == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False


def get(port: int, path: str, headers: dict[str, str]) -> tuple[int, bytes]:
    """Return status and body of a path of the HTTP part on a port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def postgresql_answers(port: int) -> bool:
    """Say whether a PostgreSQL server takes connections on a port."""
    return converse(port, POSTGRESQL_TLS_REQUEST, 1) in {b"N", b"S"}


def redis_answers(port: int, user: str, password: str) -> bool:
    """Say whether a Redis server on a port lets a user in and answers PING."""
    expected = b"+OK\r\n+PONG\r\n"
    return converse(port, f"AUTH {user} {password}\r\nPING\r\n".encode(), len(expected)) == expected


def converse(port: int, question: bytes, length: int) -> bytes:
    """Send a question to a port of this machine and return that many bytes of the answer, or fewer."""
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), SECONDS) as connection:
            connection.sendall(question)
            while len(answer) < length and (received := connection.recv(length - len(answer))):
                answer += received
    except OSError:
        return b""
    return answer
