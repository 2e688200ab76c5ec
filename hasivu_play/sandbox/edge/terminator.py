"""Serves each name with its certificate, read anew when the file changes, or with the one from before its renewal."""

from __future__ import annotations

import ssl
from pathlib import Path

from hasivu_play.sandbox.edge.certificates import key_file, public_file
from hasivu_play.sandbox.edge.names import DOMAIN, ISSUED_BY_AMAZON, SERVED
from hasivu_play.sandbox.http_part import layout_of, read_faults
from hasivu_play.sandbox.layout import Layout

DEFAULT = "app"


class Terminator:
    """The TLS side of the front door."""

    def __init__(self, layout: Layout) -> None:
        """Begin with no certificate loaded."""
        self._layout = layout
        self._loaded: dict[tuple[str, int], ssl.SSLContext] = {}

    def context(self, name: str) -> ssl.SSLContext:
        """Return the context that serves a name now."""
        file = self.served(name)
        state = public_file(self._layout, file).stat().st_mtime_ns
        if (file, state) not in self._loaded:
            self._loaded[file, state] = self.load(file)
        return self._loaded[file, state]

    def served(self, name: str) -> str:
        """Return which certificate a name is served with: a front door that was not reloaded serves the old one."""
        old = read_faults(self._layout.part("edge")).get("old", [])
        return f"{name}-old" if name in old else name

    def load(self, file: str) -> ssl.SSLContext:
        """Return a context with a certificate, its chain and its key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(public_file(self._layout, file), key_file(self._layout, file))
        return context

    def choose(self, connection: ssl.SSLObject, host: str | None, first: ssl.SSLContext) -> int | None:
        """Choose the certificate of the host that the client asks for; refuse a host that is not served."""
        name = (host or f"{DEFAULT}.{DOMAIN}").lower().removesuffix(f".{DOMAIN}")
        if name not in SERVED and name not in ISSUED_BY_AMAZON:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        connection.context = self.context(name)
        return None


def context_for(directory: Path) -> ssl.SSLContext:
    """Return the context of the listening socket, which looks at the host of each connection."""
    terminator = Terminator(layout_of(directory))
    context = terminator.load(DEFAULT)
    context.sni_callback = terminator.choose
    return context
