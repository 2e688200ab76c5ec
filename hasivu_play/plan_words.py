"""A plan in words, for the person who is asked to approve it."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.plan_comparison import lines_of
from ansible_collections.hasivu.ops.plugins.module_utils.plan_document import Plan

PERSONS = {0: "nobody", 1: "another person", 2: "two other persons"}
LONGEST = 20


def in_words(plan: Plan) -> str:
    """Return a plan as text: what, where, what would change, and what nobody knows beforehand."""
    fields = plan.fields
    return "\n".join(
        [
            f"{fields['title']} ({fields['procedure']}) in {fields['environment']}, {fields['risk']}",
            f"Made {fields['made']['at']} by {fields['made_by']}, holds until {fields['expires']['at']}",
            f"Wants the approval of {PERSONS[fields['approvals_wanted']]}",
            f"Digest {plan.digest}",
            *section("Inputs", [f"{name}: {value}" for name, value in fields["inputs"].items() if value is not None]),
            *section("Would change", [line for change in fields["changes"] for line in change_lines(change)]),
            *section("Not known beforehand", fields["not_predicted"]),
            *section("Warnings", fields["warnings"]),
        ]
    )


def section(title: str, lines: list[str]) -> list[str]:
    """Return lines below a title."""
    return [f"{title}:", *(f"  {line}" for line in lines or ["nothing"])]


def change_lines(change: dict[str, Any]) -> list[str]:
    """Return what one step would change."""
    lines = lines_of(change["change"])
    more = [f"    and {len(lines) - LONGEST} lines more in the file"] if len(lines) > LONGEST else []
    return [f"{change['step']} ({change['host']})", *(f"    {line}" for line in lines[:LONGEST]), *more]
