"""Moments as RDS writes and reads them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from hasivu_play.sandbox.aws.rds.errors import bad_value


def timestamp(moment: float | None = None) -> str:
    """Return a moment, by default the present one, as RDS writes it: to the second, never later than it was."""
    return datetime.fromtimestamp(int(time.time() if moment is None else moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    """Return a moment that a client sent, or that RDS wrote, as seconds since 1970.

    Raises:
        RdsError: It is no date.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise bad_value(f"{text} is not a valid date and time.") from None
    return found.replace(tzinfo=found.tzinfo or UTC).timestamp()
