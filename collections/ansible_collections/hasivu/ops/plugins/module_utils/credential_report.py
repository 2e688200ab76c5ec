# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The credential report of IAM: asked for, waited for, and read."""

from __future__ import annotations

import csv
import io
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

ROOT = "<root_account>"
OLDEST = timedelta(hours=4, minutes=15)  # AWS makes a new report when the last one is four hours old
PAUSE_SECONDS = 1.0
ABSENT = frozenset({"", "N/A", "no_information", "not_supported"})


class NoReportError(Exception):
    """Raised when AWS gives no report, or one that is too old to say how things are."""


@dataclass(frozen=True)
class Key:
    """An access key, by its place in the report; the report does not tell its id."""

    place: int
    active: bool
    made: datetime | None
    used: datetime | None


@dataclass(frozen=True)
class Credentials:
    """The credentials of one user."""

    user: str
    arn: str
    made: datetime | None
    password: bool
    password_used: datetime | None
    password_changed: datetime | None
    mfa: bool
    keys: list[Key] = field(default_factory=list)

    @property
    def active_keys(self) -> list[Key]:
        """Return the keys that may be used."""
        return [key for key in self.keys if key.active]

    @property
    def used(self) -> datetime | None:
        """Return when any of the credentials was used last."""
        return max(filter(None, [self.password_used, *(key.used for key in self.keys)]), default=None)


def read_report(client: Any, seconds: float) -> tuple[list[Credentials], datetime]:
    """Return the credentials of all users, and when AWS wrote them down.

    Args:
        client: Client of IAM.
        seconds: How long AWS may take to make the report.

    Raises:
        NoReportError: AWS does not make one in time, or gives an old one.
    """
    wait_for_report(client, seconds)
    answer = client.get_credential_report()
    written: datetime = answer["GeneratedTime"]
    if datetime.now(UTC) - written > OLDEST:
        raise NoReportError(f"AWS gives the report of {written:%Y-%m-%d %H:%M} UTC and no newer one")
    return parse(answer["Content"].decode()), written


def wait_for_report(client: Any, seconds: float) -> None:
    """Ask for a report until it is complete.

    Raises:
        NoReportError: It does not become complete in time.
    """
    end = time.monotonic() + seconds
    while (state := client.generate_credential_report().get("State")) != "COMPLETE":
        if time.monotonic() > end:
            raise NoReportError(f"the report was still {state} after {seconds:g} s")
        time.sleep(PAUSE_SECONDS)


def parse(content: str) -> list[Credentials]:
    """Return the users of a report."""
    return [credentials(row) for row in csv.DictReader(io.StringIO(content))]


def credentials(row: dict[str, str]) -> Credentials:
    """Return one line of a report, typed."""
    return Credentials(
        user=row["user"],
        arn=row["arn"],
        made=moment(row["user_creation_time"]),
        password=yes(row["password_enabled"]),
        password_used=moment(row["password_last_used"]),
        password_changed=moment(row["password_last_changed"]),
        mfa=yes(row["mfa_active"]),
        keys=[key(row, place) for place in (1, 2) if moment(row[f"access_key_{place}_last_rotated"])],
    )


def key(row: dict[str, str], place: int) -> Key:
    """Return one of the two keys of a line."""
    return Key(
        place,
        yes(row[f"access_key_{place}_active"]),
        moment(row[f"access_key_{place}_last_rotated"]),
        moment(row[f"access_key_{place}_last_used_date"]),
    )


def yes(text: str) -> bool:
    """Return whether a column says so; AWS writes it in small or capital letters."""
    return text.lower() == "true"


def moment(text: str) -> datetime | None:
    """Return a date of the report, or nothing where it has none."""
    return None if text in ABSENT else datetime.fromisoformat(text)
