#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Compare the payments of the gateway with those of a restored database, and put back what the gateway proves."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: payment_reconciliation
short_description: Reconcile a restored database with the payment gateway
version_added: 0.3.0
description:
  - Reads every payment that Razorpay took from shortly before the restore point until now, and compares it with the
    rows of payments and orders.
  - With O(state=repaired) it adds the payment of an order that is there, marks a payment as captured, and places an
    order again whose payment says in its notes what was ordered. A number that was given to another order since is not
    taken from it; the order gets a new one.
  - It never refunds and never changes an amount; both are listed for a person.
  - A gateway that does not tell, or only a part, fails the module, and nothing is repaired.
options:
  url:
    description: Address of the API of Razorpay.
    type: str
    default: https://api.razorpay.com
  key:
    description: Key of the API as C(key_id:key_secret); it needs to read payments only.
    type: str
    required: true
  restore_time:
    description: The restore point, as RFC 3339 with its zone.
    type: str
    required: true
  until:
    description: Until when payments are compared; by default until O(settle_seconds) ago.
    type: str
  settle_seconds:
    description: How long the platform may take to write down what was paid; younger payments are left out.
    type: int
    default: 60
  overlap_minutes:
    description: From how long before the restore point on.
    type: int
    default: 10
  order_notes:
    description:
      - Notes of a payment that hold the columns of its order, by their names. The note C(order_id) holds its number.
    type: list
    elements: str
    default: [school_id, student_id, menu_item_id, quantity]
  state:
    description: Whether to list only, or to put back what can be put back.
    type: str
    choices: [compared, repaired]
    default: compared
extends_documentation_fragment:
  - hasivu.ops.database
attributes:
  check_mode:
    description: Reads everything, lists, and says what would be put back.
    support: full
  diff_mode:
    description: Shows the payments before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Put back the payments that were taken after the restore point
  hasivu.ops.payment_reconciliation:
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    key: "{{ razorpay_key }}"
    restore_time: "2026-03-01T05:29:59Z"
    state: repaired
"""

RETURN = r"""
compared:
  description: How many payments of the gateway were compared, from when until when.
  returned: success
  type: dict
missing:
  description:
    - Payments whose order is there without them, each with C(payment), C(order), C(amount), C(at) and C(notes).
  returned: success
  type: list
  elements: dict
orphans:
  description: Payments whose order is not there.
  returned: success
  type: list
  elements: dict
lost:
  description:
    - All that was paid and the database lacked, each with C(payment), C(order), C(amount), C(at) and C(student).
    - No note of a payment is among it, so that a record may keep it.
  returned: success
  type: list
  elements: dict
uncaptured:
  description: Payments that the database does not have as captured.
  returned: success
  type: list
  elements: dict
amounts:
  description: Payments of which the database has another amount, in C(in_database).
  returned: success
  type: list
  elements: dict
unknown:
  description: Payments that the database has as captured and the gateway does not have, or not so.
  returned: success
  type: list
  elements: dict
days:
  description: What both captured on each day in India, in paise, before anything was repaired.
  returned: success
  type: list
  elements: dict
repaired:
  description: What was done for each payment; in check mode, nothing.
  returned: success
  type: list
  elements: dict
findings:
  description: What is left for a person, in the form of all findings.
  returned: success
  type: list
  elements: dict
