"""Every rule of the calendar finds what breaks it, says when and how to mend it, and lets pass what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from hasivu_play.errors import UsageError
from hasivu_play.project import Project, installed_project
from hasivu_play.schedule_calendar import Calendar, job_entry, rds_entry, read_calendar
from hasivu_play.schedule_collision import collisions
from hasivu_play.schedule_lint import lint
from hasivu_play.schedule_problem import Problem
from hasivu_play.schedule_slot import INDIA, Entry, Slot, slots

NOW = datetime(2026, 11, 26, 12, tzinfo=INDIA)
DATABASE = ("database/hasivu",)
LUNCH = {"name": "lunch orders", "from": "10:30", "to": "14:30"}
EMPTY: dict[str, Any] = {
    "since": "",
    "jobs": [],
    "rds_windows": {},
    "busy": [],
    "orders": [],
    "backups_before": [],
    "accepted": [],
}


def rule(text: str) -> dict[str, str]:
    return {"rrule": text, "timezone": "Asia/Kolkata"}


def sunday(clock: str, name: str = "weekly-db", *, expected: int = 20, latest: int = 60, **more: Any) -> Entry:
    hour, minute = clock.split(":")
    schedule = rule(f"FREQ=WEEKLY;BYDAY=SU;BYHOUR={int(hour)};BYMINUTE={int(minute)}")
    known = {"kind": "procedure", "resources": DATABASE, "risk": "safe", **more}
    return Entry(name, schedule=schedule, expected_minutes=expected, latest_minutes=latest, **known)


def daily(clock: str, name: str, minutes: int = 20, **more: Any) -> Entry:
    hour, minute = clock.split(":")
    schedule = rule(f"FREQ=DAILY;BYHOUR={int(hour)};BYMINUTE={int(minute)}")
    known = {"kind": "backup", "resources": DATABASE, **more}
    return Entry(name, schedule=schedule, expected_minutes=minutes, latest_minutes=minutes, **known)


def found(*entries: Entry, **rules: Any) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.rule, one.names) for one in lint(Calendar(list(entries), **rules), NOW, days=30)]


def test_a_calendar_without_a_conflict_has_no_problem():
    assert found(sunday("02:00"), daily("01:15", "configuration backup"), sunday("06:00", "monthly")) == []


def test_two_that_take_the_same_at_the_same_time_collide():
    [problem] = lint(Calendar([sunday("02:00"), daily("02:10", "backup")]), NOW, days=30)
    assert (problem.rule, problem.times) == ("collision", 4)
    assert problem.in_words == (
        "backup starts while weekly-db runs, and both take database/hasivu. "
        "First at Sun 29 Nov 2026 02:10 IST, 4 times in the time looked at."
    )
    assert problem.mend


def test_one_that_starts_when_another_is_only_expected_to_be_over_may_collide():
    assert found(sunday("02:00"), daily("02:45", "backup")) == [("late collision", ("weekly-db", "backup"))]
    assert found(sunday("02:00"), daily("03:00", "backup")) == []


def test_a_hard_stop_ends_a_slot_and_must_leave_the_expected_time():
    assert found(sunday("02:00", hard_stop="02:45"), daily("02:45", "backup")) == []
    assert found(sunday("02:00", hard_stop="02:15")) == [("hard stop", ("weekly-db",))]
    assert found(sunday("23:30", hard_stop="00:15"), daily("00:15", "backup")) == []


def test_what_takes_different_things_does_not_collide():
    assert found(sunday("02:00"), daily("02:00", "backup", resources=("configuration/hasivu",))) == []


def test_a_collision_with_what_began_before_the_time_looked_at_is_found():
    night = daily("23:50", "long backup", minutes=60)
    just_after = datetime(2026, 11, 29, 0, 10, tzinfo=INDIA)
    problems = lint(Calendar([night, sunday("00:30")]), just_after, days=1)
    assert [(one.rule, one.names) for one in problems] == [("collision", ("long backup", "weekly-db"))]


def test_what_may_not_be_over_when_it_comes_again_is_found():
    assert found(daily("02:00", "slow", minutes=25 * 60)) == [("again", ("slow",))]


@pytest.mark.parametrize(
    ("clock", "frozen"), [("09:29", False), ("09:31", True), ("10:30", True), ("14:29", True), ("14:30", False)]
)
def test_a_change_may_not_touch_a_freeze_window_even_at_its_latest_end(clock, frozen):
    expected = [("freeze", ("weekly-db", "lunch orders"))] if frozen else []
    assert found(sunday(clock), freezes=[LUNCH]) == expected


def test_a_review_may_run_while_changes_are_frozen():
    assert found(sunday("11:00", risk="read", resources=()), freezes=[LUNCH]) == []


def test_a_freeze_window_may_end_on_the_next_day_and_be_for_some_days_only():
    night = {"name": "night", "from": "23:00", "to": "03:00", "days": ["sat"]}
    assert found(sunday("02:00"), freezes=[night]) == [("freeze", ("weekly-db", "night"))]
    assert found(sunday("02:00"), freezes=[{**night, "days": ["sun"]}]) == []


def test_no_backup_runs_at_the_lunch_peak_unless_a_standby_takes_it():
    lunch = {"name": "lunch peak", "from": "11:00", "to": "14:00"}
    assert found(daily("12:00", "backup"), busy=[lunch]) == [("busy", ("backup", "lunch peak"))]
    assert found(daily("12:00", "backup", multi_az=True), busy=[lunch]) == []
    assert found(daily("15:00", "backup"), busy=[lunch]) == []


def test_what_has_to_be_over_first_is_over():
    order = {"orders": [{"first": "weekly-db", "then": "full*"}]}
    assert found(sunday("02:00"), sunday("03:00", "full backup", resources=()), **order) == []
    late = sunday("02:30", resources=("x/y",))
    assert found(late, sunday("03:00", "full backup"), **order) == [("order", ("weekly-db", "full backup"))]
    assert found(sunday("04:00"), sunday("03:00", "full backup", resources=()), **order) == [
        ("order", ("weekly-db", "full backup"))
    ]


def test_a_day_on_which_nothing_is_before_it_is_found():
    order = {"orders": [{"first": "configuration", "then": "weekly-db"}]}
    monday = replace(sunday("01:15", "configuration"), schedule=rule("FREQ=WEEKLY;BYDAY=MO;BYHOUR=1;BYMINUTE=15"))
    [problem] = lint(Calendar([monday, sunday("02:00")], **order), NOW, days=8)
    assert problem.says == "weekly-db has no configuration before it on its day."


def test_a_backup_is_young_enough_before_what_asks_for_one():
    promise = {"backups_before": [{"procedure": "weekly-db", "hours": 26}]}
    assert found(sunday("02:00"), daily("01:00", "backup"), **promise) == []
    assert found(sunday("02:00"), daily("01:50", "backup", resources=("other/one",)), **promise) == [
        ("backup", ("weekly-db",))
    ]
    weekly = replace(
        sunday("01:00", "backup", kind="backup"), schedule=rule("FREQ=WEEKLY;BYDAY=FR;BYHOUR=23;BYMINUTE=0")
    )
    assert found(sunday("02:00"), weekly, **promise) == [("backup", ("weekly-db",))]


def test_a_rule_that_names_nothing_is_a_mistake_unless_it_is_a_pattern():
    assert found(sunday("02:00"), orders=[{"first": "weekly-db", "then": "full backup"}]) == [
        ("name", ("full backup",))
    ]
    assert found(sunday("02:00"), orders=[{"first": "weekly-db", "then": "monthly-perf-*"}]) == []
    assert found(backups_before=[{"procedure": "monthly", "hours": 26}]) == [("name", ("monthly",))]


def test_what_is_accepted_says_why_and_what_is_accepted_in_vain_is_found():
    accepted = [{"rule": "collision", "names": ["backup", "weekly-db"], "reason": "It is a try."}]
    [problem] = lint(Calendar([sunday("02:00"), daily("02:10", "backup")], accepted=accepted), NOW, days=30)
    assert problem.accepted == "It is a try."
    in_vain = lint(Calendar([sunday("02:00")], accepted=accepted), NOW)
    assert [(one.rule, one.names) for one in in_vain] == [("accepted", ("backup", "weekly-db"))]
    assert found(sunday("02:00"), accepted=accepted) == []  # it may come after the 30 days
    other = [{**accepted[0], "rule": "busy"}]
    assert ("collision", ("weekly-db", "backup")) in found(sunday("02:00"), daily("02:10", "backup"), accepted=other)


def test_a_rule_without_an_equal_in_timers_is_found_and_the_rest_is_looked_at_all_the_same():
    odd = replace(sunday("02:00", "odd"), schedule=rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;BYHOUR=2;BYMINUTE=0"))
    assert found(odd, sunday("02:00"), daily("02:10", "backup")) == [
        ("rule", ("odd",)),
        ("collision", ("weekly-db", "backup")),
    ]


def test_the_times_of_the_manual_itself_collide():
    """Sunday 02:00 with the daily backup of 02:00, into the full backup of 03:00; 12:00 in the lunch peak."""
    manual = [
        sunday("02:00", hard_stop=""),
        daily("02:00", "configuration backup"),
        sunday("03:00", "full backup", kind="backup"),
        replace(sunday("02:00", "monthly-security"), schedule=rule("FREQ=MONTHLY;BYDAY=1SU;BYHOUR=2;BYMINUTE=0")),
        daily("12:00", "database backup"),
    ]
    lunch = {"name": "lunch peak", "from": "11:00", "to": "14:00"}
    names = {
        frozenset(names) for _rule, names in found(*(replace(one, latest_minutes=70) for one in manual), busy=[lunch])
    }
    assert {
        frozenset({"weekly-db", "configuration backup"}),
        frozenset({"weekly-db", "full backup"}),
        frozenset({"weekly-db", "monthly-security"}),
        frozenset({"database backup", "lunch peak"}),
    } <= names


MINUTES = some.integers(0, 600)
STRETCHES = some.lists(some.tuples(MINUTES, some.integers(1, 90), some.integers(0, 60)), min_size=1, max_size=8)


def taken(name: str, stretches: list[tuple[int, int, int]]) -> tuple[Entry, list[Slot]]:
    entry = sunday("02:00", name)
    slots_ = [
        Slot(entry, start, start + timedelta(minutes=long), start + timedelta(minutes=long + more))
        for begin, long, more in sorted(stretches)
        for start in [NOW + timedelta(minutes=begin)]
    ]
    return entry, slots_


@given(STRETCHES, STRETCHES)
@settings(max_examples=200, deadline=None)
def test_collisions_are_all_pairs_that_have_time_in_common(ours, theirs):
    pairs = dict([taken("one", ours), taken("other", theirs)])
    one, other = pairs.values()
    together = [max(a.start, b.start) for a in one for b in other if a.start < b.latest_end and b.start < a.latest_end]
    told = [problem.at for problem in collisions(pairs) if isinstance(problem, Problem) and problem.rule != "again"]
    assert sorted(told) == sorted(together)


@pytest.mark.parametrize(
    ("kind", "window", "starts", "minutes"),
    [
        ("backup", "22:00-22:30", (2026, 11, 27, 3, 30), 30),
        ("backup", "23:45-00:30", (2026, 11, 27, 5, 15), 45),
        ("maintenance", "sat:23:30-sun:00:00", (2026, 11, 29, 5, 0), 30),
        ("maintenance", "Sun:20:00-Sun:21:00", (2026, 11, 30, 1, 30), 60),
    ],
)
def test_a_window_of_rds_is_utc_and_lies_in_india_where_it_does(kind, window, starts, minutes):
    entry = rds_entry(kind, window, DATABASE)
    first = next(slots(entry, NOW, NOW + timedelta(days=8)))
    assert (first.start, entry.expected_minutes) == (datetime(*starts, tzinfo=INDIA), minutes)


@pytest.mark.parametrize(
    "window",
    ["22:00", "22:00-22:20", "sat:23:30-00:00", "24:00-24:30", "day:23:30-sun:00:00", "2200-2230", "22:60-23:30"],
)
def test_a_window_that_rds_would_refuse_is_refused(window):
    with pytest.raises(UsageError):
        rds_entry("backup", window, DATABASE)


def test_the_windows_of_rds_may_not_overlap():
    entries = [rds_entry("backup", "22:00-22:30", DATABASE), rds_entry("maintenance", "sat:22:15-sat:22:45", DATABASE)]
    assert found(*entries) == [("collision", ("RDS backup window", "RDS maintenance window"))]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"since": "tomorrow"}, "calendar.since"),
        ({"jobs": [{"name": "backup"}]}, "calendar.jobs.0"),
        ({"busy": [{"name": "lunch", "from": "25:00", "to": "24:00"}]}, "calendar.busy.0.from"),
        ({"orders": "none"}, "calendar.orders"),
        ({"accepted": [{"rule": "collision", "names": ["a"], "reason": "so"}]}, "calendar.accepted.0.reason"),
        ({"more": 1}, "calendar of the inventory"),
    ],
)
def test_a_calendar_that_its_schema_does_not_allow_is_told_by_its_place(change, place):
    with pytest.raises(UsageError, match=place):
        read_calendar(installed_project(), {"calendar": {**EMPTY, **change}, "policy": {}})


def test_an_inventory_without_a_calendar_is_told():
    with pytest.raises(UsageError, match="has no `calendar`"):
        read_calendar(installed_project(), {})


def test_a_policy_that_is_a_template_is_unknown_where_something_starts_by_time():
    policy = {"freeze_windows": "{{ windows }}", "maintenance_hard_stop": ""}
    assert read_calendar(installed_project(), {"calendar": EMPTY, "policy": policy}).freezes == []
    with pytest.raises(UsageError, match="without templates"):
        read_calendar(installed_project(), {"calendar": {**EMPTY, "since": "2026-12-01"}, "policy": policy})


def test_a_new_playbook_is_in_the_calendar_without_more(tmp_path):
    source = installed_project().playbook("weekly-db").read_text()
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "weekly-db.yml").write_text(source)
    (tmp_path / "playbooks" / "another.yml").write_text(source.replace("id: weekly-db", "id: another", 1))
    policy = {"freeze_windows": [], "maintenance_hard_stop": "02:50"}
    calendar = read_calendar(Project(tmp_path), {"calendar": EMPTY, "policy": policy})
    assert [(entry.name, entry.hard_stop) for entry in calendar.entries] == [
        ("another", "02:50"),
        ("weekly-db", "02:50"),
    ]
    assert [(one.rule, one.names) for one in lint(calendar, NOW)] == [("collision", ("another", "weekly-db"))]


def test_a_job_of_the_inventory_is_an_entry():
    job = {
        "name": "full backup",
        "kind": "backup",
        "rrule": "FREQ=DAILY;BYHOUR=3;BYMINUTE=0",
        "minutes": 30,
        "resources": ["a/b"],
    }
    assert job_entry(job) == Entry("full backup", "backup", rule(job["rrule"]), 30, 30, ("a/b",))
