# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The table of lifecycles: when each runtime and engine leaves support, as a person read it on one day."""

from __future__ import annotations

from datetime import date
from typing import Any

KINDS = ("lambda", "rds_postgres", "kubernetes", "elasticache")
DAYS = ("deprecated", "create_blocked", "update_blocked")
FIELDS = (*DAYS, "successor")
FRESH_DAYS = 45

Table = dict[str, Any]


def problems(table: Table, today: date) -> list[str]:
    """Return a sentence for everything that is wrong with a table."""
    unknown = sorted(set(table) - {"as_of", "sources", *KINDS})
    missing = [name for name in ("as_of", *KINDS) if not table.get(name)]
    found = [f"there is no part '{name}' in it" for name in unknown]
    found += [f"its part '{name}' is missing" for name in missing]
    if "as_of" not in missing and (not is_day(table["as_of"]) or day(table["as_of"]) > today):
        found.append(f"as_of '{table['as_of']}' is no day up to today")
    rows = [(kind, str(name), row or {}) for kind in KINDS for name, row in (table.get(kind) or {}).items()]
    return found + [problem for kind, name, row in rows for problem in problems_of_row(table, kind, name, row)]


def problems_of_row(table: Table, kind: str, name: str, row: dict[str, Any]) -> list[str]:
    """Return a sentence for everything that is wrong with one line."""
    found = [f"{kind} {name} has an unknown field '{field}'" for field in sorted(set(row) - set(FIELDS))]
    given = [row[field] for field in DAYS if field in row]
    wrong = [value for value in given if not is_day(value)]
    found += [f"{kind} {name} holds '{value}', which is no day" for value in wrong]
    if not wrong and given != sorted(given):
        found.append(f"{kind} {name} is blocked before it is deprecated")
    successor = row.get("successor")
    if successor and (successor == name or successor not in table[kind]):
        found.append(f"{kind} {name} names {successor} as its successor, which is no other line")
    return found


def is_day(value: Any) -> bool:
    """Tell whether a value is a day as ISO 8601 writes it."""
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return True


def day(value: str) -> date:
    """Return a day."""
    return date.fromisoformat(value)


def age(table: Table, today: date) -> int:
    """Return how many days ago the table was read."""
    return (today - day(table["as_of"])).days
