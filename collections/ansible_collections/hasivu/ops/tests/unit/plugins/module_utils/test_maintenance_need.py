"""Which maintenance a table needs: cases as data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_need import Thresholds, find_need, need_of_parent
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table

NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
HOUR_AGO = NOW - timedelta(hours=1)
LAST_WEEK = NOW - timedelta(days=7)
HEALTHY = {
    "rows": 200_000, "pages": 4000, "visible_pages": 4000, "live": 200_000,
    "vacuumed": LAST_WEEK, "analyzed": LAST_WEEK, "xid_age": 1000,
}  # fmt: skip


def table(**facts: object) -> Table:
    return Table(**{"oid": 1, "schema": "public", "name": "orders", "quoted": "public.orders", **facts})


CASES = [
    ("healthy", {}, None),
    ("one dead row too few", {"dead": 9_999}, None),
    ("just enough dead rows", {"dead": 10_000}, "vacuum"),
    ("many dead rows, but few for its size", {"rows": 1_000_000, "live": 1_000_000, "dead": 40_000}, None),
    ("grown by inserts alone", {"inserted": 40_000}, "vacuum"),
    ("grown a little", {"inserted": 39_999}, None),
    ("never vacuumed", {"vacuumed": None, "visible_pages": 0}, "vacuum"),
    ("vacuumed before the counters were reset", {"vacuumed": None}, None),
    ("never counted, but filled", {"rows": -1, "pages": 0, "visible_pages": 0, "vacuumed": None}, "vacuum"),
    ("changed enough for new statistics", {"modified": 10_000}, "analyze"),
    ("changed too little for new statistics", {"modified": 9_999}, None),
    ("small and changed by fewer than 1000 rows", {"rows": 100, "live": 100, "modified": 999}, None),
    ("never analysed", {"analyzed": None}, "analyze"),
    ("empty and never touched", {"rows": -1, "pages": 0, "live": 0, "vacuumed": None, "analyzed": None}, None),
    ("close to the freeze limit", {"xid_age": 150_000_000}, "freeze"),
    ("not yet close to it", {"xid_age": 149_999_999}, None),
    ("close to its own lower limit", {"xid_age": 75_000, "xid_limit": 100_000}, "freeze"),
    ("multixacts close to the limit", {"mxid_age": 300_000_000}, "freeze"),
    ("old and full of dead rows", {"xid_age": 160_000_000, "dead": 50_000}, "freeze"),
    ("partitioned", {"kind": "p", "analyzed": None}, None),
    ("materialized view with dead rows", {"kind": "m", "dead": 10_000}, "vacuum"),
]


@pytest.mark.parametrize(("facts", "kind"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_need_when_the_counters_hold(facts, kind):
    need = find_need(table(**{**HEALTHY, **facts}), Thresholds(), reliable=True, now=NOW)
    assert (need.kind if need else None) == kind


LOST = {**HEALTHY, "live": 0, "vacuumed": None, "analyzed": None}
CASES_WITHOUT_COUNTERS = [
    ("large", {}, "vacuum"),
    ("large and done an hour ago", {"vacuumed": HOUR_AGO}, None),
    ("large and done last week", {"vacuumed": LAST_WEEK}, "vacuum"),
    ("small", {"rows": 500}, "analyze"),
    ("small and done an hour ago", {"rows": 500, "analyzed": HOUR_AGO}, None),
    ("empty", {"rows": 0, "pages": 0}, None),
    ("old", {"xid_age": 150_000_000, "vacuumed": HOUR_AGO}, "freeze"),
]


@pytest.mark.parametrize(
    ("facts", "kind"), [case[1:] for case in CASES_WITHOUT_COUNTERS], ids=[case[0] for case in CASES_WITHOUT_COUNTERS]
)
def test_need_when_the_counters_are_lost(facts, kind):
    need = find_need(table(**{**LOST, **facts}), Thresholds(), reliable=False, now=NOW)
    assert (need.kind if need else None) == kind


def test_an_age_beyond_the_emergency_is_one():
    old = table(**{**HEALTHY, "xid_age": 1_000_000_000})
    assert find_need(old, Thresholds(), reliable=True, now=NOW).emergency is True


def test_the_reason_gives_the_numbers():
    need = find_need(table(**{**HEALTHY, "dead": 50_000, "live": 150_000}), Thresholds(), reliable=True, now=NOW)
    assert need.reason == "It holds 50,000 dead rows, 25% of its rows."


LEAF = {"oid": 2, "name": "events_1", "quoted": "public.events_1", "rows": 10, "live": 10, "analyzed": LAST_WEEK}
CASES_OF_PARENTS = [
    ("never analysed", {"analyzed": None}, {}, set(), True, True),
    ("nothing changed", {"analyzed": LAST_WEEK}, {}, set(), True, False),
    ("a partition is in need now", {"analyzed": LAST_WEEK}, {}, {2}, True, True),
    ("autovacuum analysed a partition since", {"analyzed": LAST_WEEK}, {"autoanalyzed": HOUR_AGO}, set(), False, True),
    ("a partition was analysed by hand since", {"analyzed": LAST_WEEK}, {"analyzed": HOUR_AGO}, set(), True, True),
    ("the same where parents take it along", {"analyzed": LAST_WEEK}, {"analyzed": HOUR_AGO}, set(), False, False),
    ("empty", {"analyzed": None}, {"rows": 0, "live": 0}, set(), True, False),
]


@pytest.mark.parametrize(
    ("facts", "leaf", "changed", "exact", "needed"),
    [case[1:] for case in CASES_OF_PARENTS],
    ids=[case[0] for case in CASES_OF_PARENTS],
)
def test_need_of_a_partitioned_table(facts, leaf, changed, exact, needed):
    parent = table(kind="p", **facts)
    need = need_of_parent(parent, [table(**{**LEAF, **leaf})], changed, True, exact, NOW, Thresholds())
    assert (need is not None) is needed
