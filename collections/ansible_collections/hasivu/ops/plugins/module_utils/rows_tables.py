# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tables that are compared with a copy beside production, and those of a review."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import rows_review
from ansible_collections.hasivu.ops.plugins.module_utils.rows_table import CopyError, Table, read_table
from ansible_collections.hasivu.ops.plugins.module_utils.verification_horizon import read_horizon
from ansible_collections.hasivu.ops.plugins.module_utils.verification_ranges import Pair

NOTHING: rows_review.Review = {"columns": [], "deleted": [], "changed": [], "conflicts": [], "created_since": 0}


def compare_tables(production: Any, copy: Any, options: dict[str, Any]) -> dict[str, rows_review.Review]:
    """Return what happened to the rows of each table since the restore point.

    Raises:
        TooManyError: More rows differ than may.
        psycopg.Error: A server does not answer.
    """
    horizon = read_horizon(copy, production, options["recovery_xid"])
    tables: dict[str, Any] = {}
    for asked in options["tables"]:
        table = read_table(production, asked)
        if table is None:
            tables[asked["name"]] = {**NOTHING, "dropped": True}
            continue
        pair = Pair(copy, production, asked)
        tables[asked["name"]] = rows_review.compare(pair, table.only(pair.columns), horizon, options["most_rows"])
    rows_review.set_conflicts_apart(tables, options["bulk_rows"])
    return tables


def reviewed_tables(production: Any, asked: list[dict[str, Any]], review: rows_review.Review) -> dict[str, Table]:
    """Return the tables of a review as production has them.

    Raises:
        CopyError: One was not asked for, or production lacks it.
    """
    return {
        name: reviewed_table(production, asked, name).only(found["columns"]) for name, found in review["tables"].items()
    }


def reviewed_table(production: Any, tables: list[dict[str, Any]], name: str) -> Table:
    """Return one of them."""
    asked = next((asked for asked in tables if asked["name"] == name), None)
    table = read_table(production, asked) if asked else None
    if table is None:
        raise CopyError(
            f"{name} is not among the tables, or was dropped: make it with pg_dump --schema-only of the copy"
        )
    return table
