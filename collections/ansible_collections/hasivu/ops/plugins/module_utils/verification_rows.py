# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every row that the old server had at the restore point is in the restored one, unchanged; and no other is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import Check
from ansible_collections.hasivu.ops.plugins.module_utils.verification_horizon import Horizon, unseen
from ansible_collections.hasivu.ops.plugins.module_utils.verification_ranges import (
    Pair,
    Row,
    bounds,
    differing_leaves,
    read_rows,
    readable,
)

MOST_NAMED = 200


@dataclass
class Comparison:
    """How the rows of a table differ: by what happened since, which is right, or by what must not be."""

    rows: int = 0
    created_since: int = 0
    changed_since: int = 0
    deleted_since: int = 0
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> bool:
        """Tell whether anything differs that the time since the restore point does not explain."""
        return bool(self.missing or self.changed or self.foreign)


def compare_table(pair: Pair, horizon: Horizon, newest_keys: int | None = None) -> Comparison:
    """Compare one table on both servers, row by row where checksums differ.

    Raises:
        psycopg.Error: A server does not answer, or lacks the table.
    """
    found = Comparison()
    asked = bounds(pair, newest_keys)
    if asked is None:
        return found
    counts: list[int] = []
    for part in differing_leaves(pair, asked, counts):
        restored, old = read_rows(pair, part)
        only_restored, only_old = apart(restored, old)
        late = unseen(pair.restored, horizon, {row.xid for row in only_old})
        add_differences(found, only_restored, only_old, lambda xid, late=late: xid in late, horizon.is_foreign)
    found.rows = counts[0]
    return found


def apart(restored: Iterable[Row], old: Iterable[Row]) -> tuple[list[Row], list[Row]]:
    """Return the rows that only one of the servers has; equal rows go in pairs, for a key may stand twice."""
    return missing_in(old, restored), missing_in(restored, old)


def missing_in(there: Iterable[Row], here: Iterable[Row]) -> list[Row]:
    """Return the rows of `here` that are not `there`."""
    left = Counter((row.key, row.hash) for row in there)
    result = []
    for row in here:
        if left[row.key, row.hash] > 0:
            left[row.key, row.hash] -= 1
        else:
            result.append(row)
    return result


def add_differences(
    found: Comparison,
    only_restored: list[Row],
    only_old: list[Row],
    is_later: Callable[[int], bool],
    is_foreign: Callable[[int], bool],
) -> None:
    """Tell for each row that only one server has whether that is right, and add it to what was found."""
    restored_keys = Counter(row.key for row in only_restored)
    paired: Counter[str] = Counter()
    for row in only_old:
        twin = paired[row.key] < restored_keys[row.key]
        paired[row.key] += twin
        if is_later(row.xid):
            found.changed_since += twin
            found.created_since += not twin
        else:
            (found.changed if twin else found.missing).append(row.key)
    for row in only_restored:
        if paired[row.key]:
            paired[row.key] -= 1
        elif is_foreign(row.xid):
            found.foreign.append(row.key)
        else:
            found.deleted_since += 1


def row_check(table: str, found: Comparison) -> Check:
    """Return what a comparison says as a check."""
    what = f"{table} holds every row that the old database had at the restore point, and no other"
    if not found.wrong:
        since = f"{found.created_since} created, {found.changed_since} changed and {found.deleted_since} deleted since"
        return Check(f"rows:{table}", True, what, f"{found.rows} rows compared; the old database has {since}.")
    words = (
        (found.missing, "missing"),
        (found.changed, "different though nobody changed them since"),
        (found.foreign, "written after the restore"),
    )
    return Check(f"rows:{table}", False, what, " ".join(named(keys, how) for keys, how in words if keys))


def named(keys: list[str], how: str) -> str:
    """Return a sentence that names rows by their keys."""
    shown = "; ".join(readable(key) for key in keys[:20])
    return f"{len(keys)} are {how}: {shown}{' and more' if len(keys) > 20 else ''}."
