"""The DNS of the sandbox's names, over UDP: the records by which ACM validates, and who may issue certificates."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from hasivu_play.sandbox.edge.names import DOMAIN, validation_record
from hasivu_play.sandbox.http_part import read_faults
from hasivu_play.sandbox.request_log import RequestLog

ORIGIN = dns.name.from_text("hasivu.edu.in")
SECONDS = 300
VALIDATED = ("www",)
ISSUERS = ("amazon.com", "letsencrypt.org")

Records = dict[tuple[dns.name.Name, dns.rdatatype.RdataType], dns.rrset.RRset]


class Zone(asyncio.DatagramProtocol):
    """An authoritative server of one zone."""

    def __init__(self, directory: Path, log: RequestLog) -> None:
        """Look for faults in the folder of the part."""
        self._directory = directory
        self._log = log
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport  # type: ignore[assignment]  # it is a DatagramTransport here

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question; what is no question is dropped, as is every one while the fault says so."""
        faults = read_faults(self._directory)
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        if self._transport is None or faults.get("dns_silent") or not query.question:
            return
        response = answer(query, records(validated(self._directory), faults.get("caa", ISSUERS)))
        question = query.question[0]
        kind = dns.rdatatype.to_text(question.rdtype)
        self._log.write(f"{kind} {question.name}", changing=False, status=int(response.rcode()), client=addr[0])
        self._transport.sendto(response.to_wire(), addr)


def validated(directory: Path) -> list[str]:
    """Return the names whose record for ACM stands in the zone; `zone.json` says which, and a fault removes some."""
    file = directory / "zone.json"
    names = json.loads(file.read_text(encoding="utf-8"))["validated"] if file.exists() else VALIDATED
    return [name for name in names if name not in read_faults(directory).get("records_removed", [])]


def records(names: list[str], issuers: list[str] | tuple[str, ...]) -> Records:
    """Return the records of the zone: those by which ACM sees names, and who may issue."""
    found: Records = {}
    for name in names:
        owner, target = validation_record(name)
        add(found, owner, "CNAME", [target])
    if issuers:
        add(found, str(ORIGIN), "CAA", [f'0 issue "{issuer}"' for issuer in issuers])
    add(found, DOMAIN, "TXT", ['"the sandbox of hasivu-play"'])
    return found


def add(found: Records, owner: str, kind: str, values: list[str]) -> None:
    """Add the records of one name and kind."""
    made = dns.rrset.from_text(owner if owner.endswith(".") else f"{owner}.", SECONDS, "IN", kind, *values)
    found[made.name, made.rdtype] = made


def answer(query: dns.message.Message, known: Records) -> dns.message.Message:
    """Return the answer: the records, or that the name has none of them, or that there is no such name."""
    response = dns.message.make_response(query)
    question = query.question[0]
    if not question.name.is_subdomain(ORIGIN):
        response.set_rcode(dns.rcode.REFUSED)
        return response
    response.flags |= dns.flags.AA
    found = known.get((question.name, question.rdtype)) or known.get((question.name, dns.rdatatype.CNAME))
    if found:
        response.answer.append(found)
    elif not any(owner.is_subdomain(question.name) for owner, _ in known):
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response
