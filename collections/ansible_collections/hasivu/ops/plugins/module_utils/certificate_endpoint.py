# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with what an endpoint serves."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.certificate import covers
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_age import (
    Clock,
    age_finding,
    how_to_renew,
    moment,
    strength_findings,
)
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

MODERN = ("TLSv1.2", "TLSv1.3")
CHAIN_SEVERITY = {"incomplete": "high", "untrusted": "high", "expired": "critical", "weak": "high"}
CHAIN_MEND = {
    "incomplete": "Hand out the intermediate too: import the certificate with its chain, or mend the server's bundle.",
    "untrusted": "Have the certificate issued by an authority that the clients trust.",
    "expired": "Get the authority's present certificate, and hand that one out.",
    "weak": "Get the authority's present certificate, signed with SHA-256, and hand that one out.",
}

Entry = dict[str, Any]
Finding = dict[str, str]


def endpoint_findings(endpoint: Entry, held: list[Entry], stores_read: bool, clock: Clock) -> list[Finding]:
    """Return the findings of one address of an endpoint."""
    where = where_of(endpoint)
    if endpoint["error"]:
        return [unseen(endpoint, where, clock)]
    leaf = endpoint["certificates"][0]
    subject = f"The certificate that {where} serves"
    do = how_to_renew(keeper_of(endpoint, held), endpoint["renewal"])
    found = [
        age_finding(leaf, where, subject, do, clock),
        name_finding(endpoint, leaf, where, clock),
        chain_finding(endpoint, where, clock),
        version_finding(endpoint, where, clock),
        *strength_findings(leaf, where, subject, clock),
    ]
    if stores_read and endpoint["renewal"] == "store" and endpoint["protocol"] == "tls":
        found.append(store_finding(endpoint, leaf, held, where, clock))
    return [one for one in found if one]


def where_of(endpoint: Entry) -> str:
    """Return an endpoint as people name it."""
    return str(endpoint["host"]) if endpoint["port"] == 443 else f"{endpoint['host']}:{endpoint['port']}"


def unseen(endpoint: Entry, where: str, clock: Clock) -> Finding:
    """Return the finding of an endpoint of which nothing was seen."""
    at = f" at {endpoint['address']}" if endpoint["address"] else ""
    what = f"What {where} serves is not known: {endpoint['error']}{at}."
    why = "A certificate that nobody has looked at may have ended, or be the wrong one."
    do = "Mend the endpoint or the way to it, or its address in the inventory, and run the review again."
    return finding(what, where, why, do, "high", key="endpoint-unknown", control="PCI-4.2.1.1", **clock.due("high"))


def name_finding(endpoint: Entry, leaf: Entry, where: str, clock: Clock) -> Finding | None:
    """Return the finding of a certificate that lacks a name."""
    missing = [host for host in endpoint["names"] if not covers(leaf["names"], host)]
    if not missing:
        return None
    names = ", ".join(leaf["names"]) or "no host at all"
    what = f"The certificate that {where} serves does not cover {', '.join(missing)}; it is for {names}."
    why = "Clients refuse a connection to a host that the certificate does not name."
    do = f"Have it issued anew with the subject alternative names {', '.join(endpoint['names'])}, and put it in place."
    due = clock.due("critical")
    return finding(what, where, why, do, "critical", key="certificate-name-mismatch", control="PCI-4.2.1", **due)


def chain_finding(endpoint: Entry, where: str, clock: Clock) -> Finding | None:
    """Return the finding of a chain that does not lead to a trusted authority."""
    problem = endpoint["chain_problem"]
    if not problem:
        return None
    kind = problem["kind"]
    what = f"The chain that {where} serves cannot be trusted: {problem['says']}."
    why = "Clients that do not happen to know the missing link refuse the connection; apps and partners do so first."
    severity = CHAIN_SEVERITY[kind]
    due = clock.due(severity)
    return finding(what, where, why, CHAIN_MEND[kind], severity, key=f"chain-{kind}", control="PCI-4.2.1", **due)


