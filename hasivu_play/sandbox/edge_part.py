"""The part `edge`: the TLS front door, and the DNS of its names on the same port."""

from __future__ import annotations

import http.client
import socket
import ssl
from pathlib import Path
from typing import Any

from hasivu_play.sandbox.http_server import HttpServer
from hasivu_play.sandbox.probes import SECONDS

HOST = "127.0.0.1"
NAME = "app.sandbox.hasivu.edu.in"


class Edge(HttpServer):
    """The part `edge`."""

    def answers(self) -> bool:
        """Say whether the front door serves over TLS; whether its certificates are right is for procedures to find."""
        try:
            return self.health() == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def health(self) -> int:
        """Return the status of the health probe over TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPConnection(NAME, self.port, timeout=SECONDS)
        with socket.create_connection((HOST, self.port), SECONDS) as bare:
            connection.sock = context.wrap_socket(bare, server_hostname=NAME)
            connection.request("GET", "/_health")
            status = connection.getresponse().status
            connection.close()
        return status

    def url(self) -> str:
        """Return the root of the part."""
        return f"https://{HOST}:{self.port}"

    def endpoint(self) -> dict[str, Any]:
        """Return address, name server and what clients trust."""
        return {
            "url": self.url(),
            "host": HOST,
            "port": self.port,
            "nameserver": HOST,
            "ca_bundle": str(self.public("root")),
            "database_ca_bundle": str(self.public("rds-ca-rsa2048-g1")),
        }

    def details(self) -> dict[str, Any]:
        """Return what clients trust."""
        return {"ca_bundle": str(self.public("root"))}

    def public(self, name: str) -> Path:
        """Return the file of a certificate."""
        return self.layout.root / "edge" / "certificates" / f"{name}.pem"
