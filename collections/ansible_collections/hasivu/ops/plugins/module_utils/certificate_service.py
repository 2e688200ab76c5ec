# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with the database's authority, the cache's connections and the records on which renewals depend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.certificate_age import Clock, moment, when
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

AMAZON = ("amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com")

Entry = dict[str, Any]
Finding = dict[str, str]


def database_findings(database: Entry, clock: Clock) -> Iterator[Finding]:
    """Yield the findings of the instance's certificate and of its authorities."""
    name = database["id"]
    if database["certificate_ends"]:
        ends = moment(database["certificate_ends"])
        severity = clock.urgency(ends)
        if severity:
            what = f"The certificate of the database {name} {when(ends, clock.now)}."
            why = "Clients that verify it, as all of HASIVU do, cannot connect any more."
            do = "Look at the pending maintenance of the instance; RDS renews it there, or choose another authority."
            due = clock.due(severity, ends)
            yield finding(what, name, why, do, severity, key="database-certificate-ends", **due)
    for authority in database["authorities"]:
        yield from authority_findings(authority, database, clock)


def authority_findings(authority: Entry, database: Entry, clock: Clock) -> Iterator[Finding]:
    """Yield the findings of an authority that signs, or will sign, the certificate of the database."""
    name, where = authority["name"], database["id"]
    ends = moment(authority["ends"])
    severity = clock.urgency(ends)
    if severity:
        what = f"The authority {name} of the database {where} {when(ends, clock.now)}."
        why = "With it ends every certificate that it has signed."
        do = "Give all clients the present bundle first, then choose a newer authority for the instance."
        yield finding(what, where, why, do, severity, key="database-authority-ends", **clock.due(severity, ends))
    if not authority["trusted"]:
        yield untrusted(authority, database, clock)


def untrusted(authority: Entry, database: Entry, clock: Clock) -> Finding:
    """Return the finding of an authority that clients do not trust, or may not."""
    bundle, problem = database["bundle"], authority["bundle_problem"]
    why = "A client that verifies the database with this bundle cannot connect to it."
    do = "Put the present bundle of RDS there (truststore.pki.rds.amazonaws.com), and give it to every client."
    if problem:
        what = f"Whether clients trust the authority {authority['name']} is not known: the bundle {bundle} {problem}."
        key = "database-bundle-unknown"
    else:
        what = f"The bundle {bundle} does not hold {authority['name']}, the authority of {database['id']}."
        key = "database-authority-not-trusted"
    return finding(what, database["id"], why, do, "high", key=key, control="PCI-4.2.1.1", **clock.due("high"))


def cache_findings(cache: Entry, clock: Clock) -> Iterator[Finding]:
    """Yield the finding of a cache that takes connections in the clear."""
    if cache["encrypted"] and cache["mode"] != "preferred":
        return
    how = "also takes" if cache["encrypted"] else "takes only"
    what = f"The cache {cache['id']} {how} connections that are not encrypted."
    why = "Sessions and tokens pass the network as they are, for whoever listens."
    do = "Set TransitEncryptionMode to preferred, move every client to TLS, then set it to required."
    yield finding(what, cache["id"], why, do, "medium", key="cache-not-encrypted", **clock.due("medium"))


def record_findings(record: Entry, clock: Clock) -> Iterator[Finding]:
    """Yield the finding of a validation record that is gone, leads elsewhere or could not be asked for."""
    name, domain = record["name"], record["domain"]
    why = "ACM looks for it at every renewal; without it the certificate is not renewed, and ends on its day."
    do = f"Make the record {name} CNAME {record['value']} again, and leave it there for good."
    if record["error"]:
        what = f"Whether the record by which ACM renews {domain} is there is not known: {record['error']}"
        key, do = "validation-record-unknown", "Mend the name server or the way to it, and run the review again."
    elif not record["found"]:
        what, key = f"The record by which ACM renews {domain} is gone.", "validation-record-missing"
    elif same(record["found"][0], record["value"]):
        return
    else:
        what = f"The record by which ACM renews {domain} leads to {record['found'][0]}."
        key = "validation-record-wrong"
    yield finding(what, domain, why, do, "high", key=key, control="PCI-4.2.1", **clock.due("high"))


def same(one: str, other: str) -> bool:
    """Tell whether two names are the same."""
    return one.rstrip(".").lower() == other.rstrip(".").lower()


def issuer_findings(entry: Entry, clock: Clock) -> Iterator[Finding]:
    """Yield the finding of a name whose CAA records keep Amazon from renewing."""
    domain = entry["domain"]
    if entry["error"]:
        what = f"Who may issue certificates for {domain} is not known: {entry['error']}"
        why = "CAA records that do not name Amazon would stop the renewal."
        do = "Mend the name server or the way to it, and run the review again."
        yield finding(what, domain, why, do, "high", key="caa-unknown", **clock.due("high"))
    elif entry["issuers"] is not None and not set(entry["issuers"]) & set(AMAZON):
        what = f"The CAA records at {entry['at']} do not let Amazon issue for {domain}."
        why = "ACM obeys them, and does not renew the certificate."
        do = f'Add a record to them: {entry["at"]} CAA 0 issue "amazon.com".'
        yield finding(what, domain, why, do, "high", key="caa-forbids-renewal", **clock.due("high"))


def unread_finding(entry: Entry, clock: Clock) -> Finding:
    """Return the finding of a source that could not be read."""
    what = f"What {entry['source']} holds is not known: {entry['error']}"
    why = "A certificate that nobody has looked at may have ended."
    do = "Mend the way to it or the rights of the reviewing role, and run the review again."
    due = clock.due("high")
    return finding(what, entry["source"], why, do, "high", key="source-unknown", control="PCI-4.2.1.1", **due)
