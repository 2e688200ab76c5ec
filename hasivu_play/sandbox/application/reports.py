"""The daily summary: what was ordered, paid and refunded on a day in India."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hasivu_play.sandbox.application.errors import RequestError
from hasivu_play.sandbox.application.pool import Connection
from hasivu_play.sandbox.layout import write_private

INDIA = ZoneInfo("Asia/Kolkata")
OLDEST_DAYS = 35
ORDERS = (
    "SELECT status, count(*) FROM orders WHERE created_at >= %s AND created_at < %s GROUP BY status ORDER BY status"
)
CAPTURED = (
    "SELECT coalesce(sum(amount_paise), 0) FROM payments"
    " WHERE status = 'captured' AND created_at >= %s AND created_at < %s"
)
REFUNDED = "SELECT coalesce(sum(amount_paise), 0) FROM refunds WHERE created_at >= %s AND created_at < %s"


@dataclass(frozen=True)
class Question:
    """The day of a report, and whether the day may still go on."""

    date: str
    partial: bool


def today() -> date:
    """Return the present day in India."""
    return datetime.now(INDIA).date()


def read_question(content: dict[str, Any]) -> Question:
    """Return what a request asks for; without `partial`, the present day is partial and an earlier one final."""
    try:
        day = date.fromisoformat(content["date"])
    except (KeyError, TypeError, ValueError):
        raise RequestError(400, "date must be a day as YYYY-MM-DD.") from None
    if not timedelta(0) <= today() - day <= timedelta(days=OLDEST_DAYS):
        raise RequestError(422, f"date must be today in India or one of the {OLDEST_DAYS} days before.")
    partial = content.get("partial", day == today())
    if not isinstance(partial, bool):
        raise RequestError(400, "partial must be true or false.")
    if day == today() and not partial:
        raise RequestError(422, "The final report of a day can be made once the day is over in India.")
    return Question(day.isoformat(), partial)


async def summarize(connection: Connection, question: Question) -> dict[str, Any]:
    """Return the report, from one snapshot of the database."""
    begin = datetime.combine(date.fromisoformat(question.date), time.min, INDIA)
    bounds = (begin, begin + timedelta(days=1))
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        orders = {str(status): count for status, count in await (await connection.execute(ORDERS, bounds)).fetchall()}
        captured = await (await connection.execute(CAPTURED, bounds)).fetchone() or (0,)
        refunded = await (await connection.execute(REFUNDED, bounds)).fetchone() or (0,)
    return {
        **asdict(question),
        "orders": orders,
        "captured_paise": captured[0],
        "refunded_paise": refunded[0],
        "generated_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


class Reports:
    """The reports that were made under an idempotency key."""

    def __init__(self, folder: Path) -> None:
        """Keep the folder that holds them."""
        self._folder = folder

    def find(self, key: str, question: Question) -> dict[str, Any] | None:
        """Return the report of a key; the same key for another question is refused."""
        try:
            report: dict[str, Any] = json.loads(self._path(key).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        if asdict(question).items() <= report.items():
            return report
        raise RequestError(422, "This Idempotency-Key made the report of another day.")

    def keep(self, key: str, report: dict[str, Any]) -> None:
        """Keep a report under its key."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        write_private(self._path(key), json.dumps(report))

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
