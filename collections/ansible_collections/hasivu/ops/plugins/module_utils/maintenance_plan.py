# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of a maintenance run: what is done to which table, in which order, and what does not fit the time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_choice import why_excluded
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_estimate import expected_seconds, throughput
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_need import (
    Need,
    Thresholds,
    find_need,
    need_of_parent,
)
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_statistics import Statistics, judge_statistics
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table

ANALYZE_ONLY = 180_000


@dataclass(frozen=True)
class Wishes:
    """What the caller asks for."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    include: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    jobs: int = 2
    seconds: float = 2700.0
    cap_seconds: float = 1200.0
    previous: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Server:
    """What the plan depends on at the server's side."""

    version: int
    now: datetime
    stats_reset: datetime | None = None


@dataclass(frozen=True)
class Job:
    """One statement of the run; `waits_for` holds the tables that must be finished before it."""

    table: Table
    need: Need
    expected_seconds: float = 0.0
    fits: bool = True
    analyze: bool = True
    waits_for: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Exclusion:
    """A table in need that the run leaves alone."""

    table: Table
    need: Need
    reason: str


@dataclass(frozen=True)
class Plan:
    """Jobs in their order, and what is not done."""

    statistics: Statistics
    jobs: list[Job]
    excluded: list[Exclusion]

    @property
    def permitted(self) -> list[Job]:
        """The jobs that the role may do."""
        return [job for job in self.jobs if job.table.permitted]


def make_plan(tables: Sequence[Table], server: Server, wishes: Wishes) -> Plan:
    """Choose, order and fit into the time."""
    statistics = judge_statistics(tables, server.stats_reset, server.now)
    needs = find_needs(tables, server, wishes.thresholds, statistics.reliable)
    excluded = find_exclusions(tables, needs, wishes)
    left_alone = {exclusion.table.oid for exclusion in excluded}
    found = [Job(table, needs[table.oid]) for table in tables if table.oid in needs and table.oid not in left_alone]
    jobs = join_partitions(found, server.version >= ANALYZE_ONLY)
    rate = throughput(wishes.previous)
    timed = [replace(job, expected_seconds=expected(job, tables, rate)) for job in jobs]
    return Plan(statistics, fit(sorted(timed, key=order_key), wishes), excluded)


def find_needs(tables: Sequence[Table], server: Server, thresholds: Thresholds, reliable: bool) -> dict[int, Need]:
    """Return the need of each table that has one, parents by what their partitions went through."""
    found = {table.oid: find_need(table, thresholds, reliable, server.now) for table in tables}
    needs = {oid: need for oid, need in found.items() if need}
    leaves = leaves_by_parent(tables)
    changed = set(needs)
    exact = server.version >= ANALYZE_ONLY
    for parent in (table for table in tables if table.is_parent):
        partitions = leaves.get(parent.oid, [])
        if need := need_of_parent(parent, partitions, changed, reliable, exact, server.now, thresholds):
            needs[parent.oid] = need
    return needs


def leaves_by_parent(tables: Iterable[Table]) -> dict[int, list[Table]]:
    """Return the tables that hold the rows of each partitioned table, at any depth."""
    leaves: dict[int, list[Table]] = {}
    for table in tables:
        for parent in () if table.is_parent else table.ancestors:
            leaves.setdefault(parent, []).append(table)
    return leaves


def find_exclusions(tables: Iterable[Table], needs: dict[int, Need], wishes: Wishes) -> list[Exclusion]:
    """Return the tables in need that the run may not or need not touch."""
    reasons = ((table, why_excluded(table, wishes.include, wishes.exclude)) for table in tables if table.oid in needs)
    return [Exclusion(table, needs[table.oid], reason) for table, reason in reasons if reason]


def join_partitions(jobs: list[Job], exact: bool) -> list[Job]:
    """Put parents after their partitions, and do nothing twice.

    Before PostgreSQL 18 the ANALYZE of a parent analyses every partition as well: then partitions need none of their
    own, nor do parents below it.
    """
    parents = {job.table.oid for job in jobs if job.table.is_parent and job.table.permitted}
    kept = [
        job for job in jobs if exact or not (job.need.kind == "analyze" and parents.intersection(job.table.ancestors))
    ]
    return [replace(
        job,
        analyze=exact or not parents.intersection(job.table.ancestors),
        waits_for=frozenset(other.table.oid for other in kept if job.table.oid in other.table.ancestors),
    ) for job in kept]  # fmt: skip


def expected(job: Job, tables: Iterable[Table], rate: float) -> float:
    """Return the time one job may take; that of a parent is spent on its partitions."""
    parts = (table for table in tables if job.table.oid in table.ancestors) if job.table.is_parent else (job.table,)
    return sum(expected_seconds(table, job.need.kind, rate) for table in parts)


def order_key(job: Job) -> tuple[Any, ...]:
    """Sort emergencies, then ages, then dead bytes won per second, then statistics; a locked table last of its kind.

    Ages are compared as parts of each table's own limit: a table with a lower limit comes to it sooner.
    """
    table, kind = job.table, job.need.kind
    if kind == "freeze":
        return (0, not job.need.emergency, -table.xid_age if job.need.emergency else -table.urgency)
    locked = table.locked_pid is not None
    if kind == "vacuum":
        return (1, locked, -(table.heap_bytes * table.dead_share) / job.expected_seconds, -table.xid_age, table.quoted)
    return (2, table.is_parent, locked, -table.modified / max(table.counted_rows, 1), table.quoted)


def fit(jobs: list[Job], wishes: Wishes) -> list[Job]:
    """Mark the jobs that the time is too short for, going down the order and past what is too long."""
    left = wishes.seconds * wishes.jobs
    fitted = []
    for job in jobs:
        seconds = min(job.expected_seconds, wishes.cap_seconds)
        fits = job.table.permitted and seconds <= min(left, wishes.seconds)
        left -= seconds if fits else 0
        fitted.append(replace(job, fits=fits or not job.table.permitted))
    return fitted
