"""Where an environment keeps its records besides this machine: in a bucket in which nothing is overwritten."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hasivu_play.errors import UsageError

VARIABLE = "record_archive"
MODES = ("COMPLIANCE", "GOVERNANCE")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ACCOUNT = re.compile(r"\d{12}")
MOST_DAYS = 36500
MEND = f"Mend `{VARIABLE}` in records.yml of the inventory."


@dataclass(frozen=True)
class Archive:
    """A bucket with Object Lock, and for how long each record stays in it.

    `late_hours` is after how long a run that is not there yet is a finding of the doctor; 0 for never.
    """

    bucket: str
    prefix: str
    mode: str
    days: int
    owner: str
    region: str
    late_hours: int = 0

    def address(self, key: str) -> str:
        """Return the address of an object in words."""
        return f"s3://{self.bucket}/{key}"


def archive_in(variables: dict[str, Any]) -> Archive | None:
    """Return the archive that an inventory declares, with its templates resolved, or nothing where it names no bucket.

    Raises:
        UsageError: Something in it cannot be right.
    """
    declared = variables.get(VARIABLE) or {}
    if not isinstance(declared, dict):
        raise UsageError(f"`{VARIABLE}` is no mapping. {MEND}")
    if not declared.get("bucket"):
        return None
    archive = Archive(
        bucket=str(declared["bucket"]),
        prefix=str(declared.get("prefix") or ""),
        mode=str(declared.get("mode") or ""),
        days=whole(declared, "days"),
        owner=str(declared.get("owner") or ""),
        region=str(declared.get("region") or variables.get("aws_region") or ""),
        late_hours=whole(declared, "late_hours"),
    )
    refuse_wrong(archive)
    return archive


def settings_in(variables: dict[str, Any]) -> dict[str, str]:
    """Return the settings by which AWS is called in an environment."""
    return {name: str(value) for name, value in (variables.get("aws_environment") or {}).items()}


def whole(declared: dict[str, Any], name: str) -> int:
    """Return a whole number of the declaration, 0 where it is not given."""
    value = declared.get(name, 0)
    try:
        return int(str(value))
    except ValueError:
        raise UsageError(f"`{name}` of `{VARIABLE}` is '{value}' and is to be a whole number. {MEND}") from None


def refuse_wrong(archive: Archive) -> None:
    """Refuse a declaration that S3 could not hold."""
    wrong = {
        f"bucket '{archive.bucket}' is no name of a bucket": BUCKET.fullmatch(archive.bucket),
        f"mode '{archive.mode}' is neither {' nor '.join(MODES)}": archive.mode in MODES,
        f"days '{archive.days}' is not between 1 and {MOST_DAYS}": 1 <= archive.days <= MOST_DAYS,
        f"owner '{archive.owner}' is no account of 12 digits": ACCOUNT.fullmatch(archive.owner),
        f"late_hours '{archive.late_hours}' is below 0": archive.late_hours >= 0,
        "region is missing": archive.region,
        f"prefix '{archive.prefix}' does not end in /": archive.prefix == "" or archive.prefix.endswith("/"),
    }
    for sentence, right in wrong.items():
        if not right:
            raise UsageError(f"In `{VARIABLE}`, {sentence}. {MEND}")
