# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rows of orders and payments that a reconciliation reads, and those that it adds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.payment_comparison import order_fields

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

Row = dict[str, Any]

PAYMENTS = "SELECT * FROM public.payments WHERE razorpay_payment_id = ANY (%s)"
ORDERS = "SELECT * FROM public.orders WHERE id = ANY (%s)"
CAPTURED = """
SELECT * FROM public.payments WHERE status = 'captured' AND created_at >= %s AND created_at <= %s ORDER BY id
"""
# Two runs, or a run and one that was thought to be dead, do not add the same payment twice.
ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('hasivu-ops payment reconciliation', 0))"
IS_THERE = "SELECT 1 FROM public.payments WHERE razorpay_payment_id = %s"
CAPTURE = """
UPDATE public.payments SET status = 'captured'
 WHERE razorpay_payment_id = %(payment)s AND amount_paise = %(amount)s AND status <> 'captured'
"""
ADD_PAYMENT = """
INSERT INTO public.payments (order_id, amount_paise, method, status, razorpay_payment_id, created_at)
VALUES (%(order)s, %(amount)s, %(method)s, 'captured', %(payment)s, %(at)s)
"""
ADD_LINE = """
INSERT INTO public.order_items (order_id, menu_item_id, quantity, price_paise)
VALUES (%(order)s, %(menu_item_id)s, %(quantity)s, %(price)s)
"""
TAKEN_NUMBER = "SELECT 1 FROM public.orders WHERE id = %s"
# No number that was lost is given again: somebody may hold a receipt for it.
SKIP = """
SELECT setval(name, greatest(%(highest)s, coalesce(pg_sequence_last_value(name), 0)))
  FROM (SELECT pg_get_serial_sequence('public.orders', 'id')::regclass AS name) AS sequence
"""
LAST = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('public.orders', 'id')::regclass), 0) AS number"
# A note is text that a browser may have had in its hands: a number that is further ahead than this is none of ours.
MOST_AHEAD = 1_000_000
NEXT = "SELECT nextval(pg_get_serial_sequence('public.orders', 'id')) AS number"


def read_payments(connection: psycopg.Connection[Row], ids: list[str]) -> dict[str, Row]:
    """Return the payments with ids of the gateway."""
    return {row["razorpay_payment_id"]: row for row in connection.execute(PAYMENTS, [ids])}


def read_orders(connection: psycopg.Connection[Row], numbers: list[int]) -> dict[int, Row]:
    """Return orders by their number."""
    return {row["id"]: row for row in connection.execute(ORDERS, [numbers])}


def read_captured(connection: psycopg.Connection[Row], begin: datetime, end: datetime) -> list[Row]:
    """Return the payments that the database has as captured in a time."""
    return connection.execute(CAPTURED, [begin, end]).fetchall()


def repair(connection: psycopg.Connection[Row], found: Any, order_notes: list[str]) -> list[Row]:
    """Add in one transaction what the gateway proves, and return what was done for each payment.

    Raises:
        psycopg.Error: Nothing of it was kept.
    """
    with connection.transaction():
        connection.execute(ALONE)
        done = [captured(connection, entry) for entry in found.uncaptured]
        done += [added(connection, entry) for entry in found.missing]
        lost = [(entry, fields) for entry in found.orphans if (fields := order_fields(entry, order_notes))]
        most = skip_lost(connection, [entry["order"] for entry in found.orphans if entry["order"]])
        done += [placed_again(connection, entry, fields, most) for entry, fields in lost]
    return [entry for entry in done if entry]


def captured(connection: psycopg.Connection[Row], entry: Row) -> Row | None:
    """Mark a payment as captured."""
    changed = connection.execute(CAPTURE, {**entry, "notes": None}).rowcount
    return {"payment": entry["payment"], "order": entry["order"], "did": "marked as captured"} if changed else None


def added(connection: psycopg.Connection[Row], entry: Row) -> Row | None:
    """Add the payment of an order that is there."""
    if connection.execute(IS_THERE, [entry["payment"]]).fetchone():
        return None
    connection.execute(ADD_PAYMENT, {**entry, "notes": None})
    return {"payment": entry["payment"], "order": entry["order"], "did": "payment added"}


def skip_lost(connection: psycopg.Connection[Row], numbers: list[int]) -> int:
    """Let new orders begin above every lost one, and return the highest number that can be one of ours."""
    most = int(connection.execute(LAST).fetchone()["number"]) + MOST_AHEAD
    lost = [number for number in numbers if number <= most]  # also of those that nobody can place again
    if lost:
        connection.execute(SKIP, {"highest": max(lost)})
    return most


def placed_again(connection: psycopg.Connection[Row], entry: Row, fields: dict[str, int], most: int) -> Row | None:
    """Place a lost order again as its payment describes it: under its number, or under a new one if that was given."""
    if connection.execute(IS_THERE, [entry["payment"]]).fetchone():
        return None
    number = entry["order"]
    if number is None or number > most or connection.execute(TAKEN_NUMBER, [number]).fetchone():
        number = connection.execute(NEXT).fetchone()["number"]
    columns = {"id": number, **fields, "created_at": entry["at"]}
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    values = sql.SQL(", ").join(map(sql.Placeholder, columns))
    connection.execute(sql.SQL("INSERT INTO public.orders ({}) VALUES ({})").format(names, values), columns)
    price = entry["amount"] // fields["quantity"]
    connection.execute(ADD_LINE, {**fields, "order": number, "price": price})
    connection.execute(ADD_PAYMENT, {**entry, "order": number, "notes": None})
    was = entry["order"]
    did = "order placed again" if number == was else f"order placed again, for number {was} belongs to another one now"
    return {"payment": entry["payment"], "order": number, "was": was, "did": did}