def version_finding(endpoint: Entry, where: str, clock: Clock) -> Finding | None:
    """Return the finding of an endpoint whose best version of TLS is an old one."""
    if endpoint["version"] in MODERN:
        return None
    what = f"{where} speaks {endpoint['version']} and nothing newer."
    why = "Versions before TLS 1.2 are broken, and browsers refuse them."
    do = "Allow TLS 1.2 and 1.3 and nothing older in the security policy of the endpoint."
    return finding(what, where, why, do, "high", key="old-tls", control="PCI-4.2.1", **clock.due("high"))


def keeper_of(endpoint: Entry, held: list[Entry]) -> Entry | None:
    """Return where the certificate of an endpoint is kept: the very one, else the newest for its host."""
    leaf = endpoint["certificates"][0]
    same = [one for one in held if one.get("fingerprint") == leaf["fingerprint"]]
    return next(iter([*same, *newest_first(endpoint, held)]), None)


def newest_first(endpoint: Entry, held: list[Entry]) -> list[Entry]:
    """Return the certificates that are kept for the host of an endpoint, the newest first."""
    fit = [one for one in held if "fingerprint" in one and covers(one["names"], endpoint["host"])]
    return sorted(fit, key=lambda one: moment(one["not_after"]), reverse=True)


def unlisted_findings(endpoints: list[Entry], held: list[Entry], ingresses: list[Entry], clock: Clock) -> list[Finding]:
    """Return the findings of hosts with a certificate in use that the inventory does not list."""
    listed = {host.lower() for endpoint in endpoints for host in endpoint["names"]}
    served = {endpoint["certificates"][0]["fingerprint"] for endpoint in endpoints if not endpoint["error"]}
    in_use = [one for one in held if one.get("users") and one.get("fingerprint") not in served]
    hosts = {host: one["id"] for one in in_use for host in one["names"]}
    hosts |= {host: entry["ingress"] for entry in ingresses for host in entry["hosts"]}
    wanted = sorted(host for host in hosts if host.lower() not in listed and not host.startswith("*."))
    return [unlisted(host, hosts[host], clock) for host in wanted]


def unlisted(host: str, where_used: str, clock: Clock) -> Finding:
    """Return the finding of a host that nobody looks at from a client's side."""
    what = f"{host} has a certificate in use ({where_used}), and is no endpoint of the inventory."
    why = "What it serves was not seen; an old certificate there would be found by its users."
    do = "Add it to certificates_endpoints in the inventory, or take the certificate out of use."
    return finding(what, host, why, do, "low", key="endpoint-not-listed", control="PCI-4.2.1.1", **clock.due("low"))


def store_finding(endpoint: Entry, leaf: Entry, held: list[Entry], where: str, clock: Clock) -> Finding | None:
    """Return the finding of an endpoint that serves another certificate than the one that is kept for it."""
    if any(one.get("fingerprint") == leaf["fingerprint"] for one in held):
        return None
    kept = next(iter(newest_first(endpoint, held)), None)
    if kept is None or moment(kept["not_after"]) <= moment(leaf["not_after"]):
        what = f"The certificate that {where} serves is kept in no store that this review knows."
        why = "Nobody can renew in time what nobody keeps."
        do = (
            "Import it into ACM, keep it in a Secret, or write `renewal: certbot` beside the endpoint in the inventory."
        )
        due = clock.due("medium")
        return finding(what, where, why, do, "medium", key="served-not-kept", control="PCI-4.2.1.1", **due)
    what = (
        f"{where} serves a certificate that ends on {leaf['not_after'][:10]}, and {kept['store']} holds a renewed one "
        f"that ends on {kept['not_after'][:10]}."
    )
    why = "A renewal that is not served helps nobody: the old certificate ends on its day."
    do = f"Reload what terminates TLS for {where}, or point it at {kept['id']}, and run the review again."
    due = clock.due("high", moment(leaf["not_after"]))
    return finding(what, where, why, do, "high", key="renewed-not-served", control="PCI-4.2.1", **due)
