"""Orders: placed once for each idempotency key, and read back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

import psycopg
from psycopg.rows import dict_row

from hasivu_play.sandbox.application.errors import RequestError
from hasivu_play.sandbox.application.pool import Connection
from hasivu_play.sandbox.application.till import Payment, new_payment_id

PLACE = """
WITH item AS (SELECT price_paise FROM menu_items WHERE id = %(menu_item_id)s),
student AS (SELECT id FROM students WHERE id = %(student_id)s AND school_id = %(school_id)s),
placed AS (
    INSERT INTO orders (school_id, student_id, menu_item_id, quantity)
    SELECT %(school_id)s, student.id, %(menu_item_id)s, %(quantity)s FROM item, student
    RETURNING id
),
line AS (
    INSERT INTO order_items (order_id, menu_item_id, quantity, price_paise)
    SELECT placed.id, %(menu_item_id)s, %(quantity)s, price_paise FROM placed, item
),
payment AS (
    INSERT INTO payments (order_id, amount_paise, status, razorpay_payment_id)
    SELECT placed.id, price_paise * %(quantity)s, 'captured', %(payment)s FROM placed, item
    RETURNING amount_paise, created_at
),
remembered AS (
    INSERT INTO idempotency_keys (key, order_id) SELECT %(key)s, id FROM placed WHERE %(key)s::text IS NOT NULL
)
SELECT placed.id, amount_paise, created_at FROM placed, payment
"""
BY_KEY = """
SELECT orders.id, school_id, student_id, menu_item_id, quantity
FROM idempotency_keys JOIN orders ON orders.id = order_id WHERE key = %s
"""
BY_ID = """
SELECT id, school_id, student_id, menu_item_id, quantity, status, created_at, delivered_at FROM orders WHERE id = %s
"""
MOST_PORTIONS = 20


@dataclass(frozen=True)
class Order:
    """What a family orders for a child."""

    school_id: int
    student_id: int
    menu_item_id: int
    quantity: int


def read_order(content: dict[str, Any]) -> Order:
    """Return the order that a request describes."""
    fields = Order.__dataclass_fields__
    for name in fields:
        if type(content.get(name)) is not int or not 0 < content[name] < 2**31:
            raise RequestError(400, f"{name} must be a positive whole number.")
    if content["quantity"] > MOST_PORTIONS:
        raise RequestError(400, f"quantity must be at most {MOST_PORTIONS}.")
    return Order(**{name: content[name] for name in fields})


async def place(connection: Connection, order: Order, key: str | None) -> tuple[int, Payment | None]:
    """Place an order and return its number and payment; the same key again returns the number that it placed."""
    known = await find_by_key(connection, order, key) if key else None
    if known:
        return known, None
    identity = new_payment_id()
    try:
        cursor = await connection.execute(PLACE, {**asdict(order), "key": key, "payment": identity})
    except psycopg.errors.UniqueViolation:
        again = await find_by_key(connection, order, key or "")
        return (again, None) if again else await place(connection, order, key)
    row = await cursor.fetchone()
    if row is None:
        raise RequestError(422, "There is no such student in this school, or no such menu item.")
    number, amount, captured_at = cast("tuple[int, int, datetime]", row)
    return number, Payment(identity, amount, int(captured_at.timestamp()), {"order_id": number, **asdict(order)})


async def find_by_key(connection: Connection, order: Order, key: str) -> int | None:
    """Return the order that a key placed; the same key for another order is refused."""
    row = await (await connection.execute(BY_KEY, (key,))).fetchone()
    if row is None:
        return None
    if row[1:] != tuple(asdict(order).values()):
        raise RequestError(422, "This Idempotency-Key placed a different order.")
    return int(str(row[0]))


async def read(connection: Connection, order_id: int) -> dict[str, Any]:
    """Return an order by its number."""
    cursor = connection.cursor(row_factory=dict_row)
    row = await (await cursor.execute(BY_ID, (order_id,))).fetchone()
    if row is None:
        raise RequestError(404, f"There is no order {order_id}.")
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
