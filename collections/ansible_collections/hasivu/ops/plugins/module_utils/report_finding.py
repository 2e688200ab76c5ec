# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A finding: what every procedure says of a thing that is not as it should be, in one form."""

from __future__ import annotations

SEVERITIES = ("high", "medium", "low", "advice")


def finding(what: str, where: str, why: str, do: str, severity: str = "advice", **more: str) -> dict[str, str]:
    """Return a finding.

    Args:
        what: What was found, as a sentence.
        where: The object that it was found at, such as a table.
        why: Why it matters.
        do: What to do about it.
        severity: One of SEVERITIES; `advice` never fails a run.
        more: `control` that it touches, `deadline` by which it must be mended.
    """
    return {"what": what, "where": where, "why": why, "do": do, "severity": severity, **more}


def most_severe_first(findings: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the findings in order of severity, and within one severity in the order in which they came."""
    return sorted(findings, key=lambda found: SEVERITIES.index(found["severity"]))
