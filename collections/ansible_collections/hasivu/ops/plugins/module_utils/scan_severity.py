# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How bad a hit is: the scanner's word, raised where the vulnerability is exploited in the wild."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import UNKNOWN, Hit, ScanError

CRITICAL, HIGH, MEDIUM, LOW = "critical", "high", "medium", "low"
ORDER = (CRITICAL, HIGH, MEDIUM, LOW, "advice")
# Every word that npm, GitHub, OSV, Trivy and ECR have for a severity; no word is no excuse.
WORDS = {
    "critical": CRITICAL,
    "high": HIGH,
    "important": HIGH,
    "moderate": MEDIUM,
    "medium": MEDIUM,
    "low": LOW,
    "informational": LOW,
    "info": LOW,
    "negligible": LOW,
}
UNRATED = HIGH


def severity_of(word: str | None) -> str:
    """Return our word for a scanner's word, or that it is unknown."""
    return WORDS.get((word or "").lower(), UNKNOWN)


class Threats:
    """What is known of attacks: the catalogue of exploited vulnerabilities, and the odds of the others."""

    def __init__(self, exploited: set[str], odds: dict[str, float], likely: float) -> None:
        """Keep both, and from what probability on a vulnerability counts as likely to be exploited."""
        self.exploited, self.odds, self.likely = exploited, odds, likely

    def rate(self, hit: Hit) -> Hit:
        """Return a hit with the severity that counts: unknown is high, likely one step worse, exploited critical."""
        names = {hit.key, *hit.aliases}
        known = UNRATED if hit.severity == UNKNOWN else hit.severity
        if names & self.exploited:
            return replace(hit, severity=CRITICAL, title=f"It is being exploited. {hit.title}")
        if max((self.odds.get(name, 0.0) for name in names), default=0.0) >= self.likely:
            return replace(hit, severity=ORDER[max(ORDER.index(known) - 1, 0)])
        return replace(hit, severity=known)


def read_exploited(path: str) -> tuple[set[str], date]:
    """Return the names in a catalogue of known exploited vulnerabilities, in CISA's JSON form, and its date.

    Raises:
        ScanError: The file is missing or is something else.
    """
    try:
        catalogue = json.loads(Path(path).read_text(encoding="utf-8"))
        names = {str(entry["cveID"]) for entry in catalogue["vulnerabilities"]}
        released = date.fromisoformat(str(catalogue["dateReleased"])[:10])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ScanError(f"{path} is not a catalogue of exploited vulnerabilities ({type(error).__name__})") from error
    return names, released


def read_odds(path: str) -> tuple[dict[str, float], date]:
    """Return the probability of exploitation by CVE from FIRST's EPSS file, and its date.

    Raises:
        ScanError: The file is missing or is something else.
    """
    try:
        with Path(path).open(encoding="utf-8", newline="") as file:
            head = dict(part.split(":", 1) for part in file.readline().lstrip("#").strip().split(","))
            odds = {row["cve"]: float(row["epss"]) for row in csv.DictReader(file)}
        scored = date.fromisoformat(head["score_date"][:10])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ScanError(f"{path} is not a file of EPSS scores ({type(error).__name__})") from error
    return odds, scored
