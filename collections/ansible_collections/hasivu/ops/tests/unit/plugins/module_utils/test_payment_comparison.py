"""Which payments the database lacks, which order is still the one that was paid, and on which day in India it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import payment_comparison as payments

NOTES = ["student_id", "quantity"]
PAID = datetime(2026, 2, 28, 18, 45, tzinfo=UTC)


def payment(**change: Any) -> dict[str, Any]:
    notes = {"order_id": "7", "student_id": "2", "quantity": "3"}
    paid = int(PAID.timestamp())
    return {"id": "pay_1", "amount": 100, "status": "captured", "created_at": paid, "notes": notes, **change}


def order(**change: Any) -> dict[str, Any]:
    return {"id": 7, "student_id": 2, "quantity": 3, "created_at": PAID - timedelta(seconds=20), **change}


@pytest.mark.parametrize(
    ("rows", "orders", "kind"),
    [
        ({}, {7: order()}, "missing"),
        ({}, {}, "orphans"),
        ({}, {7: order(student_id=9)}, "orphans"),
        ({}, {7: order(created_at=PAID + timedelta(minutes=5))}, "orphans"),
        ({"pay_1": {"order_id": 7, "amount_paise": 100, "status": "created"}}, {7: order()}, "uncaptured"),
        ({"pay_1": {"order_id": 7, "amount_paise": 99, "status": "captured"}}, {7: order()}, "amounts"),
    ],
)
def test_a_difference_is_of_one_kind(rows: dict[str, Any], orders: dict[int, Any], kind: str) -> None:
    found = payments.compare([payment()], rows, orders, NOTES)
    assert [name for name in vars(found) if getattr(found, name)] == [kind]
    assert not found.is_even()


def test_what_agrees_or_was_not_captured_is_no_difference() -> None:
    row = {"pay_1": {"order_id": 7, "amount_paise": 100, "status": "captured"}}
    assert payments.compare([payment()], row, {7: order()}, NOTES).is_even()
    assert payments.compare([payment(status="failed"), payment(status="refunded")], {}, {}, NOTES).is_even()


@pytest.mark.parametrize("notes", [[], {}, {"order_id": "7 OR 1=1"}, {"order_id": "-7"}, {"order_id": "9" * 30}])
def test_notes_that_name_no_order_are_those_of_an_orphan_that_nobody_places_again(notes: Any) -> None:
    (entry,) = payments.compare([payment(notes=notes)], {}, {7: order()}, NOTES).orphans
    assert entry["order"] is None
    assert payments.order_fields(entry, NOTES) is None


def test_the_day_is_that_of_india() -> None:
    rows = [{"created_at": PAID, "amount_paise": 100}]
    assert payments.days([payment()], rows) == [
        {"day": "2026-03-01", "gateway_paise": 100, "database_paise": 100, "equal": True}
    ]
