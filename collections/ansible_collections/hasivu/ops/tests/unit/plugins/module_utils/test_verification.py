"""What a verification decides: which rows differ, which transactions came too late, which checks forbid to go on."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import Check, failing, gathered
from ansible_collections.hasivu.ops.plugins.module_utils.verification_horizon import EPOCH, Horizon, full
from ansible_collections.hasivu.ops.plugins.module_utils.verification_integrity import is_behind
from ansible_collections.hasivu.ops.plugins.module_utils.verification_ranges import BUCKETS, Range, Row
from ansible_collections.hasivu.ops.plugins.module_utils.verification_rows import (
    Comparison,
    Judge,
    add_differences,
    apart,
)
from ansible_collections.hasivu.ops.plugins.module_utils.verification_tables import count_check, newest_check
from hypothesis import given
from hypothesis import strategies as st

T = datetime(2026, 3, 1, 5, 30, tzinfo=UTC)
ROWS = st.lists(st.builds(Row, st.sampled_from("abc"), st.integers(0, 2), st.integers(90, 110)), max_size=12)


@given(low=st.integers(-(10**12), 10**12), wide=st.integers(1, 10**9))
def test_the_buckets_of_a_range_cover_it_without_a_gap(low: int, wide: int) -> None:
    whole = Range(low, low + wide).whole()
    parts = [whole.bucket(number) for number in range(1, BUCKETS + 1)]
    assert (parts[0].low, parts[-1].high) == (low, whole.high)
    assert whole.high >= low + wide
    assert all(one.high == other.low for one, other in itertools.pairwise(parts))


@given(restored=ROWS, old=ROWS)
def test_each_row_that_only_one_side_has_is_told_once(restored: list[Row], old: list[Row]) -> None:
    only_restored, only_old = apart(restored, old)
    same = Counter((row.key, row.hash) for row in restored) & Counter((row.key, row.hash) for row in old)
    assert len(only_restored) == len(restored) - same.total()
    assert len(only_old) == len(old) - same.total()
    found = Comparison()
    add_differences(found, only_restored, only_old, lambda row: row.xid >= 100, lambda xid: xid >= 100)
    changed = found.changed_since + len(found.changed)
    assert changed + found.created_since + len(found.missing) == len(only_old)
    assert changed + found.deleted_since + len(found.foreign) == len(only_restored)
    assert found.wrong is False or any((found.missing, found.changed, found.foreign))


@pytest.mark.parametrize(
    ("restored", "old", "kind"),
    [
        ([], [Row("a", 1, 50)], "missing"),
        ([], [Row("a", 1, 150)], "created_since"),
        ([Row("a", 1, 50)], [Row("a", 2, 50)], "changed"),
        ([Row("a", 1, 50)], [Row("a", 2, 150)], "changed_since"),
        ([Row("a", 1, 50)], [], "deleted_since"),
        ([Row("a", 1, 150)], [], "foreign"),
    ],
)
def test_the_transaction_of_a_row_tells_whether_its_difference_is_right(
    restored: list[Row], old: list[Row], kind: str
) -> None:
    found = Comparison()
    add_differences(found, restored, old, lambda row: row.xid >= 100, lambda xid: xid >= 100)
    assert getattr(found, kind) in (1, ["a"])
    assert found.wrong is (kind in ("missing", "changed", "foreign"))


@pytest.mark.parametrize(
    ("row", "later"),
    [
        (Row("new", 1, 1500), True),
        (Row("new", 1, 500), False),
        (Row("new", 1, 990), True),
        (Row("new", 1, 980), False),
        (Row("new", 1, 990, T - timedelta(minutes=1)), False),
        (Row("new", 1, 990, T + timedelta(minutes=1)), True),
        (Row("old", 1, 990, T - timedelta(days=1)), True),
        (Row("old", 1, 980, T - timedelta(days=1)), False),
    ],
)
def test_a_number_that_stands_for_two_transactions_is_told_by_the_rows_of_both(row: Row, later: bool) -> None:
    judge = Judge(Horizon(1000, 2000, 1010), late={1500}, seen={980}, restored_keys={"old"}, restore_time=T)
    assert judge.is_later(row) is later


@given(whole=st.integers(EPOCH, 5 * EPOCH), back=st.integers(0, 2**31 - 1))
def test_a_transaction_keeps_its_place_when_the_counter_wraps(whole: int, back: int) -> None:
    wanted = whole - back
    if wanted % EPOCH >= 3:
        assert full(wanted % EPOCH, whole) == wanted


@given(next_xid=st.integers(3, 5 * EPOCH), since=st.integers(0, 10_000_000))
def test_a_transaction_that_came_after_the_first_look_is_later_than_all(next_xid: int, since: int) -> None:
    if (next_xid + since) % EPOCH >= 3:
        assert full((next_xid + since) % EPOCH, next_xid) == next_xid + since


def test_a_frozen_row_is_older_than_every_horizon() -> None:
    horizon = Horizon(first_unseen=1000, old_next=2000, restored_next=1010)
    assert not horizon.is_later(2)
    assert horizon.is_later(1000)
    assert not horizon.is_later(999)
    assert horizon.is_foreign(1005)


@pytest.mark.parametrize(
    ("last", "highest", "behind"), [(None, None, False), (None, 5, True), (4, 5, True), (5, 5, False), (9, 5, False)]
)
def test_a_sequence_is_behind_when_it_will_give_a_number_again(
    last: int | None, highest: int | None, behind: bool
) -> None:
    assert is_behind({"last_value": last, "start": 1, "step": 1}, highest) is behind


def newest(age_minutes: float, before: datetime | None = None, gap: int | None = 60) -> bool | None:
    table = {"name": "public.orders", "gap_minutes": gap}
    figures = {"newest": (T - timedelta(minutes=age_minutes)).isoformat()}
    return newest_check(table, figures, T, before).ok


def test_the_newest_row_is_from_just_before_the_restore_point() -> None:
    assert newest(59) is True
    assert newest(61) is False
    assert newest(-1) is False, "a row from after the restore point"
    assert newest(61, before=T - timedelta(minutes=61)) is True, "as in the old database"
    assert newest(61, gap=None) is None


@pytest.mark.parametrize(("rows", "ok"), [(100, True), (80, True), (79, False), (121, False), (0, False)])
def test_rows_are_counted_within_the_band_of_growth(rows: int, ok: bool) -> None:
    table = {"name": "public.orders", "growth": 0.2}
    assert count_check(table, {"rows": rows}, {"tables": {"public.orders": {"rows": 100}}}).ok is ok
    assert count_check(table, {"rows": rows}, None).ok is None


def test_a_person_may_accept_what_is_unknown_and_nothing_that_is_wrong() -> None:
    checks = [Check("a", True, ""), Check("b", None, ""), Check("c", False, ""), Check("d", None, "", skipped=True)]
    assert [check.name for check in failing(checks, [])] == ["b", "c"]
    assert [check.name for check in failing(checks, ["b", "c"])] == ["c"]


def test_a_check_over_many_is_wrong_before_it_is_unknown_and_unknown_before_it_is_right() -> None:
    assert gathered("n", "w", ["bad."], ["unread."], "fine").ok is False
    assert gathered("n", "w", [], ["unread."], "fine").ok is None
    assert gathered("n", "w", [], [], "fine").ok is True
