# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the payment gateway took against what the database knows of it, and what to do about each difference."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

INDIA = ZoneInfo("Asia/Kolkata")
TAKEN = "captured"
# An order is placed before it is paid, give or take two clocks.
CLOCKS = timedelta(seconds=60)

Row = dict[str, Any]


@dataclass
class Reconciliation:
    """The differences between gateway and database, by what can be done about them."""

    missing: list[Row] = field(default_factory=list)
    orphans: list[Row] = field(default_factory=list)
    uncaptured: list[Row] = field(default_factory=list)
    amounts: list[Row] = field(default_factory=list)
    unknown: list[Row] = field(default_factory=list)

    def is_even(self) -> bool:
        """Tell whether both know the same."""
        return not any((self.missing, self.orphans, self.uncaptured, self.amounts, self.unknown))


def compare(
    taken: list[Row], payments: dict[str, Row], orders: dict[int, Row], order_notes: list[str]
) -> Reconciliation:
    """Compare each payment that the gateway captured with the rows of payments and orders.

    Args:
        taken: Payments of the gateway.
        payments: Rows of payments by the id of the gateway.
        orders: Rows of orders by their number.
        order_notes: The notes of a payment that say what was ordered.
    """
    found = Reconciliation()
    for payment in taken:
        if payment["status"] != TAKEN:
            continue
        row, entry = payments.get(payment["id"]), described(payment)
        if row is None:
            order = orders.get(entry["order"]) if entry["order"] is not None else None
            known = order is not None and is_same_order(payment, order, order_notes)
            (found.missing if known else found.orphans).append(entry)
        elif row["amount_paise"] != payment["amount"]:
            found.amounts.append({**entry, "order": row["order_id"], "in_database": row["amount_paise"]})
        elif row["status"] != TAKEN:
            found.uncaptured.append({**entry, "order": row["order_id"], "in_database": row["status"]})
    return found


def lost(found: Reconciliation) -> list[Row]:
    """Return what somebody paid for and the database lacks, by ids alone: no note of a payment is kept in a record."""
    entries = [*found.missing, *found.orphans, *found.uncaptured]
    return [
        {**{name: entry[name] for name in ("payment", "order", "amount", "at")}, "student": student_of(entry)}
        for entry in sorted(entries, key=lambda entry: (entry["at"], entry["payment"]))
    ]


def student_of(entry: Row) -> int | None:
    """Return for whom an order was, as the notes of its payment say."""
    return number(entry["notes"].get("student_id"))


def described(payment: Row) -> Row:
    """Return what a list of differences says of a payment."""
    return {
        "payment": payment["id"],
        "order": order_of(payment),
        "amount": payment["amount"],
        "at": instant(payment["created_at"]),
        "method": payment.get("method") or "upi",
        "notes": notes_of(payment),
    }


def notes_of(payment: Row) -> dict[str, str]:
    """Return the notes of a payment; Razorpay answers an empty list where there are none."""
    notes = payment.get("notes")
    return {str(name): str(value) for name, value in notes.items()} if isinstance(notes, dict) else {}


def order_of(payment: Row) -> int | None:
    """Return the order that a payment is for, as its notes say."""
    return number(notes_of(payment).get("order_id"))


def number(text: str | None) -> int | None:
    """Return a positive whole number, or nothing where a note is none."""
    return int(text) if text and text.isascii() and text.isdigit() and 0 < int(text) < 2**63 else None


def is_same_order(payment: Row, order: Row, order_notes: list[str]) -> bool:
    """Tell whether the order of this number is still the one that was paid.

    After a restore the numbers of lost orders are given again, so that an order of the same number may be another one.
    """
    paid = datetime.fromtimestamp(payment["created_at"], UTC)
    notes = notes_of(payment)
    same = all(str(order[name]) == notes[name] for name in order_notes if name in notes and name in order)
    return same and bool(order["created_at"] <= paid + CLOCKS)


def order_fields(entry: Row, order_notes: list[str]) -> dict[str, int] | None:
    """Return what an order was, from the notes of its payment; nothing where they do not say all of it."""
    fields = {name: number(entry["notes"].get(name)) for name in order_notes}
    return None if not fields or None in fields.values() else {name: int(value or 0) for name, value in fields.items()}


def instant(seconds: int) -> str:
    """Return a second of the gateway in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def days(taken: list[Row], rows: list[Row]) -> list[Row]:
    """Return what both captured on each day in India, in paise."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for payment in taken:
        if payment["status"] == TAKEN:
            sums[datetime.fromtimestamp(payment["created_at"], INDIA).date().isoformat()][0] += payment["amount"]
    for row in rows:
        sums[row["created_at"].astimezone(INDIA).date().isoformat()][1] += row["amount_paise"]
    return [
        {"day": day, "gateway_paise": gateway, "database_paise": database, "equal": gateway == database}
        for day, (gateway, database) in sorted(sums.items())
    ]
