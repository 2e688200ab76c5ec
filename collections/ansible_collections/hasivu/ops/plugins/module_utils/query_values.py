# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values of PostgreSQL as values that JSON, a playbook and a record can hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any


def json_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with every value safe for JSON."""
    return {name: json_value(value) for name, value in row.items()}


def json_value(value: Any) -> Any:
    """Return one value as JSON can hold it: instants in UTC, intervals in seconds, numerics as numbers."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(name): json_value(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    for types, convert in CONVERSIONS:
        if isinstance(value, types):
            return convert(value)
    return str(value)


def json_instant(value: datetime) -> str:
    """Return an instant in UTC; a timestamp without a zone stays without one."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()


def json_number(value: float | Decimal) -> int | float | str:
    """Return a finite number as a number, and NaN or infinity, which JSON lacks, as a word."""
    if not math.isfinite(value):
        return str(value)
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else float(value)


def json_bytes(value: bytes) -> str:
    """Return bytes the way PostgreSQL prints them."""
    return "\\x" + value.hex()


CONVERSIONS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Any]], ...] = (
    (datetime, json_instant),
    ((date, time), lambda value: value.isoformat()),
    (timedelta, timedelta.total_seconds),
    ((Decimal, float), json_number),
    (bytes, json_bytes),
)
