# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with the certificates that ACM, IAM and Kubernetes keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.certificate import covers
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_age import (
    Clock,
    age_finding,
    how_to_renew,
    moment,
    strength_findings,
    when,
)
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

CIS_EXPIRED_IN_IAM = "CIS-AWS-6.0.0-2.18"
USABLE = ("ISSUED", "EXPIRED")

Entry = dict[str, Any]
Finding = dict[str, str]


def held_findings(held: Entry, served: set[str], clock: Clock) -> Iterator[Finding]:
    """Yield the findings of a certificate; those of one that an endpoint serves stand at the endpoint."""
    subject = f"The certificate of {', '.join(held.get('names') or ()) or held['id']} in {held['store']}"
    if "broken" in held:
        yield unreadable(held, clock)
        return
    if held.get("type") == "AMAZON_ISSUED" and held["users"]:
        yield from renewal_findings(held, subject, clock)
    if held.get("status", "ISSUED") not in USABLE:
        yield not_usable(held, subject, clock)
        return
    if is_unused(held):
        yield from unused(held, subject, clock)
        return
    yield from content_findings(held, subject, served, clock)


def content_findings(held: Entry, subject: str, served: set[str], clock: Clock) -> Iterator[Finding]:
    """Yield the findings of what stands in a certificate that is in use."""
    if held.get("key_belongs") is False:
        yield wrong_key(held, subject, clock)
    ended_in_iam = held["store"] == "IAM" and moment(held["not_after"]) < clock.now
    if ended_in_iam:
        yield expired_in_iam(held, subject, clock)
    elif held["fingerprint"] not in served:
        age = age_finding(held, held["id"], subject, how_to_renew(held, ""), clock)
        yield from [age] if age else []
    if held["fingerprint"] not in served:
        yield from strength_findings(held, held["id"], subject, clock)
    if held.get("type") == "IMPORTED" and not clock.urgency(moment(held["not_after"])):
        yield by_hand(held, subject, clock)


def is_unused(held: Entry) -> bool:
    """Tell whether nothing uses a certificate, which only ACM knows of its own."""
    return held["store"].startswith("ACM") and not held["users"]


def unreadable(held: Entry, clock: Clock) -> Finding:
    """Return the finding of an entry that holds no certificate."""
    what = f"{held['id']} in {held['store']} {held['broken']}."
    why = "Whatever uses it serves no valid certificate, or none that this review can vouch for."
    do = "Put a certificate in PEM form there, its own first and its intermediates after it, or remove the entry."
    due = clock.due("high")
    return finding(what, held["id"], why, do, "high", key="certificate-unreadable", control="PCI-4.2.1.1", **due)


def not_usable(held: Entry, subject: str, clock: Clock) -> Finding:
    """Return the finding of a certificate that ACM does not give out, such as a revoked one."""
    status = held["status"].lower().replace("_", " ")
    severity = "critical" if held["status"] == "REVOKED" and held["users"] else "medium"
    reason = f" ({held['status_reason']})" if held["status_reason"] else ""
    why = "Clients refuse it." if severity == "critical" else "What waits for it has no certificate."
    do = "Request it anew and mend what kept it from being issued, or delete it when nobody waits for it."
    due = clock.due(severity)
    key = f"certificate-{held['status'].lower().replace('_', '-')}"
    return finding(f"{subject} is {status}{reason}.", held["id"], why, do, severity, key=key, **due)


def unused(held: Entry, subject: str, clock: Clock) -> Iterator[Finding]:
    """Yield the finding of a certificate that ends and that nothing uses."""
    ends = moment(held["not_after"])
    if clock.urgency(ends):
        why = "A certificate that nobody uses hides those that matter, and may be put in place by mistake."
        do = f"Delete {held['id']} when nothing needs it any more."
        what = f"{subject} {when(ends, clock.now)}, and nothing uses it."
        yield finding(what, held["id"], why, do, "low", key="certificate-unused", control="PCI-4.2.1.1")


