# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What IAM Access Analyzer and the last use of services tell, where the account offers them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import Finding, found
from ansible_collections.hasivu.ops.plugins.module_utils.access_unread import gathered, pages
from ansible_collections.hasivu.ops.plugins.module_utils.principal_details import Principal

EXTERNAL = ("ACCOUNT", "ORGANIZATION")
ACTIVE = {"status": {"eq": ["ACTIVE"]}}
PAUSE_SECONDS = 1.0


class NotReadyError(Exception):
    """Raised when AWS does not finish a report in time."""


def external_access(client: Any, most_pages: int) -> list[Finding]:
    """Return what the analyzers of external access found and nobody has archived."""
    analyzers = gathered(pages(client, "list_analyzers", most_pages), "analyzers")
    external = [one["arn"] for one in analyzers if one["type"] in EXTERNAL and one["status"] == "ACTIVE"]
    if not external:
        what = "No analyzer of external access is active in this region."
        return [found("no-access-analyzer", what, f"access analyzer {client.meta.region_name}")]
    shares = []
    for arn in external:
        read = pages(client, "list_findings_v2", most_pages, analyzerArn=arn, filter=ACTIVE)
        shares += gathered(read, "findings")
    return [share_finding(one) for one in shares if one.get("findingType", "ExternalAccess") == "ExternalAccess"]


def share_finding(share: dict[str, Any]) -> Finding:
    """Return one share with somebody outside of the account."""
    resource = share.get("resource", share["id"])
    return found("external-access", f"{share['resourceType']} {resource} is shared outside of the account.", resource)


def unused_privileges(
    client: Any, principals: list[Principal], now: datetime, days: int, seconds: float
) -> list[Finding]:
    """Return who may use services that it has not used for so many days; all reports are asked for at once.

    Raises:
        NotReadyError: AWS does not finish the reports in time.
    """
    jobs = {one: client.generate_service_last_accessed_details(Arn=one.arn)["JobId"] for one in principals}
    end = time.monotonic() + seconds
    found_here: list[Finding] = []
    for one, job in jobs.items():
        found_here += unused(one, finished(client, job, end), now - timedelta(days=days))
    return found_here


def finished(client: Any, job: str, end: float) -> list[dict[str, Any]]:
    """Return the services of a report once it is complete."""
    services: list[dict[str, Any]] = []
    more: dict[str, str] = {}
    while True:
        answer = client.get_service_last_accessed_details(JobId=job, **more)
        if answer["JobStatus"] == "FAILED":
            raise NotReadyError(answer.get("Error", {}).get("Message", "AWS could not make the report"))
        if answer["JobStatus"] == "IN_PROGRESS":
            if time.monotonic() > end:
                raise NotReadyError("the report was not ready in time")
            time.sleep(PAUSE_SECONDS)
            continue
        services += answer["ServicesLastAccessed"]
        if not answer.get("IsTruncated"):
            return services
        more = {"Marker": answer["Marker"]}


def unused(one: Principal, services: list[dict[str, Any]], since: datetime) -> Iterator[Finding]:
    """Say which services a principal may use and has not used since then."""
    names = [item["ServiceNamespace"] for item in services if not recent(item, since)]
    if names:
        shown = ", ".join(sorted(names)[:10]) + (" and others" if len(names) > 10 else "")
        what = f"{one.name} may use {len(services)} services and has not used {len(names)} of them lately: {shown}."
        yield found("unused-privileges", what, one.where)


def recent(service: dict[str, Any], since: datetime) -> bool:
    """Tell whether a service was used since then."""
    used = service.get("LastAuthenticated")
    return used is not None and used >= since
