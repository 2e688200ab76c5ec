# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much a declared backup can lose at worst, and whether a declaration says all that it must."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

CONTINUOUS = {
    "pitr": "point-in-time recovery",
    "replication": "replication",
    "versioning": "versioning of objects",
    "source-control": "source control",
}
PERIODIC = {"snapshot": "snapshots", "export": "exports", "dump": "dumps"}
MECHANISMS = {**CONTINUOUS, **PERIODIC}
PITR_LAG_MINUTES = 5  # RDS uploads the log every five minutes
MOST_RETENTION_DAYS = {"pitr": 35}  # RDS keeps automated backups no longer
TEXTS = ("asset", "source", "mechanism", "immutability", "copy", "key", "owner")
NONE = "none"


@dataclass(frozen=True)
class Backup:
    """One declared way to get an asset back."""

    asset: str
    mechanism: str
    copy: str
    immutability: str
    retention_days: float
    every_minutes: float
    takes_minutes: float

    def worst_case_s(self) -> float:
        """Return the seconds of writes that are lost when the asset is lost just before its next backup is complete."""
        return 60 * (self.every_minutes + self.takes_minutes)

    def in_words(self) -> str:
        """Say how the asset is backed up, and what that can lose."""
        way = MECHANISMS[self.mechanism]
        if self.mechanism in CONTINUOUS:
            return f"{way}, which may lag {minutes(self.every_minutes)}"
        return f"{way} every {minutes(self.every_minutes)} that take {minutes(self.takes_minutes)}"


def minutes(amount: float) -> str:
    """Return minutes as a person says them."""
    if amount >= 60:
        hours, rest = divmod(amount, 60)
        return f"{hours:g} h {rest:g} min" if rest else f"{hours:g} h"
    return f"{amount:g} min"


def read_backup(declared: dict[str, Any]) -> Backup:
    """Return a declared backup.

    Raises:
        ValueError: Something is missing or makes no sense; the text says what.
    """
    missing = [name for name in TEXTS if not isinstance(declared.get(name), str) or not declared[name].strip()]
    if missing:
        raise ValueError(f"it does not say its {', '.join(missing)}")
    mechanism = declared["mechanism"]
    if mechanism not in MECHANISMS:
        raise ValueError(f"its mechanism '{mechanism}' is none of {', '.join(MECHANISMS)}")
    return Backup(
        asset=declared["asset"],
        mechanism=mechanism,
        copy=declared["copy"],
        immutability=declared["immutability"],
        retention_days=number(declared, "retention_days"),
        every_minutes=interval(declared, mechanism),
        takes_minutes=0.0 if mechanism in CONTINUOUS else number(declared, "takes_minutes"),
    )


def interval(declared: dict[str, Any], mechanism: str) -> float:
    """Return the minutes between two backups, or those by which a continuous one may lag."""
    if mechanism in PERIODIC:
        return number(declared, "every_minutes")
    return max(PITR_LAG_MINUTES if mechanism == "pitr" else 0.0, number(declared, "lag_minutes"))


def number(declared: dict[str, Any], name: str) -> float:
    """Return a number that is more than nothing.

    Raises:
        ValueError: It is missing, or no such number.
    """
    value = declared.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ValueError(f"its {name} must be a number above 0")
    return float(value)
