# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the certificates that a server hands out lead to an authority that its clients trust."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ansible_collections.hasivu.ops.plugins.module_utils.certificate import (
    instant,
    is_authority,
    name_text,
    signature_of,
)

if TYPE_CHECKING:
    from cryptography import x509

WEAK_SIGNATURES = ("md5", "sha1")


def chain_problem(served: list[x509.Certificate], trusted: list[x509.Certificate], now: datetime) -> dict[str, str]:
    """Return kind and sentence of what is wrong with a chain, or an empty mapping.

    The age of the server's own certificate is not looked at, so that one that has ended hides nothing else.
    """
    current, left = served[0], served[1:]
    while not is_trusted(current, trusted):
        issuer = next((other for other in left if issued(current, other)), None)
        if issuer is None:
            return end_of_chain(current)
        problem = authority_problem(issuer, now)
        if problem:
            return problem
        left = [other for other in left if other is not issuer]
        current = issuer
    return {}


def is_trusted(certificate: x509.Certificate, trusted: list[x509.Certificate]) -> bool:
    """Tell whether a certificate is one that clients trust, or is signed by one."""
    return any(certificate == root or issued(certificate, root) for root in trusted)


def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether an authority has signed a certificate."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # InvalidSignature, and what cryptography raises for keys and digests that it does not know
        return signature_of(certificate) in WEAK_SIGNATURES
    return True


def end_of_chain(last: x509.Certificate) -> dict[str, str]:
    """Return why a chain ends before it reaches an authority that clients trust."""
    if last.issuer == last.subject:
        return {"kind": "untrusted", "says": f"{name_text(last.subject)} vouches for itself and is not trusted"}
    missing = f"the certificate of {name_text(last.issuer)} is neither handed out by the server nor trusted by clients"
    return {"kind": "incomplete", "says": missing}


def authority_problem(issuer: x509.Certificate, now: datetime) -> dict[str, str]:
    """Return what is wrong with an authority of the chain, or an empty mapping."""
    name = name_text(issuer.subject)
    if not is_authority(issuer):
        return {"kind": "untrusted", "says": f"{name} signs certificates without being an authority"}
    if not issuer.not_valid_before_utc <= now <= issuer.not_valid_after_utc:
        return {"kind": "expired", "says": f"the authority {name} has ended on {instant(issuer.not_valid_after_utc)}"}
    if signature_of(issuer) in WEAK_SIGNATURES:
        return {"kind": "weak", "says": f"the authority {name} is signed with {signature_of(issuer).upper()}"}
    return {}
