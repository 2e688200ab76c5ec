# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The certificates that ACM holds in one Region, of every kind of key, with how their renewal goes."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.certificate import CertificateError, facts, instant, read_pem

ISSUED_STATES = ("ISSUED", "EXPIRED", "REVOKED", "INACTIVE")  # of the others there is no certificate yet


def read_acm(acm: Any, region: str) -> list[dict[str, Any]]:
    """Return every certificate of a Region.

    Raises:
        ClientError: ACM refuses.
        BotoCoreError: ACM does not answer.
    """
    pages = acm.get_paginator("list_certificates").paginate(**every_kind(acm))
    arns = [entry["CertificateArn"] for page in pages for entry in page["CertificateSummaryList"]]
    return [read_one(acm, region, arn) for arn in arns]


def every_kind(acm: Any) -> dict[str, Any]:
    """Return the filters that leave nothing out: without them ACM lists RSA keys of up to 2048 bits only."""
    model = acm.meta.service_model
    filters: dict[str, Any] = {"Includes": {"keyTypes": list(model.shape_for("KeyAlgorithm").enum)}}
    members = model.operation_model("ListCertificates").input_shape.members
    if "CertificateKeyPairOrigins" in members:  # younger than the oldest boto3 that we take
        filters["CertificateKeyPairOrigins"] = list(members["CertificateKeyPairOrigins"].member.enum)
    return filters


def read_one(acm: Any, region: str, arn: str) -> dict[str, Any]:
    """Return one certificate with what stands in it."""
    detail = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    renewal = detail.get("RenewalSummary", {})
    return {
        "store": f"ACM {region}",
        "id": arn,
        "status": detail["Status"],
        "status_reason": detail.get("FailureReason", ""),
        "type": detail["Type"],
        "users": detail.get("InUseBy", []),
        "eligible": detail.get("RenewalEligibility") == "ELIGIBLE",
        "renewal": renewal.get("RenewalStatus", ""),
        "renewal_reason": renewal.get("RenewalStatusReason", ""),
        "validation": validations(detail),
        **(held(acm, arn) if detail["Status"] in ISSUED_STATES else without_content(detail)),
    }


def held(acm: Any, arn: str) -> dict[str, Any]:
    """Return what stands in the certificate itself; ACM gives the public part only."""
    try:
        return facts(read_pem(acm.get_certificate(CertificateArn=arn)["Certificate"])[0])
    except CertificateError as error:
        return {"broken": str(error)}


def without_content(detail: dict[str, Any]) -> dict[str, Any]:
    """Return what is known of a certificate that was not issued yet."""
    ends = {"not_after": instant(detail["NotAfter"].astimezone(UTC))} if "NotAfter" in detail else {}
    return {"subject": detail["DomainName"], "names": detail.get("SubjectAlternativeNames", []), **ends}


def validations(detail: dict[str, Any]) -> list[dict[str, str]]:
    """Return the DNS records by which ACM sees, at each renewal, that the names are ours."""
    found = []
    for option in detail.get("DomainValidationOptions", []):
        record = option.get("ResourceRecord")
        if record and record["Type"] == "CNAME":
            found.append({"domain": option["DomainName"], "name": record["Name"], "value": record["Value"]})
    return found
