"""The small decisions of a run: verdicts, the queue, replica lag, and whether a vacuum had its effect."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_need import Need, Thresholds
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Job
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_control import Control
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_effect import blocker_sentence, is_ineffective
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_lag import ReplicaLag
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_queue import Queue
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_verdict import Notice, of_error, of_notices
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_watch import limit_reason

NOTICES = [
    ([], "done"),
    ([Notice("55P03", 'skipping vacuum of "orders" --- lock not available')], "skipped_locked"),
    ([Notice("55P03", "überspringe Vacuum")], "skipped_locked"),
    ([Notice("42P01", 'skipping vacuum of "orders" --- relation no longer exists')], "gone"),
    ([Notice("01000", 'permission denied to vacuum "orders", skipping it')], "not_permitted"),
    ([Notice("01000", 'skipping "orders" --- only table or database owner can vacuum it')], "not_permitted"),
    ([Notice("01000", "cutoff for removing and freezing tuples is far in the past")], "done"),
]


@pytest.mark.parametrize(("notices", "outcome"), NOTICES)
def test_notices_are_believed_over_the_success(notices, outcome):
    assert of_notices(notices).outcome == outcome


ERRORS = [
    ("55P03", 2.0, 60, "lock_timeout"),
    ("57014", 60.0, 60, "time_capped"),
    ("57014", 3.0, 60, "failed"),
    ("42P01", 0.1, 60, "gone"),
    ("42501", 0.1, 60, "not_permitted"),
    ("XX001", 0.1, 60, "failed"),
]


@pytest.mark.parametrize(("sqlstate", "seconds", "allowed", "outcome"), ERRORS)
def test_errors_become_outcomes(sqlstate, seconds, allowed, outcome):
    assert of_error(sqlstate, "text", seconds, allowed).outcome == outcome


def job(oid: int, fits: bool = True, waits_for: frozenset[int] = frozenset(), **facts: Any) -> Job:
    table = Table(oid, "public", f"t{oid}", f"public.t{oid}", **facts)
    return Job(table, Need("vacuum", "", for_dead_rows=True), fits=fits, waits_for=waits_for)


def oid_of(taken: Job | None) -> int | None:
    return taken.table.oid if taken else None


def test_the_queue_gives_out_what_fits_first_and_a_skipped_table_last():
    queue = Queue([job(1, fits=False), job(2), job(3)], Control())
    second = queue.take()
    queue.put_back(second, pause=0)
    assert [oid_of(queue.take()) for _ in range(3)] == [3, 1, 2]
    assert queue.take() is None


def test_the_queue_keeps_a_parent_until_its_partitions_are_finished():
    queue = Queue([job(1, waits_for=frozenset({2})), job(2)], Control())
    partition = queue.take()
    assert oid_of(partition) == 2
    assert queue.next_ready() is None
    queue.finish(partition)
    assert oid_of(queue.take()) == 1


def test_a_halted_queue_gives_nothing_and_tells_the_rest():
    control = Control()
    queue = Queue([job(1), job(2)], control)
    queue.take()
    control.halt("a stop was asked for")
    assert queue.take() is None
    assert [oid_of(rest) for rest in queue.rest()] == [2]


def test_lag_grows_while_a_replica_applies_nothing_although_the_server_reports_none():
    lag = ReplicaLag()
    assert lag.seconds(0, written=100, replayed=100, reported=0) == 0
    assert lag.seconds(10, written=200, replayed=100, reported=0) == 0
    assert lag.seconds(40, written=300, replayed=100, reported=0) == 30
    assert lag.seconds(50, written=300, replayed=250, reported=0) == 10
    assert lag.seconds(60, written=300, replayed=300, reported=0.2) == 0.2


def test_without_a_replica_there_is_no_lag():
    assert ReplicaLag().seconds(0, written=100, replayed=None, reported=0) == 0


@pytest.mark.parametrize(
    ("lag", "blocking", "words"), [(0, [], None), (61, [], "a replica is 61 s behind"), (0, [7], "waits for a lock")]
)
def test_limits_are_named(lag, blocking, words):
    reason = limit_reason(lag, 60, blocking)
    assert reason is None if words is None else words in reason


@pytest.mark.parametrize(("left", "ineffective"), [(0, False), (8_999, False), (9_000, True), (12_000, True)])
def test_a_vacuum_that_leaves_nine_in_ten_dead_rows_is_ineffective(left, ineffective):
    after = {"dead": left, "xid_age": 5, "mxid_age": 0}
    assert is_ineffective(job(1, dead=10_000), after, Thresholds()) is ineffective


def test_the_oldest_holder_is_named():
    holder = {"kind": "session", "id": "4711", "who": "hasivu_app_a", "detail": "idle in transaction, hasivu-web",
              "xid_age": 93_000, "seconds": 5_400}  # fmt: skip
    sentence = blocker_sentence([holder])
    assert sentence == (
        "session 4711 of hasivu_app_a (idle in transaction, hasivu-web), for 5,400 s, 93,000 transactions old"
    )
    assert blocker_sentence([]).startswith("unknown")
