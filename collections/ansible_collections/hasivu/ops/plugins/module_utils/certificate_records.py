# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The DNS records on which renewals depend: the one that proves a name to ACM, and those that say who may issue."""

from __future__ import annotations

import traceback
from typing import Any

try:
    import dns.exception
    import dns.name
    import dns.resolver
except ImportError:
    DNSPYTHON_IMPORT_ERROR: str | None = traceback.format_exc()
else:
    DNSPYTHON_IMPORT_ERROR = None

SECONDS = 5


def make_resolver(nameservers: list[str], port: int) -> dns.resolver.Resolver:
    """Return a resolver of the given name servers, or of those of the machine.

    Raises:
        DNSException: The machine names none.
    """
    resolver = dns.resolver.Resolver(configure=not nameservers)
    if nameservers:
        resolver.nameservers = list(nameservers)
        resolver.port = port
    resolver.lifetime = SECONDS
    return resolver


def read_validation(resolver: dns.resolver.Resolver, record: dict[str, str]) -> dict[str, Any]:
    """Return where the record of a name leads now; nowhere when it is gone; or why that is not known."""
    try:
        answer = resolver.resolve(record["name"], "CNAME")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return {**record, "found": [], "error": ""}
    except dns.exception.DNSException as error:
        return {**record, "found": [], "error": plain(error)}
    return {**record, "found": [str(entry.target) for entry in answer], "error": ""}


def read_issuers(resolver: dns.resolver.Resolver, domain: str) -> dict[str, Any]:
    """Return who may issue for a name: the CAA records of the nearest name above it that has any (RFC 8659)."""
    wildcard = domain.startswith("*.")
    name = dns.name.from_text(domain.removeprefix("*."))
    try:
        while name != dns.name.root:
            entries = issuers_at(resolver, name)
            if entries:
                return {"domain": domain, "at": str(name), "issuers": allowed(entries, wildcard), "error": ""}
            name = name.parent()
    except dns.exception.DNSException as error:
        return {"domain": domain, "at": "", "issuers": None, "error": plain(error)}
    return {"domain": domain, "at": "", "issuers": None, "error": ""}


def issuers_at(resolver: dns.resolver.Resolver, name: dns.name.Name) -> list[tuple[str, str]]:
    """Return tag and issuer of each CAA record of exactly this name.

    Raises:
        DNSException: It could not be asked.
    """
    try:
        answer = resolver.resolve(name, "CAA")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    return [(entry.tag.decode().lower(), entry.value.decode().partition(";")[0].strip().lower()) for entry in answer]


def allowed(entries: list[tuple[str, str]], wildcard: bool) -> list[str] | None:
    """Return the issuers that CAA records allow, or nothing when they restrict nobody."""
    tags = {tag for tag, _ in entries}
    wanted = "issuewild" if wildcard and "issuewild" in tags else "issue"
    return [issuer for tag, issuer in entries if tag == wanted] if wanted in tags else None


def plain(error: Exception) -> str:
    """Return what went wrong in one line."""
    return " ".join(str(error).split()) or type(error).__name__
