# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What speaks against beginning, or going on with, the rotation of a secret."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

DAY = 86400


def secret_objections(description: dict[str, Any], key_state: str) -> list[str]:
    """Return a sentence for everything about the secret itself that forbids a rotation."""
    name = description["Name"]
    found = []
    if description.get("DeletedDate"):
        found.append(f"{name} is scheduled for deletion. Restore it with RestoreSecret, or rotate what replaced it.")
    if key_state != "Enabled":
        found.append(f"The KMS key of {name} is {key_state}, so no value can be read or stored. Enable the key.")
    if description.get("RotationEnabled"):
        function = description.get("RotationLambdaARN") or "AWS itself"
        found.append(f"{name} is rotated by {function}. Use RotateSecret and only verify, or switch that rotation off.")
    return found


def interval_objection(made: datetime, min_days: float, now: datetime | None = None) -> list[str]:
    """Return a sentence when the current version is younger than two rotations must lie apart."""
    age = ((now or datetime.now(UTC)) - made).total_seconds() / DAY
    if age >= min_days:
        return []
    sentence = (
        f"The current version was made {age:.1f} days ago, and rotations lie at least {min_days:g} days apart. "
        "Run again later, give min_interval_days, or pass with --break-glass."
    )
    return [sentence]


def role_objections(roles: list[str], live: str, current_works: bool, idle_sessions: int) -> list[str]:
    """Return a sentence for everything about the roles that forbids to begin."""
    found = []
    if live not in roles:
        found.append(f"The current version holds the login of {live}, which is none of {', '.join(roles)}.")
    if not current_works:
        found.append("The published login does not work now. Mend that first, for there would be no way back.")
    if idle_sessions:
        found.append(
            f"The idle role has {idle_sessions} sessions, so somebody uses it. Find out who with pg_stat_activity."
        )
    return found
