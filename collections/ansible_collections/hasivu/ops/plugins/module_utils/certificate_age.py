# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How urgent the end of a certificate is, how strong it is, and how it is renewed where it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.certificate_chain import WEAK_SIGNATURES
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import deadline, finding
from ansible_collections.hasivu.ops.plugins.module_utils.report_values import IST

STRONG_KEYS = {"RSA": 2048, "EC": 256, "Ed25519": 256, "Ed448": 256}
IMPORT = (
    "ACM never renews an imported certificate. Get a renewed one and import it onto the same ARN, {id}, with "
    "ImportCertificate, so that everything that uses it goes on."
)
RENEWALS = {
    "IMPORTED": IMPORT,
    "AMAZON_ISSUED": "ACM renews {id} by itself as soon as it sees the validation record. Mend that record in DNS.",
    "PRIVATE": "Look at the private authority that issues {id}, and at its rights.",
    "IAM": (
        "Import the renewed certificate into ACM, point the load balancer at it, and delete {id} from IAM, which "
        "renews nothing."
    ),
    "Kubernetes": "Look at cert-manager's Certificate for the Secret {id}, or apply a renewed Secret.",
    "certbot": (
        "On the host, see that certbot's timer runs every day, try `certbot renew --dry-run`, and let a deploy hook "
        "reload the server. Do not renew with --nginx, which rewrites its configuration."
    ),
}
UNKNOWN_RENEWAL = "Find out who renews it, renew it, and keep it in ACM or in a Secret, where this review sees it."


@dataclass(frozen=True)
class Clock:
    """The present moment, and how many days before its end a certificate is how urgent."""

    now: datetime
    critical_days: int = 7
    high_days: int = 14
    medium_days: int = 30

    def urgency(self, ends: datetime) -> str:
        """Return the severity of an end, or an empty text while it is far away."""
        left = ends - self.now
        limits = (("critical", self.critical_days), ("high", self.high_days), ("medium", self.medium_days))
        return next((severity for severity, days in limits if left <= timedelta(days=days)), "")

    def due(self, severity: str, ends: datetime | None = None) -> dict[str, str]:
        """Return the day by which a finding must be mended: as its severity asks, and not after the end itself."""
        today = self.now.astimezone(IST).date()
        day = deadline(severity, today)
        if day is None:
            return {}
        if ends is not None:
            day = min(day, max(today, ends.astimezone(IST).date()).isoformat())
        return {"deadline": day}


def moment(text: str) -> datetime:
    """Return the moment that a text names."""
    return datetime.fromisoformat(text)


def days_left(text: str, now: datetime) -> int:
    """Return the whole days until a moment, or below zero since then."""
    return int((moment(text) - now) / timedelta(days=1))


def when(ends: datetime, now: datetime) -> str:
    """Return in words when something ends or has ended."""
    days = abs(ends - now) // timedelta(days=1)
    span = f"{days} day{'' if days == 1 else 's'}"
    day = f"{ends.astimezone(IST):%Y-%m-%d %H:%M} IST"
    return f"has ended {span} ago, on {day}" if ends < now else f"ends in {span}, on {day}"


def age_finding(certificate: dict[str, Any], where: str, subject: str, do: str, clock: Clock) -> dict[str, str] | None:
    """Return the finding of a certificate that has ended, ends soon or has not begun."""
    ends, begins = moment(certificate["not_after"]), moment(certificate["not_before"])
    severity = clock.urgency(ends)
    if begins > clock.now:
        key, severity, what = "certificate-not-yet-valid", "critical", f"is valid from {certificate['not_before']} only"
    elif severity:
        key = "certificate-expired" if ends < clock.now else "certificate-ends-soon"
        what = when(ends, clock.now)
    else:
        return None
    why = "Clients refuse a connection with a certificate that is not valid."
    due = clock.due(severity, ends)
    return finding(f"{subject} {what}.", where, why, do, severity, key=key, control="PCI-4.2.1", **due)


def strength_findings(certificate: dict[str, Any], where: str, subject: str, clock: Clock) -> list[dict[str, str]]:
    """Return the findings of a weak key and of a weak signature."""
    found = []
    kind, bits, digest = certificate["key_type"], certificate["key_bits"], certificate["signature"]
    do = "Have it issued anew for a new key, EC P-256 or RSA of 2048 bits or more, signed with SHA-256."
    if bits < STRONG_KEYS.get(kind, bits + 1):
        what = f"{subject} has a key of {kind} with {bits} bits."
        why = "Such a key can be found by trying; whoever has it can read and forge what it protects."
        found.append(("weak-key", what, why))
    if digest in WEAK_SIGNATURES:
        why = "Two certificates with the same signature can be made, and clients refuse them."
        found.append(("weak-signature", f"{subject} is signed with {digest.upper()}.", why))
    return [
        finding(what, where, why, do, "high", key=key, control="PCI-12.3.3", **clock.due("high"))
        for key, what, why in found
    ]


def how_to_renew(held: dict[str, Any] | None, renewal: str) -> str:
    """Return what to do about a certificate, by where it is kept or by who renews it."""
    if held is None:
        return RENEWALS.get(renewal, UNKNOWN_RENEWAL)
    kind = held.get("type") or held["store"]
    return RENEWALS.get(kind, UNKNOWN_RENEWAL).format(id=held["id"])
