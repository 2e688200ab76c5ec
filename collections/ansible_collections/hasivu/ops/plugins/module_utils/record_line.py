# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""One line of a record: JSON with the time in UTC and IST, its number and the hash of the line before."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

NOTHING_BEFORE = "0" * 64
IST = timezone(timedelta(hours=5, minutes=30), "IST")


def times(moment: datetime | None = None) -> dict[str, str]:
    """Return a moment, by default now, in UTC and in Indian Standard Time, as RFC 3339 writes them."""
    moment = moment or datetime.now(UTC)
    utc = moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"at": utc, "at_ist": moment.astimezone(IST).isoformat(timespec="milliseconds")}


def encode(value: Any) -> bytes:
    """Write a value, such as the fields of a line, as JSON that ends in a newline."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def digest(line: bytes) -> str:
    """Return the SHA-256 of a line with its newline, as `sha256sum` prints it."""
    return hashlib.sha256(line).hexdigest()


def read_lines(path: Path) -> list[bytes]:
    """Return the raw lines of a record, each with its newline; the last one may be torn and have none."""
    try:
        with path.open("rb") as file:
            return list(file)
    except FileNotFoundError:
        return []


def split_torn(lines: list[bytes]) -> tuple[list[bytes], bytes]:
    """Part the whole lines from what a killed process left of its last one."""
    if lines and not (lines[-1].endswith(b"\n") and decode(lines[-1])):
        return lines[:-1], lines[-1]
    return lines, b""


def decode(line: bytes) -> dict[str, Any]:
    """Return the fields of a line, or nothing when it is no line of a record."""
    try:
        fields = json.loads(line)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}
