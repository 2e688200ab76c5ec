# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The review of rows that were lost or changed since a restore point: what a person reads, shortens and signs for."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_file import write_private
from ansible_collections.hasivu.ops.plugins.module_utils.rows_table import Table, read_values
from ansible_collections.hasivu.ops.plugins.module_utils.verification_horizon import Horizon
from ansible_collections.hasivu.ops.plugins.module_utils.verification_ranges import (
    Pair,
    Row,
    bounds,
    differing_leaves,
    read_rows,
)
from ansible_collections.hasivu.ops.plugins.module_utils.verification_rows import apart

Review = dict[str, Any]


class TooManyError(Exception):
    """Raised when more rows differ than anybody reviews."""


def compare(pair: Pair, table: Table, horizon: Horizon, most_rows: int) -> Review:
    """Return what happened to the rows of a table since the restore point.

    Raises:
        TooManyError: More rows differ than may.
        psycopg.Error: A server does not answer.
    """
    review: Review = {"columns": pair.columns, "deleted": [], "changed": [], "created_since": 0}
    asked = bounds(pair, None)
    for part in differing_leaves(pair, asked, []) if asked else ():
        copy, production = apart(*read_rows(pair, part))
        add(review, copy, production, horizon)
        if len(review["deleted"]) + len(review["changed"]) > most_rows:
            raise TooManyError(f"More than {most_rows} rows of {table.name} differ")
    name_columns(review, pair, table)
    return review


def add(review: Review, copy: list[Row], production: list[Row], horizon: Horizon) -> None:
    """Add the rows of one range; what was written into the copy itself is no part of the past."""
    now = {row.key: row for row in production}
    for row in copy:
        present = now.pop(row.key, None)
        if present:
            review["changed"].append({"key": json.loads(row.key), "hash": str(present.hash)})
        elif not horizon.is_foreign(row.xid):
            review["deleted"].append(json.loads(row.key))
    review["created_since"] += len(now)


def name_columns(review: Review, pair: Pair, table: Table) -> None:
    """Name for each changed row the columns that differ."""
    keys = [entry["key"] for entry in review["changed"]]
    then, now = (read_values(side, table, keys) for side in (pair.restored, pair.old))
    for entry in review["changed"]:
        key = json.dumps(entry["key"])
        entry["columns"] = sorted(name for name in table.columns if then[key][name] != now[key][name])


def write(path: str, review: Review) -> str:
    """Write the review for its owner only, and return its SHA-256.

    Raises:
        OSError: The folder is missing, full or not ours.
    """
    text = json.dumps(review, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    write_private(Path(path), text)
    return hashlib.sha256(text.encode()).hexdigest()


def read(path: str, sha256: str) -> Review:
    """Return the review that a person signed for by its SHA-256.

    Raises:
        OSError: It cannot be read.
        ValueError: It is another one, or no review.
    """
    content = Path(path).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"its SHA-256 is {found}, and {sha256} was reviewed")
    review = json.loads(content)
    if not isinstance(review, dict) or not isinstance(review.get("tables"), dict):
        raise ValueError("it is no review of rows")
    return review
