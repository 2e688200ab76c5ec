"""The payments that Razorpay knows from the start: two days of lunches."""

from __future__ import annotations

import time
from typing import Any

COUNT = 240
SECONDS_BETWEEN = 2 * 86400 // COUNT
METHODS = ("upi", "upi", "upi", "card", "netbanking", "wallet")


def first_payments() -> list[dict[str, Any]]:
    """Return payments up to now, oldest first; one in forty failed."""
    now = int(time.time())
    return [payment(number, now - (COUNT - number) * SECONDS_BETWEEN) for number in range(COUNT)]


def payment(number: int, created_at: int) -> dict[str, Any]:
    """Return one payment as Razorpay's payment entity; amounts are in paise."""
    captured = number % 40 != 39
    amount = 6000 + number % 9 * 500
    return {
        "id": f"pay_Sandbox{number:07d}",
        "entity": "payment",
        "amount": amount,
        "currency": "INR",
        "status": "captured" if captured else "failed",
        "order_id": f"order_Sandbox{number:05d}",
        "international": False,
        "method": METHODS[number % len(METHODS)],
        "amount_refunded": 0,
        "refund_status": None,
        "captured": captured,
        "description": "School lunch",
        "email": f"guardian{number}@example.com",
        "contact": f"+9190000{number:05d}",
        "notes": [],
        "fee": amount * 2 // 100 if captured else None,
        "tax": amount * 36 // 10000 if captured else None,
        "error_code": None if captured else "BAD_REQUEST_ERROR",
        "error_description": None if captured else "Payment was not completed on time.",
        "created_at": created_at,
    }
