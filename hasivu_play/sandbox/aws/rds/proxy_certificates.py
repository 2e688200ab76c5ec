"""The certificates of proxies. Amazon Trust Services signs them, and not the authority of the databases.

Clients of an RDS proxy must trust Amazon Root CA 1, which the bundle of RDS does not hold
(https://repost.aws/knowledge-center/rds-aurora-mysql-connect-proxy).
"""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from hasivu_play.sandbox.edge import authority
from hasivu_play.sandbox.layout import Layout, write_private

ROOT, ROOT_NAME = "amazon_root", "Amazon Root CA 1, sandbox"
PROXY = "rds_proxy"
DAYS = 200


class Certificates:
    """The authority of the proxies of one sandbox, and what it has signed."""

    def __init__(self, layout: Layout) -> None:
        """Sign nothing yet."""
        self._layout = layout
        self._root = layout.part("aws") / "amazon-root.pem"

    def context(self, address: str) -> ssl.SSLContext:
        """Return how a proxy at an address speaks TLS, with a certificate that is made for it now."""
        ends = datetime.now(UTC) + timedelta(days=DAYS)
        issued = authority.make_server([address], ends, self._authority())
        key = self._layout.credential(f"{PROXY}_{address}.key")
        chain = self._layout.part("aws") / f"{PROXY}_{address}.pem"
        write_private(key, issued.key_pem)
        write_private(chain, issued.pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return context

    def remove(self, address: str) -> None:
        """Remove what was made for an address."""
        for file in (
            self._layout.credential(f"{PROXY}_{address}.key"),
            self._layout.part("aws") / f"{PROXY}_{address}.pem",
        ):
            file.unlink(missing_ok=True)

    def make_root(self) -> None:
        """Make the authority, unless it is there; its certificate, written last, says that the key is there too."""
        if not self._root.exists():
            issued = authority.make_root(ROOT_NAME, datetime.now(UTC).replace(microsecond=0))
            write_private(self._key(), issued.key_pem)
            write_private(self._root, issued.pem)

    def _authority(self) -> authority.Issued:
        """Return the authority."""
        self.make_root()
        key: Any = load_pem_private_key(self._key().read_bytes(), None)
        return authority.Issued(x509.load_pem_x509_certificate(self._root.read_bytes()), key)

    def _key(self) -> Path:
        return self._layout.credential(f"{ROOT}.key")
