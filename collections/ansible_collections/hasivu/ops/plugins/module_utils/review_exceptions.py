# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Exceptions: findings that somebody answers for until a day, and no longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

Finding = Mapping[str, Any]


@dataclass(frozen=True)
class Waiver:
    """One exception: which findings, who answers for them, why, and until when."""

    key: str
    where: str
    owner: str
    reason: str
    until: date

    def covers(self, found: Finding) -> bool:
        """Tell whether a finding is of the kind and at the place that this exception names."""
        return found.get("key") == self.key and fnmatchcase(str(found["where"]), self.where)


def read_waivers(exceptions: list[dict[str, Any]]) -> list[Waiver]:
    """Return the exceptions of the inventory.

    Raises:
        ValueError: A day is none; the text names the exception.
    """
    return [read_waiver(one) for one in exceptions]


def read_waiver(one: dict[str, Any]) -> Waiver:
    """Return one exception of the inventory."""
    try:
        until = date.fromisoformat(str(one["until"]))
    except ValueError:
        raise ValueError(f"The exception for {one['key']} at {one['where']} ends on '{one['until']}'.") from None
    return Waiver(one["key"], one["where"], one["owner"], one["reason"], until)


def settle(findings: list[dict[str, Any]], waivers: list[Waiver], today: date) -> tuple[list[Any], list[Any]]:
    """Part the findings into those that count and those that an exception in force covers.

    An exception holds to the end of its day. A finding whose exceptions have all ended counts again, and says so.
    """
    counting: list[dict[str, Any]] = []
    accepted: list[dict[str, Any]] = []
    for found in findings:
        covering = sorted((one for one in waivers if one.covers(found)), key=lambda one: one.until)
        if covering and covering[-1].until >= today:
            accepted.append({**found, **answered_by(covering[-1])})
        elif covering:
            ended = f"{found['why']} The exception of {covering[-1].owner} ended on {covering[-1].until}."
            counting.append({**found, "why": ended})
        else:
            counting.append(found)
    return counting, accepted


def answered_by(waiver: Waiver) -> dict[str, str]:
    """Return what an exception adds to the finding that it covers."""
    return {"owner": waiver.owner, "reason": waiver.reason, "until": waiver.until.isoformat()}


def unused(waivers: list[Waiver], findings: list[dict[str, Any]]) -> list[Waiver]:
    """Return the exceptions that cover no finding, and so are better taken out."""
    return [one for one in waivers if not any(one.covers(found) for found in findings)]
