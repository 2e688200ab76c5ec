"""What an audit looks at: certificates, and who did what."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hasivu_play.sandbox.aws.environment import REGION
from hasivu_play.sandbox.aws.internal import json_call
from hasivu_play.sandbox.aws.mends import trail
from hasivu_play.sandbox.aws.mends.trail_events import Call
from hasivu_play.sandbox.aws.operation import Operation

DAY = 86400

# domain, days until its last day
CERTIFICATES = (("api.hasivu.edu.in", 240), ("reports.hasivu.edu.in", 12), ("legacy.hasivu.edu.in", -9))

# service, operation, user, hours ago, parameters
EVENTS = (
    ("iam", "AttachUserPolicy", "rohit.kulkarni", 30, {"userName": "vendor-reporting", "policyArn":
     "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("ec2", "AuthorizeSecurityGroupIngress", "rohit.kulkarni", 29, {"cidrIp": "0.0.0.0/0", "fromPort": "22"}),
    ("lambda", "UpdateFunctionConfiguration", "ci-deploy", 5, {"functionName": "hasivu-platform-api-orders"}),
)  # fmt: skip


async def plant() -> None:
    """Import the certificates and put the events into CloudTrail."""
    for domain, days in CERTIFICATES:
        await import_certificate(domain, days)
    for service, name, user, hours, sent in EVENTS:
        asked = Operation(service, name, changing=True)
        region = trail.region_of(service, REGION)
        trail.journal.add(Call(asked, user, "", region, time.time() - hours * 3600, dict(sent)))


async def import_certificate(domain: str, days: int) -> None:
    """Import a certificate that ends in so many days; ministack takes an ended one, which AWS would refuse."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificate = self_signed(key, domain, datetime.now(UTC) + timedelta(days=days)).public_bytes(Encoding.PEM)
    sent = {"Certificate": base64.b64encode(certificate).decode(), "PrivateKey": base64.b64encode(pem).decode()}
    await json_call("acm", "ImportCertificate", **sent)


def self_signed(key: ec.EllipticCurvePrivateKey, domain: str, end: datetime) -> x509.Certificate:
    """Return a certificate of one year for a domain."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, domain)])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(end - timedelta(days=365)).not_valid_after(end)
    names = x509.SubjectAlternativeName([x509.DNSName(domain)])
    return builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
