"""IAM: server certificates, which ministack does not know at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from cryptography import x509
from ministack.core.responses import new_uuid, now_iso
from ministack.services import iam

from hasivu_play.sandbox.aws.environment import ACCOUNT
from hasivu_play.sandbox.aws.mends import certificate_facts
from hasivu_play.sandbox.aws.mends.iam import paged
from hasivu_play.sandbox.layout import write_private

# name -> metadata, body and chain; the private key is thrown away, for no operation of IAM gives it back.
Certificates = dict[str, dict[str, Any]]
UNREADABLE = "Unable to parse certificate. Please ensure the certificate is in PEM format."


class Store:
    """The server certificates, and the file that they survive in."""

    def __init__(self) -> None:
        """Begin empty and without a file."""
        self._path: Path | None = None
        self.certificates: Certificates = {}

    def open(self, path: Path) -> None:
        """Bring back what an earlier process has kept."""
        self._path = path
        self.certificates = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def put(self, name: str, path: str, body: str, chain: str) -> dict[str, Any]:
        """Keep a certificate and return it."""
        content = x509.load_pem_x509_certificate(body.encode())
        self.certificates[name] = {
            "Path": path,
            "ServerCertificateName": name,
            "ServerCertificateId": f"ASCA{new_uuid().replace('-', '').upper()[:17]}",
            "Arn": f"arn:aws:iam::{ACCOUNT}:server-certificate{path}{name}",
            "UploadDate": now_iso()[:19] + "Z",
            "Expiration": f"{content.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
            "_body": body,
            "_chain": chain,
        }
        self.save()
        return self.certificates[name]

    def remove(self, name: str) -> None:
        """Forget a certificate."""
        del self.certificates[name]
        self.save()

    def save(self) -> None:
        """Write everything down."""
        if self._path:
            write_private(self._path, json.dumps(self.certificates))


store = Store()


def apply(state: Path) -> None:
    """Add the operations."""
    store.open(state / "server_certificates.json")
    iam._IAM_HANDLERS.update(
        UploadServerCertificate=upload,
        ListServerCertificates=paged(list_certificates),
        GetServerCertificate=get,
        DeleteServerCertificate=delete,
    )


def upload(sent: dict[str, Any]) -> Any:
    """Answer UploadServerCertificate."""
    name, body = iam._p(sent, "ServerCertificateName"), iam._p(sent, "CertificateBody")
    if name in store.certificates:
        return iam._error(409, "EntityAlreadyExists", f"The Server Certificate with name {name} already exists.")
    try:
        content = x509.load_pem_x509_certificate(body.encode())
    except ValueError:
        return iam._error(400, "MalformedCertificate", UNREADABLE)
    if not content.not_valid_before_utc <= datetime.now(UTC) <= content.not_valid_after_utc:
        return iam._error(400, "MalformedCertificate", "Certificate is expired or not yet valid.")
    if not certificate_facts.belongs(content, iam._p(sent, "PrivateKey")):
        return iam._error(400, "KeyPairMismatch", "Private key does not match the certificate.")
    kept = store.put(name, iam._p(sent, "Path") or "/", body, iam._p(sent, "CertificateChain"))
    return answer("UploadServerCertificate", f"<ServerCertificateMetadata>{metadata(kept)}</ServerCertificateMetadata>")


def list_certificates(sent: dict[str, Any]) -> Any:
    """Answer ListServerCertificates whole; pages are cut by whoever wraps this."""
    prefix = iam._p(sent, "PathPrefix") or "/"
    found = [kept for _, kept in sorted(store.certificates.items()) if kept["Path"].startswith(prefix)]
    members = "".join(f"<member>{metadata(kept)}</member>" for kept in found)
    found_list = f"<ServerCertificateMetadataList>{members}</ServerCertificateMetadataList>"
    return answer("ListServerCertificates", f"{found_list}<IsTruncated>false</IsTruncated>")


def get(sent: dict[str, Any]) -> Any:
    """Answer GetServerCertificate."""
    name = iam._p(sent, "ServerCertificateName")
    kept = store.certificates.get(name)
    if kept is None:
        return absent(name)
    chain = f"<CertificateChain>{escape(kept['_chain'])}</CertificateChain>" if kept["_chain"] else ""
    body = f"<CertificateBody>{escape(kept['_body'])}</CertificateBody>"
    head = f"<ServerCertificateMetadata>{metadata(kept)}</ServerCertificateMetadata>"
    return answer("GetServerCertificate", f"<ServerCertificate>{head}{body}{chain}</ServerCertificate>")


def delete(sent: dict[str, Any]) -> Any:
    """Answer DeleteServerCertificate."""
    name = iam._p(sent, "ServerCertificateName")
    if name not in store.certificates:
        return absent(name)
    store.remove(name)
    return iam._xml(200, "DeleteServerCertificateResponse", "")


def answer(operation: str, content: str) -> Any:
    """Return the answer of an operation in IAM's envelope."""
    return iam._xml(200, f"{operation}Response", f"<{operation}Result>{content}</{operation}Result>")


def metadata(kept: dict[str, Any]) -> str:
    """Return ServerCertificateMetadata as XML."""
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in kept.items() if not name.startswith("_"))


def absent(name: str) -> Any:
    """Return the error for a certificate that does not exist."""
    return iam._error(404, "NoSuchEntity", f"The Server Certificate with name {name} cannot be found.")
