# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A finding: what every procedure says of a thing that is not as it should be, in one form."""

from __future__ import annotations

from datetime import date, timedelta

ADVICE = "advice"
SEVERITIES = ("critical", "high", "medium", "low", ADVICE)
DAYS_TO_MEND = {"critical": 7, "high": 30, "medium": 90}


def finding(what: str, where: str, why: str, do: str, severity: str = ADVICE, **more: str) -> dict[str, str]:
    """Return a finding.

    Args:
        what: What was found, as a sentence.
        where: The object that it was found at, such as a table.
        why: Why it matters.
        do: What to do about it.
        severity: One of SEVERITIES; `advice` never fails a run.
        more: `key` that names the kind for exceptions, such as `user-without-mfa`; `control` that it touches;
            `deadline` by which it must be mended, as an ISO date.
    """
    return {"what": what, "where": where, "why": why, "do": do, "severity": severity, **more}


def deadline(severity: str, today: date) -> str | None:
    """Return the day by which a finding of a severity must be mended, or nothing where there is none."""
    days = DAYS_TO_MEND.get(severity)
    return None if days is None else (today + timedelta(days=days)).isoformat()


def most_severe_first(findings: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the findings by severity, then by deadline, and else in the order in which they came."""
    return sorted(findings, key=lambda found: (SEVERITIES.index(found["severity"]), found.get("deadline") or "9999"))
