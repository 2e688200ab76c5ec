# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The review of rows that were lost or changed since a restore point: what a person reads, shortens and signs for."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
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
    readable,
)
from ansible_collections.hasivu.ops.plugins.module_utils.verification_rows import apart

Review = dict[str, Any]
SHOWN = 10


class TooManyError(Exception):
    """Raised when more rows differ than anybody reviews."""


def compare(pair: Pair, table: Table, horizon: Horizon, most_rows: int) -> Review:
    """Return what happened to the rows of a table since the restore point.

    Raises:
        TooManyError: More rows differ than may.
        psycopg.Error: A server does not answer.
    """
    review: Review = {"columns": pair.columns, "deleted": [], "changed": [], "conflicts": [], "created_since": 0}
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
            entry = {"key": json.loads(row.key), "hash": str(present.hash), "by": str(present.xid)}
            review["changed"].append(entry)
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


def set_conflicts_apart(tables: dict[str, Review], bulk_rows: int) -> None:
    """Move the rows that a small transaction changed last to the conflicts.

    A bad deploy changes many rows at once; the platform changes those of one order. So these look as if somebody had
    changed them for a good reason, and only a person moves them back.
    """
    sizes = Counter(entry["by"] for found in tables.values() for entry in found["changed"])
    for found in tables.values():
        changed = found["changed"]
        found["changed"] = [entry for entry in changed if sizes[entry["by"]] >= bulk_rows]
        found["conflicts"] = [entry for entry in changed if sizes[entry["by"]] < bulk_rows]


def numbers(found: Review) -> Review:
    """Return of a table how many rows there are of each kind, and some by their keys."""
    kinds = {kind: found[kind] for kind in ("deleted", "changed", "conflicts")}
    named = {kind: [entry["key"] if kind != "deleted" else entry for entry in kinds[kind][:SHOWN]] for kind in kinds}
    columns = sorted({column for entry in found["changed"] for column in entry["columns"]})
    counts = {kind: len(entries) for kind, entries in kinds.items()}
    return {**found, **counts, "examples": named, "changed_columns": columns}


def page_row(name: str, found: Review) -> Review:
    """Return what a page says of one table, from its numbers."""
    named = {
        kind: "; ".join(readable(json.dumps(key)) for key in keys) for kind, keys in found["examples"].items() if keys
    }
    return {
        "table": name,
        **{kind: found[kind] for kind in ("deleted", "changed", "conflicts", "created_since")},
        "dropped": "yes" if found.get("dropped") else "no",
        "columns": ", ".join(found["changed_columns"]),
        "examples": ". ".join(f"{kind}: {keys}" for kind, keys in named.items()),
    }


def check_shortened(review: Review, original: Review) -> None:
    """See that a review asks for nothing that was not found.

    Raises:
        ValueError: It does.
    """
    for name, found in review["tables"].items():
        was = original["tables"].get(name, {})
        deleted = {json.dumps(key) for key in was.get("deleted", [])}
        known = {signature(entry) for kind in ("changed", "conflicts") for entry in was.get(kind, [])}
        more = [key for key in found.get("deleted", []) if json.dumps(key) not in deleted]
        more += [entry["key"] for entry in found.get("changed", []) if signature(entry) not in known]
        if more or found.get("columns") != was.get("columns"):
            raise ValueError(f"it asks for {name} {more[:1] or ''} otherwise than what was found")


def signature(entry: Review) -> str:
    """Return what makes two changed rows the same."""
    return json.dumps({name: entry[name] for name in ("key", "hash", "columns")}, sort_keys=True)


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
    return parse(content)


def parse(content: bytes) -> Review:
    """Return the review that a file holds.

    Raises:
        ValueError: It is no review.
    """
    review = json.loads(content)
    if not isinstance(review, dict) or not isinstance(review.get("tables"), dict):
        raise ValueError("it is no review of rows")
    return review
