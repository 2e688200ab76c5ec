# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Turn hits, failures and old databases into findings, the worst first, and no more of them than a person reads."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import deadline, finding
from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import (
    MISCONFIGURATION,
    SECRET,
    Hit,
    Scan,
)
from ansible_collections.hasivu.ops.plugins.module_utils.scan_severity import ORDER

CONTROLS = {SECRET: "PCI-8.6.2", MISCONFIGURATION: "PCI-6.3.1"}
NORMAL_WAY = "by a pull request and the normal deployment"


def by(severity: str, today: date) -> dict[str, str]:
    """Return by when something of a severity must be mended, where there is such a day."""
    day = deadline(severity, today)
    return {"deadline": day} if day else {}


def with_deadline(found: dict[str, str], today: date) -> dict[str, str]:
    """Return a finding with the day by which it must be mended."""
    return {**by(found["severity"], today), **found}


def findings_of(scan: Scan, most: int) -> list[dict[str, str]]:
    """Return the findings of one scan: a failure, what was left out, and the hits up to a number."""
    if scan.outcome == "missed":
        return []  # the scanner has a finding of its own
    if scan.outcome == "failed":
        return [unknown(scan, scan.reason)]
    left_out = [unknown(scan, f"left out {part}") for part in scan.left_out]
    ranked = sorted(scan.hits, key=lambda hit: ORDER.index(hit.severity))
    shown = [hit_finding(scan, hit) for hit in ranked[:most]]
    return [*left_out, *shown, *flood(scan, ranked[most:])]


def unknown(scan: Scan, reason: str) -> dict[str, str]:
    """Return the finding of something that is not known."""
    return finding(
        f"The scan {scan.scanner} of {scan.target} {reason}.",
        scan.target,
        "What was not scanned is unknown, not clean.",
        "Mend the cause and run again; the scanner can be run by hand against the same target.",
        "high",
        key="scan-failed",
        control="PCI-11.3.1",
    )


def flood(scan: Scan, rest: list[Hit]) -> list[dict[str, str]]:
    """Return one finding for the hits that the page does not show."""
    if not rest:
        return []
    counts = Counter(hit.severity for hit in rest)
    words = ", ".join(f"{counts[word]} {word}" for word in ORDER if counts[word])
    worst = rest[0].severity
    return [
        finding(
            f"The scan {scan.scanner} of {scan.target} hit {len(rest)} things more: {words}.",
            scan.target,
            "So many hits point to a base image or a framework that was left behind.",
            "Read them in scans/scans.json of the record; update the base first.",
            worst,
            key="scan-flood",
        )
    ]


def hit_finding(scan: Scan, hit: Hit) -> dict[str, str]:
    """Return the finding of one hit."""
    what, where, do = WORDING.get(hit.kind, vulnerable)(scan, hit)
    control = CONTROLS.get(hit.kind, "PCI-6.3.3")
    more = {"key": hit.key, "control": control}
    return finding(what, where, hit.title or "Its advisory tells no reason.", do, hit.severity, **more)


def vulnerable(scan: Scan, hit: Hit) -> tuple[str, str, str]:
    """Return what, where and what to do of a vulnerable package."""
    do = (
        f"Update to {hit.fixed} {NORMAL_WAY}."
        if hit.fixed
        else "No fix is published: remove it, shield it, or except it with an owner and a date."
    )
    what = f"{hit.package} {hit.version} has {hit.key} ({hit.severity})."
    return what, f"{hit.package}@{hit.version} in {scan.digest}/{hit.place}", do


def leaked(scan: Scan, hit: Hit) -> tuple[str, str, str]:
    """Return what, where and what to do of a secret; the secret itself is nowhere."""
    what = f"A secret stands in {scan.target}: {hit.title}{f' (token {hit.token})' if hit.token else ''}."
    do = "Rotate the credential first, for whoever has a clone has it; then take it out of the files."
    return what, f"{hit.place} in {scan.digest}", do


def misconfigured(scan: Scan, hit: Hit) -> tuple[str, str, str]:
    """Return what, where and what to do of a setting."""
    return f"{hit.key} is not kept in {hit.place}.", f"{hit.place} in {scan.digest}", f"Mend it {NORMAL_WAY}."


WORDING = {SECRET: leaked, MISCONFIGURATION: misconfigured}


def old_databases(scans: list[Scan], most_days: int, now: datetime) -> list[dict[str, str]]:
    """Return a finding for each vulnerability database that is older than it may be."""
    known = {scan.database for scan in scans if scan.database.updated}
    found = [(base, (now - datetime.fromisoformat(base.updated)).days) for base in known]
    return [
        finding(
            f"The vulnerability database {base.name} is {days} days old; {most_days} days is the most.",
            base.name,
            "What was published since is not found by any scan.",
            "Mend the job that updates the mirror, and run again.",
            "high",
            key="database-stale",
            control="PCI-6.3.1",
        )
        for base, days in found
        if days > most_days
    ]
