"""ACM: a certificate has the names, dates and key that stand in it; lists know types, renewals and pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from ministack.core.responses import error_response_json, json_response, now_iso
from ministack.services import acm

from hasivu_play.sandbox.aws.mends import certificate_facts
from hasivu_play.sandbox.aws.mends.certificate_facts import timestamp
from hasivu_play.sandbox.aws.mends.certificate_renewal import renew_what_is_validated
from hasivu_play.sandbox.layout import Layout

Handler = Callable[[dict[str, Any]], Any]

DEFAULT_KEY_TYPES = ("RSA_1024", "RSA_2048")
DEFAULT_ORIGINS = ("AWS_MANAGED", "CUSTOMER_PROVIDED")
PAGE = 100
AMAZON_ONLY = ("DomainValidationOptions", "IssuedAt", "RenewalSummary")
SUMMARY = ("CertificateArn", "DomainName", "Status", "Type", "KeyAlgorithm", "RenewalEligibility", "NotBefore",
           "NotAfter", "CreatedAt", "IssuedAt", "ImportedAt")  # fmt: skip


def apply(layout: Layout) -> None:
    """Replace the import, the list and the description of certificates."""
    acm._import_certificate = importing(acm._import_certificate)
    acm._list_certificates = renewing(list_certificates, layout)
    acm._describe_certificate = renewing(acm._describe_certificate, layout)
    acm._cert_shape = complete(acm._cert_shape)


def importing(original: Handler) -> Handler:
    """Return ImportCertificate that reads the certificate, and refuses what AWS refuses."""

    def handle(sent: dict[str, Any]) -> Any:
        before = acm._certificates.get(sent.get("CertificateArn") or "", {})
        try:
            content = x509.load_pem_x509_certificate(acm._decode_pem_field(sent.get("Certificate")).encode())
        except ValueError:
            return error_response_json("ValidationException", "The certificate is not in PEM format.", 400)
        reason = unfit(content, acm._decode_pem_field(sent.get("PrivateKey")), before)
        if reason:
            return error_response_json("ValidationException", reason, 400)
        answer = original(sent)
        if answer[0] == 200:
            imported = acm._certificates[json.loads(answer[2])["CertificateArn"]]
            imported.update(certificate_facts.describe(content), InUseBy=before.get("InUseBy", []))
            imported.update(ImportedAt=now_iso(), RenewalEligibility="INELIGIBLE")
        return answer

    return handle


def unfit(content: x509.Certificate, key: str, before: dict[str, Any]) -> str:
    """Return why AWS would not import a certificate, or an empty text."""
    if before and before["Type"] != "IMPORTED":
        return "Certificate was issued by ACM and cannot be replaced by an import."
    if not content.not_valid_before_utc <= datetime.now(UTC) <= content.not_valid_after_utc:
        return "The certificate must be valid at the time of the import."
    if key and not certificate_facts.belongs(content, key):
        return "The private key does not match the certificate."
    return ""


def plant(arn: str, pem: tuple[str, str], **more: Any) -> None:
    """Put a certificate into the store as if long ago; one that has ended could not be imported now."""
    facts = certificate_facts.describe(x509.load_pem_x509_certificate(pem[0].encode()))
    acm._certificates[arn] = {
        "CertificateArn": arn,
        "Status": "ISSUED",
        "CreatedAt": facts["NotBefore"],
        "Tags": [],
        "Options": {},
        "_pem_body": pem[0],
        "_pem_chain": pem[1],
        "_private_key": "",
        **facts,
        **more,
    }


def list_certificates(sent: dict[str, Any]) -> Any:
    """Answer ListCertificates: filtered by status, key type and origin, in pages."""
    shapes = [acm._cert_shape(certificate) for certificate in acm._certificates.values()]
    found = [shape for shape in shapes if wanted(shape, sent)]
    start, size = token_position(sent.get("NextToken")), int(sent.get("MaxItems") or PAGE)
    answer: dict[str, Any] = {"CertificateSummaryList": [summary(shape) for shape in found[start : start + size]]}
    if start + size < len(found):
        answer["NextToken"] = base64.b64encode(str(start + size).encode()).decode()
    return json_response(answer)


def wanted(shape: dict[str, Any], sent: dict[str, Any]) -> bool:
    """Say whether a certificate passes the filters; without one, only those of RSA with up to 2048 bits do."""
    includes: dict[str, Sequence[str]] = sent.get("Includes") or {}
    origin = "AWS_MANAGED" if shape["Type"] == "AMAZON_ISSUED" else "CUSTOMER_PROVIDED"
    return (
        shape["KeyAlgorithm"] in (includes.get("keyTypes") or DEFAULT_KEY_TYPES)
        and origin in (sent.get("CertificateKeyPairOrigins") or DEFAULT_ORIGINS)
        and shape["Status"] in (sent.get("CertificateStatuses") or (shape["Status"],))
    )


def summary(shape: dict[str, Any]) -> dict[str, Any]:
    """Return a certificate as a list shows it."""
    return {
        **{name: shape[name] for name in SUMMARY if name in shape},
        "SubjectAlternativeNameSummaries": shape["SubjectAlternativeNames"][:100],
        "HasAdditionalSubjectAlternativeNames": len(shape["SubjectAlternativeNames"]) > 100,
        "InUse": bool(shape["InUseBy"]),
        "Exported": False,
    }


def token_position(token: str | None) -> int:
    """Return where a page begins."""
    return int(base64.b64decode(token)) if token else 0


def complete(original: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return the shape of a certificate with what stands in it, and only with the fields that its type has."""

    def shape(certificate: dict[str, Any]) -> dict[str, Any]:
        found = original(certificate) | {
            name: certificate[name] for name in (*certificate_facts.NAMES, "RenewalEligibility") if name in certificate
        }
        if found["Type"] != "AMAZON_ISSUED":
            imported = certificate.get("ImportedAt", certificate["CreatedAt"])
            kept = {name: value for name, value in found.items() if name not in AMAZON_ONLY}
            return {**kept, "ImportedAt": acm._epoch(imported)}
        renewal = certificate.get("RenewalSummary")
        if renewal:
            found["RenewalSummary"] = {**renewal, "UpdatedAt": acm._epoch(renewal["UpdatedAt"])}
        return found

    return shape


def renewing(original: Handler, layout: Layout) -> Handler:
    """Return an operation before which ACM renews what it can, and calls expired what has passed its last day."""

    def handle(sent: dict[str, Any]) -> Any:
        renew_what_is_validated(layout)
        mark_expired()
        return original(sent)

    return handle


def mark_expired() -> None:
    """Call every certificate expired whose last day has passed."""
    for certificate in acm._certificates.values():
        if certificate["NotAfter"] < timestamp(datetime.now(UTC)):
            certificate["Status"] = "EXPIRED"
