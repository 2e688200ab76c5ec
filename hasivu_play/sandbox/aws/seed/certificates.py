"""Certificates in ACM of both Regions and in IAM, some of which the front door serves."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.core.responses import request_scope

from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.mends import certificates
from hasivu_play.sandbox.aws.mends.certificate_facts import timestamp
from hasivu_play.sandbox.aws.mends.server_certificates import store
from hasivu_play.sandbox.edge.certificates import make_certificates, read_pem
from hasivu_play.sandbox.edge.names import SERVED, host_of, validation_record
from hasivu_play.sandbox.layout import Layout

CDN_REGION = "us-east-1"
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/hasivu/50dc6c495c0c9188"
DISTRIBUTION = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E2QWRUHAPOMQZL"
RENEWED_DAYS_AGO = 20


async def plant(layout: Layout) -> None:
    """Put every certificate where it is kept."""
    make_certificates(layout)
    for name, named in SERVED.items():
        if named.kept_in == "acm":
            put(layout, name, REGION, Type="IMPORTED", RenewalEligibility="INELIGIBLE", InUseBy=[BALANCER])
        elif named.kept_in == "iam":
            store.put(f"hasivu-{name}", "/", *read_pem(layout, name))
    put(layout, "retired", REGION, Type="IMPORTED", RenewalEligibility="INELIGIBLE", InUseBy=[])
    put(layout, "www", CDN_REGION, InUseBy=[DISTRIBUTION], **issued("www", "SUCCESS"))
    put(layout, "reports", REGION, InUseBy=[BALANCER], **issued("reports", "PENDING_VALIDATION"))


def put(layout: Layout, name: str, region: str, **more: Any) -> None:
    """Keep a certificate in ACM of a Region."""
    arn = f"arn:aws:acm:{region}:{ACCOUNT}:certificate/{uuid.uuid4()}"
    with request_scope(ACCOUNT, region):
        certificates.plant(arn, read_pem(layout, name), **more)


def issued(name: str, renewal: str) -> dict[str, Any]:
    """Return what ACM knows of a certificate that it has issued and renews by itself."""
    owner, target = validation_record(name)
    validation = {
        "DomainName": host_of(name),
        "ValidationDomain": host_of(name),
        "ValidationStatus": "SUCCESS",
        "ValidationMethod": "DNS",
        "ResourceRecord": {"Name": owner, "Type": "CNAME", "Value": target},
    }
    again = {**validation, "ValidationStatus": "SUCCESS" if renewal == "SUCCESS" else "PENDING_VALIDATION"}
    updated = timestamp(datetime.now(UTC) - timedelta(days=RENEWED_DAYS_AGO))
    return {
        "Type": "AMAZON_ISSUED",
        "RenewalEligibility": "ELIGIBLE",
        "DomainValidationOptions": [validation],
        "RenewalSummary": {"RenewalStatus": renewal, "DomainValidationOptions": [again], "UpdatedAt": updated},
    }
