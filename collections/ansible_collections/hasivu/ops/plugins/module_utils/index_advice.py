# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which indexes are invalid, superfluous, unused or missing. Pure decisions: nothing here asks a server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.index_catalog import ForeignKey, Index, supports


@dataclass(frozen=True)
class Statistics:
    """How long use has been counted, and how many replicas count for themselves."""

    since: datetime
    days: float
    replicas: int
    wanted_days: int

    @property
    def old_enough(self) -> bool:
        """Tell whether an index without a scan may be called unused."""
        return self.days >= self.wanted_days


def invalid(indexes: list[Index]) -> list[dict[str, Any]]:
    """Return the invalid indexes, with what is to be done with each."""
    return [entry(index, why_invalid(index), mend=mend_of(index, indexes)) for index in indexes if not index.valid]


def mend_of(index: Index, indexes: list[Index]) -> str:
    """Return how an invalid index is mended: wait, drop, attach or reindex.

    A remnant is dropped only when the index that it was to replace is there, for a person may have given that name.
    """
    if index.busy:
        return "wait"
    if index.partitioned:
        return "attach"
    if index.remnant and any(other.oid != index.oid and same_work(index, other) for other in indexes):
        return "drop"
    return "reindex"


def same_work(one: Index, other: Index) -> bool:
    """Tell whether two indexes are equal but for their name and validity."""
    return one.likeness == other.likeness and one.is_unique == other.is_unique


def why_invalid(index: Index) -> str:
    """Say what an invalid index is."""
    if index.busy:
        return f"{index.title} is invalid while somebody works on {index.table}; it may be in the making."
    if index.partitioned:
        return f"{index.title} is invalid because a partition has no index attached to it."
    if index.remnant:
        return f"{index.title} is what a failed REINDEX CONCURRENTLY has left behind; it only costs writes."
    return f"{index.title} is invalid: queries cannot use it, but each write pays for it."


def duplicates(indexes: list[Index]) -> list[dict[str, Any]]:
    """Return the indexes that do the same work as another one, naming the one to keep."""
    groups: dict[tuple[Any, ...], list[Index]] = {}
    for index in indexes:
        if index.valid:
            groups.setdefault((*index.likeness, index.is_unique, index.nulls_not_distinct), []).append(index)
    found = []
    for group in groups.values():
        kept, *others = sorted(group, key=lambda index: (index.droppable, -index.scans, index.oid))
        found += [
            entry(index, f"{index.title} does the same as {kept.title}.", kept=kept.title)
            for index in others
            if index.droppable
        ]
    return found


def redundant(indexes: list[Index]) -> list[dict[str, Any]]:
    """Return the indexes whose work another one does along with its own: a longer one, or a unique one."""
    by_table: dict[int, list[Index]] = {}
    for index in indexes:
        by_table.setdefault(index.table_oid, []).append(index)
    found = []
    for index in indexes:
        longer = next((other for other in by_table[index.table_oid] if covers(other, index)), None)
        if longer:
            text = f"{index.title} is covered by {longer.title}, which starts with the same columns."
            found.append(entry(index, text, kept=longer.title))
    return found


def covers(longer: Index, index: Index) -> bool:
    """Tell whether one index can stand in for another; of two exact duplicates neither covers the other."""
    plain = not (index.expressions or longer.expressions)
    return (
        longer.oid != index.oid
        and longer.table_oid == index.table_oid
        and longer.method == index.method == "btree"
        and index.valid
        and longer.valid
        and index.droppable
        and not index.is_unique
        and (plain or index.expressions == longer.expressions)
        and index.predicate == longer.predicate
        and longer.keys[: len(index.keys)] == index.keys
        and set(index.columns) <= set(longer.columns)
        and not (longer.likeness == index.likeness and not longer.is_unique)
        and (plain or len(longer.keys) == len(index.keys))
    )


def unused(indexes: list[Index], keys: list[ForeignKey], statistics: Statistics) -> list[dict[str, Any]]:
    """Return the indexes that no query of this server has used for long; none while that is unknown."""
    if not statistics.old_enough:
        return []
    return [
        entry(index, why_unused(index, statistics), scans=index.scans, last_scan=index.last_scan)
        for index in indexes
        if is_unused(index, statistics) and not any(supports(index, key) for key in keys)
    ]


def is_unused(index: Index, statistics: Statistics) -> bool:
    """Tell whether an index that nothing else needs has not been scanned for long enough."""
    limit = datetime.now(UTC) - timedelta(days=statistics.wanted_days)
    idle = index.scans == 0 or (index.last_scan is not None and index.last_scan < limit)
    return idle and index.valid and index.droppable and not index.is_unique


def why_unused(index: Index, statistics: Statistics) -> str:
    """Say how long an index has not been used, and whom that does not speak for."""
    if index.scans:
        text = f"{index.title} was last used on {index.last_scan:%Y-%m-%d}."
    else:
        text = f"{index.title} has not been used in the {statistics.days:.0f} days that are counted."
    if statistics.replicas:
        text += f" {statistics.replicas} replicas count for themselves and could not be asked."
    return text


def missing(indexes: list[Index], keys: list[ForeignKey]) -> list[dict[str, Any]]:
    """Return the foreign keys that no index supports."""
    by_table: dict[int, list[Index]] = {}
    for index in indexes:
        by_table.setdefault(index.table_oid, []).append(index)
    return [
        describe_missing(key)
        for key in keys
        if not any(supports(index, key) for index in by_table.get(key.table_oid, []))
    ]


def describe_missing(key: ForeignKey) -> dict[str, Any]:
    """Return what is said of a foreign key without an index."""
    columns = ", ".join(key.column_names)
    return {
        "table": f"{key.schema}.{key.table_name}",
        "constraint": key.name,
        "columns": key.column_names,
        "bytes": key.bytes,
        "rows": key.tuples,
        "reason": f"{key.name} on {key.schema}.{key.table_name} ({columns}) has no index: deleting from {key.target} "
        f"reads all {key.tuples} rows.",
    }


def entry(index: Index, reason: str, **more: Any) -> dict[str, Any]:
    """Return what is said of one index."""
    return {
        "index": index.title,
        "table": index.table,
        "bytes": index.bytes,
        "reason": reason,
        "oid": index.oid,
        "busy": index.busy,
        **more,
    }
