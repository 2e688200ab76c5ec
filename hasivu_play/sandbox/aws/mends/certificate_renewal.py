"""ACM: what it has issued is renewed as soon as the record of its name stands in the zone, on the same ARN."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from ministack.services import acm

from hasivu_play.sandbox.aws.mends import certificate_facts
from hasivu_play.sandbox.edge.certificates import read_pem, renew_server
from hasivu_play.sandbox.edge.names import DOMAIN
from hasivu_play.sandbox.edge.zone import validated
from hasivu_play.sandbox.layout import Layout

WAITING = "PENDING_VALIDATION"
DONE = "SUCCESS"
DAYS = 198


def renew_what_is_validated(layout: Layout) -> None:
    """Renew each certificate whose renewal waits for a record that is there by now."""
    waiting = [one for one in acm._certificates.values() if renewal_of(one).get("RenewalStatus") == WAITING]
    names = validated(layout.part("edge")) if waiting else []
    for certificate in waiting:
        name = certificate["DomainName"].removesuffix(f".{DOMAIN}")
        if name in names:
            renew(layout, name, certificate)


def renewal_of(certificate: dict[str, Any]) -> dict[str, Any]:
    """Return what ACM knows of a renewal; of what was imported it knows none."""
    return certificate.get("RenewalSummary") or {}


def renew(layout: Layout, name: str, certificate: dict[str, Any]) -> None:
    """Issue a certificate anew, hand it to who serves it, and keep it below the same ARN."""
    renew_server(layout, name, DAYS)
    body, chain = read_pem(layout, name)
    certificate.update(certificate_facts.describe(x509.load_pem_x509_certificate(body.encode())))
    certificate.update(_pem_body=body, _pem_chain=chain, Status="ISSUED")
    options = [{**one, "ValidationStatus": DONE} for one in renewal_of(certificate)["DomainValidationOptions"]]
    moment = certificate_facts.timestamp(datetime.now(UTC))
    certificate["RenewalSummary"] = {"RenewalStatus": DONE, "DomainValidationOptions": options, "UpdatedAt": moment}
