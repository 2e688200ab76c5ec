# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which maintenance a table needs, and why; nothing here asks the server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table

INSERTED_FRACTION = 0.2
FEWEST_CHANGES = 1000


@dataclass(frozen=True)
class Thresholds:
    """From when on a table is in need."""

    dead_min: int = 10_000
    dead_fraction: float = 0.05
    analyze_fraction: float = 0.05
    freeze_fraction: float = 0.75
    emergency_age: int = 1_000_000_000
    recent_hours: int = 6


@dataclass(frozen=True)
class Need:
    """What a table needs: `freeze`, `vacuum` or `analyze`."""

    kind: str
    reason: str
    emergency: bool = False
    for_dead_rows: bool = False


def find_need(table: Table, thresholds: Thresholds, reliable: bool, now: datetime) -> Need | None:
    """Return the first need that holds: age before dead rows before statistics."""
    if table.is_parent:
        return None
    if need := need_by_age(table, thresholds):
        return need
    if reliable:
        return need_of_vacuum(table, thresholds) or need_of_analyze(table, thresholds)
    return need_without_counters(table, thresholds, now)


def need_by_age(table: Table, thresholds: Thresholds) -> Need | None:
    """Tell whether its oldest transaction or multixact comes near the age at which the server forces a vacuum."""
    if table.urgency < thresholds.freeze_fraction and table.xid_age < thresholds.emergency_age:
        return None
    by_xid = table.xid_age / table.xid_limit >= table.mxid_age / table.mxid_limit
    what, age, limit = (
        ("transaction", table.xid_age, table.xid_limit) if by_xid else ("multixact", table.mxid_age, table.mxid_limit)
    )
    reason = (
        f"Its oldest {what} is {age:,} old, {age / limit:.0%} of the {limit:,} at which the server forces a vacuum."
    )
    return Need("freeze", reason, emergency=max(table.xid_age, table.mxid_age) >= thresholds.emergency_age)


def need_of_vacuum(table: Table, thresholds: Thresholds) -> Need | None:
    """Tell whether it holds many dead rows, has grown much, or was never vacuumed.

    A table with all-visible pages was vacuumed, even where the counters that would say when are lost.
    """
    if table.dead and table.dead >= max(thresholds.dead_min, thresholds.dead_fraction * table.counted_rows):
        reason = f"It holds {table.dead:,} dead rows, {table.dead_share:.0%} of its rows."
        return Need("vacuum", reason, for_dead_rows=True)
    if table.inserted and table.inserted >= max(thresholds.dead_min, INSERTED_FRACTION * table.counted_rows):
        return Need("vacuum", f"It has gained {table.inserted:,} rows since its last vacuum.")
    if table.vacuumed is None and table.visible_pages == 0 and table.counted_rows > 0:
        return Need("vacuum", f"It has {table.counted_rows:,} rows and was never vacuumed.")
    return None


def need_of_analyze(table: Table, thresholds: Thresholds) -> Need | None:
    """Tell whether many rows changed since its last ANALYZE, or it never had one."""
    if has_changed(table, thresholds):
        share = table.modified / max(table.counted_rows, 1)
        return Need("analyze", f"{table.modified:,} rows changed since its last ANALYZE, {share:.0%} of its rows.")
    if table.analyzed is None and table.heap_bytes > 0:
        return Need("analyze", "It was never analysed.")
    return None


def has_changed(table: Table, thresholds: Thresholds) -> bool:
    """Tell whether more rows changed since the last ANALYZE than its statistics can bear."""
    return table.modified >= max(FEWEST_CHANGES, thresholds.analyze_fraction * table.counted_rows)


def need_without_counters(table: Table, thresholds: Thresholds, now: datetime) -> Need | None:
    """Choose by size alone, and leave out what was done a short while ago.

    Only here does a recent run count: a need that was measured is real however young the last vacuum is, for that
    vacuum may have been kept from its work by an old transaction.
    """
    if table.counted_rows <= 0 and table.heap_bytes == 0:
        return None
    large = table.counted_rows >= max(thresholds.dead_min, 1)
    last = table.vacuumed if large else table.analyzed
    if last is not None and now - last < timedelta(hours=thresholds.recent_hours):
        return None
    kind = "vacuum" if large else "analyze"
    return Need(kind, f"The counters were lost and it has {table.counted_rows:,} rows, so it is treated by its size.")


def need_of_parent(
    parent: Table, partitions: list[Table], changed: set[int], reliable: bool, exact: bool, now: datetime,
    thresholds: Thresholds,
) -> Need | None:  # fmt: skip
    """Tell whether a partitioned table needs the ANALYZE that autovacuum never gives it.

    Args:
        parent: The partitioned table.
        partitions: Its leaves.
        changed: Identifiers of the leaves whose rows changed enough for an ANALYZE now.
        reliable: Whether the counters can be believed.
        exact: Whether the server analyses a parent without its partitions. Where it does not, a partition's own
            ANALYZE may have been part of the parent's, and only autovacuum's counts as a change.
        now: Time of the server.
        thresholds: From when on a table is in need.
    """
    filled = [leaf for leaf in partitions if leaf.counted_rows > 0 or leaf.heap_bytes > 0]
    if not filled:
        return None
    if parent.analyzed is None:
        return Need("analyze", "It is partitioned and its rows as a whole were never analysed.")
    if not reliable:
        recent = now - parent.analyzed < timedelta(hours=thresholds.recent_hours)
        return None if recent else Need("analyze", "The counters were lost, so every table is analysed once.")
    later = [leaf for leaf in filled if leaf.oid in changed or changed_since(leaf, parent.analyzed, exact)]
    if later:
        return Need(
            "analyze", f"{len(later)} of its partitions changed since its last ANALYZE, such as {later[0].quoted}."
        )
    return None


def changed_since(leaf: Table, moment: datetime, exact: bool) -> bool:
    """Tell whether a partition was analysed, and so had changed, after a moment."""
    last = leaf.analyzed if exact else leaf.autoanalyzed
    return last is not None and last > moment
