# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Values of a report as a person reads them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

IST = timezone(timedelta(hours=5, minutes=30), "IST")
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
NOTHING = "\N{EN DASH}"


def shown(value: Any, kind: str = "text") -> str:
    """Return a value as its kind is shown; what does not fit its kind is shown as it is."""
    if value is None or value == "":
        return NOTHING
    try:
        return KINDS[kind](value)
    except (TypeError, ValueError):
        return text(value)


def text(value: Any) -> str:
    """Return a value in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(text(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {text(item)}" for name, item in value.items())
    return str(value)


def number(value: Any) -> str:
    """Return a number with its thousands apart."""
    amount = float(value)
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,.1f}"


def size(value: Any) -> str:
    """Return bytes in the largest unit that leaves a whole number before the point."""
    amount, unit = float(value), 0
    while abs(amount) >= 1024 and unit < len(UNITS) - 1:
        amount, unit = amount / 1024, unit + 1
    return f"{amount:.0f} {UNITS[unit]}" if unit == 0 else f"{amount:.1f} {UNITS[unit]}"


def seconds(value: Any) -> str:
    """Return a duration in the unit that fits it."""
    amount = float(value)
    if amount < 120:
        return f"{amount:.1f} s"
    return f"{amount / 60:.1f} min" if amount < 7200 else f"{amount / 3600:.1f} h"


def percent(value: Any) -> str:
    """Return a fraction in percent."""
    return f"{100 * float(value):.1f} %"


def instant(value: Any) -> str:
    """Return an instant in UTC, and beside it in Indian time, as CERT-In asks."""
    moment = datetime.fromisoformat(str(value))
    if moment.tzinfo is None:
        raise ValueError(value)
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M:%S} UTC ({moment.astimezone(IST):%Y-%m-%d %H:%M:%S} IST)"


KINDS: dict[str, Callable[[Any], str]] = {
    "text": text,
    "outcome": text,
    "number": number,
    "bytes": size,
    "seconds": seconds,
    "percent": percent,
    "time": instant,
}
NUMERIC = ("number", "bytes", "seconds", "percent")
