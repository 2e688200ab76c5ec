"""RDS: the authorities of the Region, and the certificate of the instance, which ends when RDS replaces it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from ministack.services import rds

from hasivu_play.sandbox.aws.environment import REGION
from hasivu_play.sandbox.aws.telemetry import INSTANCE
from hasivu_play.sandbox.edge.certificates import DATABASE_ROOT, make_certificates, read_certificate
from hasivu_play.sandbox.layout import Layout

Handler = Callable[[dict[str, Any]], Any]

SERVER_DAYS = 365
FORM = "%Y-%m-%dT%H:%M:%SZ"


def apply(layout: Layout) -> None:
    """Add DescribeCertificates, and give the instance a certificate of one year, renewed each year."""
    make_certificates(layout)
    rds._ACTION_MAP["DescribeCertificates"] = describe_certificates(read_certificate(layout, DATABASE_ROOT))
    rds._ACTION_MAP["DescribeDBInstances"] = dated(rds._ACTION_MAP["DescribeDBInstances"])


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


def dated(original: Handler) -> Handler:
    """Return DescribeDBInstances with the day on which the certificate of the instance ends."""

    def handle(sent: dict[str, Any]) -> Any:
        instance = rds._instances.get(INSTANCE)
        if instance is not None:
            end = next_end(datetime.fromisoformat(instance["InstanceCreateTime"]), datetime.now(UTC))
            instance["CertificateDetails"] = {"CAIdentifier": DATABASE_ROOT, "ValidTill": end.strftime(FORM)}
        return original(sent)

    return handle


def next_end(created: datetime, now: datetime) -> datetime:
    """Return the next end of a certificate that is renewed half a year before it ends."""
    end = created + timedelta(days=SERVER_DAYS)
    while end < now + timedelta(days=SERVER_DAYS // 2):
        end += timedelta(days=SERVER_DAYS)
    return end
