# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a reconciliation of payments leaves to a person, as findings."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.payment_comparison import Reconciliation
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

# What was found, why it matters and what to do, by the kind of difference.
WORDS: dict[str, tuple[str, str, str]] = {
    "missing": (
        "was paid, and the order lacks the payment",
        "The family would be asked to pay again.",
        "Add the payment with state=repaired.",
    ),
    "orphans": (
        "was paid, and the order is not there",
        "A family paid for a lunch that nobody will cook.",
        "Place it again with state=repaired where its notes say what it was; else ask the family, or refund by policy.",
    ),
    "uncaptured": (
        "was captured, and the database does not know it",
        "The lunch counts as unpaid.",
        "Mark it as captured with state=repaired.",
    ),
    "amounts": (
        "has another amount in the database",
        "The books do not agree with the bank.",
        "Compare it with the order in the Dashboard; nothing changes an amount by itself.",
    ),
    "unknown": (
        "counts as captured in the database, and the gateway does not have it so",
        "A lunch may be cooked that nobody paid for.",
        "Look for it in the Dashboard, and correct the row by hand.",
    ),
}


def left_over(found: Reconciliation) -> list[dict[str, str]]:
    """Return a finding for each difference."""
    return [described(kind, entry) for kind in WORDS for entry in getattr(found, kind)]


def described(kind: str, entry: dict[str, Any]) -> dict[str, str]:
    """Return the finding for one payment."""
    what, why, do = WORDS[kind]
    rupees = f"{entry['amount'] / 100:.2f}"
    said = f"Payment {entry['payment']} of {rupees} INR at {entry['at']} {what}."
    return finding(said, f"order {entry['order']}", why, do, severity="high", key=f"payment-{kind}")
