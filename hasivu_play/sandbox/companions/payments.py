"""The payments that Razorpay knows: those of the seeded orders, reckoned when asked for, and all that came since."""

from __future__ import annotations

import bisect
import hashlib
import heapq
import json
import time
from collections.abc import Iterator
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

from hasivu_play.sandbox.layout import write_private

# As `load_orders.sql` and `wear_orders.sql` make them: 205,000 orders in ninety days, paid twenty seconds later.
ORDERS = 205_000
SECONDS = 90 * 86_400
PAID_AFTER = 20
OLD, RECENT = range(1, 150_001), range(200_444, 205_000)
METHODS = ("upi", "card", "wallet")

Payment = dict[str, Any]


class Payments:
    """Every payment, by id and by time."""

    def __init__(self, directory: Path) -> None:
        """Load what came in, or begin with the seeded orders up to now."""
        self._file = directory / "razorpay_payments.jsonl"
        begun = directory / "razorpay.json"
        if not begun.exists():
            write_private(begun, json.dumps({"seeded_at": int(time.time())}))
        self._seeded_at: int = json.loads(begun.read_text(encoding="utf-8"))["seeded_at"]
        kept = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        self._came = sorted((json.loads(line) for line in kept), key=itemgetter("created_at"))
        self._by_id = {payment["id"]: payment for payment in self._came}

    def add(self, payment: Payment) -> None:
        """Keep a payment; one that is known already stays as it is."""
        if payment["id"] in self._by_id:
            return
        self._by_id[payment["id"]] = payment
        bisect.insort(self._came, payment, key=itemgetter("created_at"))
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(payment) + "\n")

    def find(self, identity: str) -> Payment | None:
        """Return the payment of an id."""
        came: Payment | None = self._by_id.get(identity)
        number = self._seeded_ids.get(identity) if came is None else None
        return came if number is None else self._seeded(number)

    def between(self, begin: int, end: int) -> Iterator[Payment]:
        """Give the payments of a time, newest first."""
        by_time = itemgetter("created_at")
        came = self._came[
            bisect.bisect_left(self._came, begin, key=by_time) : bisect.bisect_right(self._came, end, key=by_time)
        ]
        return heapq.merge(reversed(came), self._seeded_between(begin, end), key=by_time, reverse=True)

    def _seeded_between(self, begin: int, end: int) -> Iterator[Payment]:
        """Give the payments of seeded orders, newest first."""
        for numbers in (RECENT, OLD):
            first, last = max(numbers.start, self._number(begin) - 1), min(numbers.stop - 1, self._number(end) + 1)
            for number in range(last, first - 1, -1):
                if begin <= self._paid_at(number) <= end:
                    yield self._seeded(number)

    def _number(self, moment: int) -> int:
        """Return about which seeded order was paid at a time."""
        return ORDERS - (self._seeded_at + PAID_AFTER - moment) * ORDERS // SECONDS

    def _paid_at(self, number: int) -> int:
        """Return when a seeded order was paid."""
        return self._seeded_at + PAID_AFTER - (ORDERS - number) * SECONDS // ORDERS

    def _seeded(self, number: int) -> Payment:
        """Return the payment of a seeded order."""
        return entity(
            identity_of(number),
            4500 * (1 + number % 3),
            self._paid_at(number),
            {"order_id": number},
            METHODS[number % 3],
            captured=number % 4 == 0,
        )

    @cached_property
    def _seeded_ids(self) -> dict[str, int]:
        """Return the seeded orders by the ids of their payments, made when one is first asked for."""
        return {identity_of(number): number for numbers in (OLD, RECENT) for number in numbers}


def identity_of(number: int) -> str:
    """Return the id of the payment of a seeded order."""
    return "pay_" + hashlib.md5(str(number).encode(), usedforsecurity=False).hexdigest()[:14]


def entity(
    identity: str, amount: int, created_at: int, notes: dict[str, int], method: str = "upi", captured: bool = True
) -> Payment:
    """Return a payment as Razorpay's payment entity; amounts are in paise, and notes are text."""
    return {
        "id": identity,
        "entity": "payment",
        "amount": amount,
        "currency": "INR",
        "status": "captured" if captured else "created",
        "order_id": "order_" + identity.removeprefix("pay_"),
        "international": False,
        "method": method,
        "amount_refunded": 0,
        "refund_status": None,
        "captured": captured,
        "description": "School lunch",
        "email": "guardian@example.com",
        "contact": "+919000000000",
        "notes": {name: str(value) for name, value in notes.items()},
        "fee": amount * 2 // 100 if captured else None,
        "tax": amount * 36 // 10000 if captured else None,
        "error_code": None,
        "error_description": None,
        "created_at": created_at,
    }
