"""The plan: its order, what fits, partitions, exclusions, and counters that are lost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_choice import check_patterns
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Plan, Server, Wishes, make_plan
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_statistics import judge_statistics
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_table import Table

NOW = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)
LAST_WEEK = NOW - timedelta(days=7)


def table(oid: int, **facts: Any) -> Table:
    healthy = {
        "rows": 100_000, "pages": 1000, "visible_pages": 1000, "live": 100_000,
        "vacuumed": LAST_WEEK, "analyzed": LAST_WEEK,
    }  # fmt: skip
    return Table(**{"oid": oid, "schema": "public", "name": f"t{oid}", "quoted": f"public.t{oid}", **healthy, **facts})


def plan(*tables: Table, version: int = 180_000, **wishes: Any) -> Plan:
    return make_plan(tables, Server(version, NOW, LAST_WEEK), Wishes(**wishes))


def order(made: Plan) -> list[int]:
    return [job.table.oid for job in made.jobs]


def test_order_is_emergencies_ages_dead_rows_and_statistics():
    made = plan(
        table(1, modified=6_000),
        table(2, modified=60_000),
        table(3, dead=20_000),
        table(4, dead=60_000),
        table(5, xid_age=160_000_000),
        table(6, xid_age=95_000, xid_limit=100_000),
        table(7, xid_age=1_000_000_000),
        table(8),
    )
    assert order(made) == [7, 6, 5, 4, 3, 2, 1]


def test_a_locked_table_comes_last_of_its_kind():
    made = plan(table(1, dead=60_000, locked_pid=7, locked_mode="AccessExclusiveLock"), table(2, dead=20_000))
    assert order(made) == [2, 1]


def test_what_is_too_long_is_passed_over_and_the_next_still_fits():
    huge = {"rows": 10**9, "live": 10**9, "dead": 10**9, "pages": 10**8}
    made = plan(table(1, **huge), table(2, dead=20_000), seconds=60)
    assert {job.table.oid: job.fits for job in made.jobs} == {1: False, 2: True}


def test_the_speed_of_the_last_run_sets_the_expected_time():
    last = [{"outcome": "done", "need": "vacuum", "seconds": 100.0, "bytes": 100 * 8192 * 100}]
    assert plan(table(1, dead=20_000), previous=last).jobs[0].expected_seconds == pytest.approx(12.0, rel=0.01)


def test_a_table_of_another_owner_is_planned_but_not_permitted():
    made = plan(table(1, dead=20_000, permitted=False), table(2, dead=20_000))
    assert [job.table.oid for job in made.jobs] == [1, 2]
    assert [job.table.oid for job in made.permitted] == [2]


CASES_OF_EXCLUSION = [
    ("excluded", {}, {"exclude": ["public.t1"]}, "It is among the tables to exclude."),
    ("not included", {}, {"include": ["public.t2"]}, "It is not among the tables to include."),
    ("at work", {"working": "vacuumed", "working_pid": 77}, {},
     "It is being vacuumed now by the session with pid 77."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "wishes", "reason"),
    [case[1:] for case in CASES_OF_EXCLUSION],
    ids=[case[0] for case in CASES_OF_EXCLUSION],
)
def test_a_table_in_need_that_is_left_alone_is_named_with_the_reason(facts, wishes, reason):
    made = plan(table(1, dead=20_000, **facts), table(2, dead=20_000), **wishes)
    assert order(made) == [2]
    assert [(exclusion.table.oid, exclusion.reason) for exclusion in made.excluded] == [(1, reason)]


def test_a_pattern_that_names_nothing_is_an_error():
    tables = [table(1)]
    assert check_patterns(["public.*"], tables) is None
    assert "'public.t9'" in check_patterns(["public.t1", "public.t9"], tables)


PARENT = {"kind": "p", "rows": 100_000, "live": 0, "pages": 0, "analyzed": None}


def test_a_parent_waits_for_its_partitions_that_are_in_need():
    made = plan(table(1, **PARENT), table(2, dead=20_000, ancestors=(1,)), table(3, ancestors=(1,)))
    assert order(made) == [2, 1]
    assert made.jobs[1].waits_for == {2}
    assert made.jobs[0].analyze is True


def test_before_18_the_parent_analyses_its_partitions_and_nothing_is_done_twice():
    made = plan(
        table(1, **PARENT),
        table(2, dead=20_000, ancestors=(1,)),
        table(3, modified=50_000, ancestors=(1,)),
        version=170_000,
    )
    assert order(made) == [2, 1]
    assert made.jobs[0].analyze is False


CASES_OF_STATISTICS = [
    ("all count, reset long ago", [100_000, 100_000, 100_000], LAST_WEEK, True),
    ("all count, reset unknown", [100_000, 100_000, 100_000], None, True),
    ("all count, reset a minute ago", [100_000, 100_000], NOW - timedelta(minutes=1), True),
    ("one lost, reset unknown", [0, 100_000, 100_000], None, False),
    ("one lost, reset long ago", [0, 100_000, 100_000], NOW - timedelta(days=30), True),
    ("most lost, reset long ago", [0, 0, 100_000], NOW - timedelta(days=30), False),
    ("a few rows since the reset", [10, 10], None, False),
    ("no big table", [], None, True),
]


@pytest.mark.parametrize(
    ("live", "stats_reset", "reliable"),
    [case[1:] for case in CASES_OF_STATISTICS],
    ids=[case[0] for case in CASES_OF_STATISTICS],
)
def test_counters_are_held_against_the_catalog(live, stats_reset, reliable):
    tables = [table(number, live=rows) for number, rows in enumerate(live)]
    assert judge_statistics(tables, stats_reset, NOW).reliable is reliable
