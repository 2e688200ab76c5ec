# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The result of a review of certificates: findings, tables of what was looked at, and what could not be."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.certificate_age import Clock, days_left
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_endpoint import (
    endpoint_findings,
    unlisted_findings,
    where_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_held import held_findings, ingress_findings
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_service import (
    cache_findings,
    database_findings,
    issuer_findings,
    record_findings,
    unread_finding,
)
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import most_severe_first

KEYS_OF_UNKNOWN = ("endpoint-unknown", "source-unknown", "validation-record-unknown", "caa-unknown",
                   "database-bundle-unknown", "certificate-unreadable")  # fmt: skip
STORES = ("ACM", "IAM", "Kubernetes")
REVOCATION = "Whether a certificate was revoked (OCSP, CRL) is not looked at."
NO_DATABASE = "What PostgreSQL serves was not seen: it is reached without TLS here, or RDS did not say where it is."
SERVED_COLUMNS = [
    {"key": "where", "label": "Endpoint"},
    {"key": "address", "label": "Address"},
    {"key": "not_after", "label": "Ends", "kind": "time"},
    {"key": "days", "label": "Days left", "kind": "number"},
    {"key": "issuer", "label": "Issuer"},
    {"key": "key", "label": "Key"},
    {"key": "version", "label": "TLS"},
    {"key": "chain", "label": "Chain"},
    {"key": "fingerprint", "label": "SHA-256"},
]
HELD_COLUMNS = [
    {"key": "names", "label": "Names"},
    {"key": "store", "label": "Store"},
    {"key": "not_after", "label": "Ends", "kind": "time"},
    {"key": "days", "label": "Days left", "kind": "number"},
    {"key": "type", "label": "Type"},
    {"key": "renewal", "label": "Renewal"},
    {"key": "users", "label": "Used by"},
    {"key": "id", "label": "Which"},
]

Entry = dict[str, Any]


def review(endpoints: list[Entry], kept: Entry, clock: Clock, notes: list[str]) -> Entry:
    """Return the result of the review, in the form of every part of one."""
    findings = once(all_findings(endpoints, kept, clock))
    database_seen = any(endpoint["protocol"] == "postgresql" for endpoint in endpoints)
    return {
        "findings": most_severe_first(findings),
        "unknown": [found["what"] for found in findings if found["key"] in KEYS_OF_UNKNOWN],
        "facts": facts_of(endpoints, kept),
        "sections": sections_of(endpoints, kept, clock),
        "notes": [*notes, *([] if database_seen else [NO_DATABASE]), REVOCATION],
    }


def all_findings(endpoints: list[Entry], kept: Entry, clock: Clock) -> list[dict[str, str]]:
    """Return the findings of everything that was looked at."""
    held = kept["certificates"]
    complete = not any(entry["source"].startswith(STORES) for entry in kept["unread"])
    served = {endpoint["certificates"][0]["fingerprint"] for endpoint in endpoints if not endpoint["error"]}
    return [
        *(unread_finding(entry, clock) for entry in kept["unread"]),
        *(found for one in endpoints for found in endpoint_findings(one, held, complete, clock)),
        *unlisted_findings(endpoints, held, kept["ingresses"], clock),
        *(found for one in held for found in held_findings(one, served, clock)),
        *(found for one in kept["ingresses"] for found in ingress_findings(one, held, clock)),
        *(found for one in kept["records"] for found in record_findings(one, clock)),
        *(found for one in kept["issuers"] for found in issuer_findings(one, clock)),
        *(database_findings(kept["database"], clock) if kept.get("database") else ()),
        *(cache_findings(kept["cache"], clock) if kept.get("cache") else ()),
    ]


def once(findings: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return each finding once, where several addresses of one endpoint have the same."""
    seen: dict[tuple[str, str], dict[str, str]] = {}
    for found in findings:
        seen.setdefault((found["key"], found["where"]), found)
    return list(seen.values())


def facts_of(endpoints: list[Entry], kept: Entry) -> list[Entry]:
    """Return how much was looked at."""
    hosts = len({where_of(endpoint) for endpoint in endpoints})
    return [
        {"name": "Endpoints", "value": hosts, "kind": "number"},
        {"name": "Certificates kept", "value": len(kept["certificates"]), "kind": "number"},
    ]


def sections_of(endpoints: list[Entry], kept: Entry, clock: Clock) -> list[Entry]:
    """Return the tables of the report."""
    served = [served_row(endpoint, clock) for endpoint in endpoints]
    held = [held_row(certificate, clock) for certificate in kept["certificates"]]
    return [
        section("What the endpoints serve", "Read from the handshake with each address", SERVED_COLUMNS, served),
        section("Certificates that are kept", "ACM, IAM and the Secrets of the namespace", HELD_COLUMNS, held),
        services_section(kept),
    ]


def section(title: str, caption: str, columns: list[dict[str, str]], rows: list[Entry]) -> Entry:
    """Return a part of the page with one table."""
    return {"title": title, "table": {"caption": caption, "columns": columns, "rows": rows}}


def served_row(endpoint: Entry, clock: Clock) -> Entry:
    """Return an endpoint as the report shows it."""
    row = {"where": where_of(endpoint), "address": endpoint["address"], "chain": endpoint["error"]}
    if endpoint["error"]:
        return row
    leaf = endpoint["certificates"][0]
    return {
        **row,
        **{name: leaf[name] for name in ("not_after", "issuer", "fingerprint")},
        "days": days_left(leaf["not_after"], clock.now),
        "key": f"{leaf['key_type']} {leaf['key_bits']}",
        "version": endpoint["version"],
        "chain": endpoint["chain_problem"].get("says", f"{len(endpoint['certificates'])} certificates, trusted"),
    }


def held_row(certificate: Entry, clock: Clock) -> Entry:
    """Return a certificate as the report shows it."""
    row = {name: certificate.get(name) for name in ("store", "id", "not_after", "type")}
    ends = certificate.get("not_after")
    return {
        **row,
        "names": ", ".join(certificate.get("names") or ()),
        "users": ", ".join(certificate.get("users") or ()),
        "days": days_left(ends, clock.now) if ends else None,
        "renewal": certificate.get("renewal") or certificate.get("broken"),
    }


def services_section(kept: Entry) -> Entry:
    """Return the facts of the database, the cache and the records."""
    database, cache = kept.get("database") or {}, kept.get("cache") or {}
    facts = [{"name": "Certificate of the database ends", "value": database.get("certificate_ends"), "kind": "time"}]
    for authority in database.get("authorities", []):
        facts.append({"name": f"Authority {authority['name']} ends", "value": authority["ends"], "kind": "time"})
        facts.append({"name": f"Clients trust {authority['name']}", "value": authority["trusted"], "kind": "text"})
    facts.append({"name": "Cache encrypts connections", "value": cache.get("encrypted"), "kind": "text"})
    for record in kept["records"]:
        leads = ", ".join(record["found"]) or record["error"] or "nowhere"
        facts.append({"name": f"Validation record of {record['domain']} leads to", "value": leads, "kind": "text"})
    return {"title": "Database, cache and renewals", "facts": facts}
