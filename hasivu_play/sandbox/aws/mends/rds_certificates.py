"""RDS: the authorities of the Region."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from ministack.services import rds

from hasivu_play.sandbox.aws.environment import REGION
from hasivu_play.sandbox.edge.certificates import DATABASE_ROOT, make_certificates, read_certificate
from hasivu_play.sandbox.layout import Layout

Handler = Callable[[dict[str, Any]], Any]

FORM = "%Y-%m-%dT%H:%M:%SZ"


def apply(layout: Layout) -> None:
    """Add DescribeCertificates."""
    make_certificates(layout)
    rds._ACTION_MAP["DescribeCertificates"] = describe_certificates(read_certificate(layout, DATABASE_ROOT))


def describe_certificates(root: x509.Certificate) -> Handler:
    """Return DescribeCertificates, which knows one authority."""

    def handle(sent: dict[str, Any]) -> Any:
        wanted = rds._p(sent, "CertificateIdentifier")
        if wanted and wanted != DATABASE_ROOT:
            return rds._error("CertificateNotFound", f"Certificate {wanted} not found", 404)
        content = f"<DefaultCertificateForNewLaunches>{DATABASE_ROOT}</DefaultCertificateForNewLaunches>"
        content += f"<Certificates><Certificate>{certificate(root)}</Certificate></Certificates>"
        body = f"<DescribeCertificatesResult>{content}</DescribeCertificatesResult>"
        return rds._xml(200, "DescribeCertificatesResponse", body)

    return handle


def certificate(root: x509.Certificate) -> str:
    """Return an authority as XML; its thumbprint is SHA-1 of the whole certificate."""
    thumbprint = hashlib.sha1(root.public_bytes(Encoding.DER), usedforsecurity=False).hexdigest()
    fields = {
        "CertificateIdentifier": DATABASE_ROOT,
        "CertificateType": "CA",
        "Thumbprint": thumbprint,
        "ValidFrom": root.not_valid_before_utc.strftime(FORM),
        "ValidTill": root.not_valid_after_utc.strftime(FORM),
        "CertificateArn": f"arn:aws:rds:{REGION}::cert:{DATABASE_ROOT}",
        "CustomerOverride": "false",
    }
    return "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
