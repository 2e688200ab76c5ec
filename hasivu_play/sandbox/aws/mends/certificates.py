"""ACM: an imported certificate has the names and the dates that stand in it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from ministack.core.responses import error_response_json, json_response
from ministack.services import acm

Handler = Callable[[dict[str, Any]], Any]


def apply() -> None:
    """Replace the import, the list and the description of certificates."""
    acm._import_certificate = importing(acm._import_certificate)
    acm._list_certificates = expiring(listing(acm._list_certificates))
    acm._describe_certificate = expiring(acm._describe_certificate)


def importing(original: Handler) -> Handler:
    """Return ImportCertificate that reads the certificate."""

    def handle(sent: dict[str, Any]) -> Any:
        try:
            content = x509.load_pem_x509_certificate(acm._decode_pem_field(sent.get("Certificate")).encode())
        except ValueError:
            return error_response_json("ValidationException", "The certificate is not in PEM format.", 400)
        answer = original(sent)
        if answer[0] == 200:
            describe(acm._certificates[json.loads(answer[2])["CertificateArn"]], content)
        return answer

    return handle


def describe(certificate: dict[str, Any], content: x509.Certificate) -> None:
    """Take names and dates from the certificate itself."""
    name = str(content.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value)
    certificate.update(
        DomainName=name,
        SubjectAlternativeNames=alternative_names(content) or [name],
        NotBefore=timestamp(content.not_valid_before_utc),
        NotAfter=timestamp(content.not_valid_after_utc),
    )


def alternative_names(content: x509.Certificate) -> list[str]:
    """Return the DNS names of a certificate."""
    try:
        names = content.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return names.value.get_values_for_type(x509.DNSName)


def listing(original: Handler) -> Handler:
    """Return ListCertificates that gives the dates with each certificate."""

    def handle(sent: dict[str, Any]) -> Any:
        summaries = json.loads(original(sent)[2])["CertificateSummaryList"]
        return json_response({"CertificateSummaryList": [summary | dates(summary) for summary in summaries]})

    return handle


def dates(summary: dict[str, Any]) -> dict[str, Any]:
    """Return type and dates of a certificate in a list."""
    certificate = acm._certificates[summary["CertificateArn"]]
    names = ("NotBefore", "NotAfter", "CreatedAt")
    return {"Type": certificate["Type"], **{name: acm._epoch(certificate[name]) for name in names}}


def expiring(original: Handler) -> Handler:
    """Return an operation before which every certificate whose last day has passed is called expired."""

    def handle(sent: dict[str, Any]) -> Any:
        for certificate in acm._certificates.values():
            if certificate["NotAfter"] < timestamp(datetime.now(UTC)):
                certificate["Status"] = "EXPIRED"
        return original(sent)

    return handle


def timestamp(moment: datetime) -> str:
    """Return a moment as ministack keeps it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
