# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every row that the old server had at the restore point is in the restored one, unchanged; and no other is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

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

MOST_NAMED = 20
# A transaction that began before the restore point may have ended after it.
OPEN = timedelta(seconds=1)


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


@dataclass(frozen=True)
class Judge:
    """Tells of rows that only the old server has as they are whether the restored one could have them.

    Around the restore point a number may stand for a transaction of either server. Then a row that both have tells that
    its transaction was before; and where there is none, a new row by when it was made.
    """

    horizon: Horizon
    late: set[int]
    seen: set[int]
    restored_keys: set[str]
    restore_time: datetime

    def is_later(self, row: Row) -> bool:
        """Tell whether a row was written after the restore point."""
        if row.xid in self.late or row.xid in self.seen or not self.horizon.is_doubtful(row.xid):
            return row.xid in self.late
        is_new = row.key not in self.restored_keys
        return row.created is None or not is_new or row.created > self.restore_time - OPEN


def shared(restored: Iterable[Row], old: Iterable[Row]) -> set[int]:
    """Return the transactions of rows that both servers have alike, from the same transaction."""
    there = {(row.key, row.hash, row.xid) for row in restored}
    return {row.xid for row in old if (row.key, row.hash, row.xid) in there}


def compare_table(pair: Pair, horizon: Horizon, restore_time: datetime, newest_keys: int | None = None) -> Comparison:
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
        judge = Judge(horizon, late, shared(restored, old), {row.key for row in restored}, restore_time)
        add_differences(found, only_restored, only_old, judge.is_later, horizon.is_foreign)
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
    is_later: Callable[[Row], bool],
    is_foreign: Callable[[int], bool],
) -> None:
    """Tell for each row that only one server has whether that is right, and add it to what was found."""
    restored_keys = Counter(row.key for row in only_restored)
    paired: Counter[str] = Counter()
    for row in only_old:
        twin = paired[row.key] < restored_keys[row.key]
        paired[row.key] += twin
        if is_later(row):
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
    shown = "; ".join(readable(key) for key in keys[:MOST_NAMED])
    return f"{len(keys)} are {how}: {shown}{' and more' if len(keys) > MOST_NAMED else ''}."