"""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import payment_rows as rows
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS, connect, stop_class
from ansible_collections.hasivu.ops.plugins.module_utils.payment_comparison import (
    Reconciliation,
    compare,
    days,
    lost,
    order_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.payment_findings import left_over
from ansible_collections.hasivu.ops.plugins.module_utils.payment_gateway import Gateway, GatewayError
from ansible_collections.hasivu.ops.plugins.module_utils.verification_tables import instant

try:
    import psycopg
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

OPTIONS: dict[str, dict[str, Any]] = {
    "url": {"type": "str", "default": "https://api.razorpay.com"},
    "key": {"type": "str", "required": True, "no_log": True},
    "restore_time": {"type": "str", "required": True},
    "until": {"type": "str"},
    "settle_seconds": {"type": "int", "default": 60},
    "overlap_minutes": {"type": "int", "default": 10},
    "order_notes": {
        "type": "list",
        "elements": "str",
        "default": ["school_id", "student_id", "menu_item_id", "quantity"],
    },
    "state": {"type": "str", "choices": ["compared", "repaired"], "default": "compared"},
}


def main() -> None:
    """Compare, repair where that is wanted, compare again, report."""
    module = AnsibleModule(argument_spec={**CONNECTION_OPTIONS, **OPTIONS}, supports_check_mode=True)
    begin, end = period(module)
    gateway = Gateway(module.params["url"], module.params["key"])
    with connect(module, read_only=module.check_mode or module.params["state"] == "compared") as connection:
        try:
            taken = gateway.payments(int(begin.timestamp()), int(end.timestamp()))
            found, sums = read(connection, gateway, taken, begin, end, module.params["order_notes"])
            repaired = repair(module, connection, found)
            left = read(connection, gateway, taken, begin, end, module.params["order_notes"])[0] if repaired else found
        except GatewayError as error:
            message = f"{error} Whether payments are missing is not known. Look at Razorpay and its key, then resume."
            module.fail_json(msg=message, stop="resumable")
        except psycopg.Error as error:
            message = f"The payments were not reconciled: {' '.join(str(error).split())}. Mend that, then resume."
            module.fail_json(msg=message, stop=stop_class(error))
    module.exit_json(
        changed=bool(repaired) or would_repair(module, found),
        compared={"payments": len(taken), "from": begin.isoformat(), "until": end.isoformat()},
        **asdict(found),
        lost=lost(found),
        days=sums,
        repaired=repaired,
        findings=left_over(left),
        diff={"before": {"payments": []}, "after": {"payments": repaired}},
    )


def period(module: AnsibleModule) -> tuple[datetime, datetime]:
    """Return from when until when payments are compared."""
    try:
        begin = instant(module.params["restore_time"]) - timedelta(minutes=module.params["overlap_minutes"])
        settled = datetime.now(UTC) - timedelta(seconds=module.params["settle_seconds"])
        return begin, instant(module.params["until"]) if module.params["until"] else settled
    except ValueError as error:
        return module.fail_json(msg=f"This is no instant: {error}.", stop="bad_input")


def read(
    connection: psycopg.Connection[dict[str, Any]],
    gateway: Gateway,
    taken: list[dict[str, Any]],
    begin: datetime,
    end: datetime,
    order_notes: list[str],
) -> tuple[Reconciliation, list[dict[str, Any]]]:
    """Return the differences, and the sums of each day."""
    known = rows.read_payments(connection, [payment["id"] for payment in taken])
    orders = rows.read_orders(connection, [number for payment in taken if (number := order_of(payment))])
    found = compare(taken, known, orders, order_notes)
    captured = rows.read_captured(connection, begin, end)
    listed = {payment["id"] for payment in taken}
    found.unknown = [entry for row in captured if (entry := unknown(gateway, row, listed))]
    return found, days(taken, captured)


def unknown(gateway: Gateway, row: dict[str, Any], listed: set[str]) -> dict[str, Any] | None:
    """Return a payment of the database that the gateway does not have as captured, asked for by its id."""
    identity = row["razorpay_payment_id"]
    if identity in listed:
        return None  # a difference of status is told with those of the gateway
    payment = gateway.payment(identity) if identity else None
    if payment and payment["status"] == "captured" and payment["amount"] == row["amount_paise"]:
        return None
    at = row["created_at"].astimezone(UTC).isoformat().replace("+00:00", "Z")
    said = payment["status"] if payment else "nothing"
    return {"payment": identity, "order": row["order_id"], "amount": row["amount_paise"], "at": at, "gateway": said}


def repair(
    module: AnsibleModule, connection: psycopg.Connection[dict[str, Any]], found: Reconciliation
) -> list[dict[str, Any]]:
    """Put back what can be put back, where that is wanted and this is no rehearsal."""
    if module.check_mode or module.params["state"] == "compared":
        return []
    return rows.repair(connection, found, module.params["order_notes"])


def would_repair(module: AnsibleModule, found: Reconciliation) -> bool:
    """Tell whether a rehearsal found something to put back."""
    if module.params["state"] == "compared" or not module.check_mode:
        return False
    notes = module.params["order_notes"]
    return bool(found.missing or found.uncaptured or any(rows.order_fields(entry, notes) for entry in found.orphans))


if __name__ == "__main__":
    main()