def wrong_key(held: Entry, subject: str, clock: Clock) -> Finding:
    """Return the finding of a Secret whose key belongs to another certificate."""
    what = f"{subject} ({held['id']}) lies beside a private key that is not its own."
    why = "The ingress controller cannot use it, and serves another certificate or none."
    do = "Apply the Secret again with the key that the certificate was issued for."
    return finding(what, held["id"], why, do, "critical", key="key-mismatch", **clock.due("critical"))


def expired_in_iam(held: Entry, subject: str, clock: Clock) -> Finding:
    """Return the finding of a server certificate of IAM that has ended."""
    ends = moment(held["not_after"])
    why = "A load balancer or distribution may still serve it, and it can be put in place by mistake."
    due = clock.due("critical", ends)
    what = f"{subject} {when(ends, clock.now)}."
    do = how_to_renew(held, "")
    key = "iam-certificate-expired"
    return finding(what, held["id"], why, do, "critical", key=key, control=CIS_EXPIRED_IN_IAM, **due)


def by_hand(held: Entry, subject: str, clock: Clock) -> Finding:
    """Return the advice on a certificate that nobody but a person renews."""
    what = f"{subject} {when(moment(held['not_after']), clock.now)}, and ACM will not renew it, for it was imported."
    why = "A renewal that rests on a calendar is forgotten one day."
    do = f"{how_to_renew(held, '')} Better, request one from ACM, which renews by itself."
    return finding(what, held["id"], why, do, "advice", key="imported-certificate", control="PCI-4.2.1.1")


def renewal_findings(held: Entry, subject: str, clock: Clock) -> Iterator[Finding]:
    """Yield the findings of a certificate in use that ACM should renew and does not."""
    status, reason = held["renewal"], held["renewal_reason"]
    ends = moment(held["not_after"]) if "not_after" in held else None
    why = "Without its renewal the certificate ends on its day, and clients refuse it."
    do = how_to_renew(held, "")
    if status in ("FAILED", "PENDING_VALIDATION"):
        severity = "critical" if ends and clock.urgency(ends) == "critical" else "high"
        said = "waits for the validation of its names" if status == "PENDING_VALIDATION" else "has failed"
        what = f"The renewal of {subject[0].lower()}{subject[1:]} {said}{f' ({reason})' if reason else ''}."
        key = f"renewal-{status.lower().replace('_', '-')}"
        yield finding(what, held["id"], why, do, severity, key=key, control="PCI-4.2.1", **clock.due(severity, ends))
    if not held["eligible"] and held["status"] == "ISSUED":
        what = f"{subject} is in use and not eligible for renewal."
        yield finding(what, held["id"], why, do, "medium", key="renewal-not-eligible", **clock.due("medium", ends))


def ingress_findings(entry: Entry, held: list[Entry], clock: Clock) -> Iterator[Finding]:
    """Yield the findings of an Ingress whose Secret is missing or covers another host."""
    if not entry["secret"]:
        return
    secret = next((one for one in held if one["store"] == "Kubernetes" and one["id"] == entry["secret"]), None)
    where, due = entry["ingress"], clock.due("critical")
    why = "The ingress controller serves a certificate of its own in its place, which clients refuse."
    if secret is None:
        what = f"The Ingress {where} names the Secret {entry['secret']}, which is no TLS Secret of the namespace."
        do = "Make the Secret, or mend its name in the Ingress."
        yield finding(what, where, why, do, "critical", key="ingress-without-secret", **due)
        return
    missing = [host for host in entry["hosts"] if not covers(secret.get("names", []), host)]
    if missing and "broken" not in secret:
        what = f"The Secret {entry['secret']} of the Ingress {where} does not cover {', '.join(missing)}."
        do = "Have the certificate issued anew for every host of the Ingress."
        yield finding(what, where, why, do, "critical", key="certificate-name-mismatch", control="PCI-4.2.1", **due)
