"""What came of a due time is told by the records, and a timer that fires twice starts nothing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from support.recording import begin, finish, sandbox_key, sealed

from hasivu_play.errors import UsageError
from hasivu_play.header import read_header
from hasivu_play.project import installed_project
from hasivu_play.records import Run
from hasivu_play.schedule_calendar import procedure_entry
from hasivu_play.schedule_due import verdict
from hasivu_play.schedule_missed import Due, due_times, real_runs
from hasivu_play.schedule_slot import INDIA

HEADER = read_header(installed_project().playbook("weekly-db"))
ENTRY = procedure_entry(installed_project(), HEADER)
SINCE = datetime(2026, 11, 1, tzinfo=INDIA)
DUE = datetime(2026, 11, 8, 2, 0, tzinfo=INDIA)
AFTER = DUE + timedelta(days=1)


def run(state: str, started: datetime, **more: str) -> Run:
    known = {"procedure": "weekly-db", "environment": "production", **more}
    return Run(f"{started:%Y%m%dT%H%M%S}", Path(), state=state, started=started.isoformat(), **known)


def came_of(*runs: Run, now: datetime = AFTER) -> Due:
    [due] = due_times([ENTRY], runs, DUE - timedelta(hours=1), now)
    return due


def test_a_due_time_without_a_run_is_missed():
    due = came_of()
    assert (due.state, due.ok, due.at) == ("missed", False, DUE)
    assert due.in_words == "weekly-db was due on Sun 08 Nov 2026 02:00 IST, and no run of it is recorded here."


@pytest.mark.parametrize("state", ["done", "finding"])
def test_a_run_that_went_to_its_end_serves_the_due_time_before_it(state):
    assert came_of(run(state, DUE + timedelta(seconds=5))).state == "done"
    assert came_of(run(state, DUE + timedelta(hours=20))).state == "done"
    assert came_of(run(state, DUE - timedelta(seconds=30))).state == "done"


@pytest.mark.parametrize("started", [DUE - timedelta(hours=1), DUE - timedelta(minutes=2)])
def test_a_run_before_the_due_time_does_not_serve_it(started):
    assert came_of(run("done", started)).state == "missed"


def test_a_run_serves_one_due_time_only():
    runs = [run("done", DUE + timedelta(days=7, minutes=1))]
    dues = due_times([ENTRY], runs, SINCE, DUE + timedelta(days=8))
    assert [(due.at.day, due.state) for due in dues] == [(1, "missed"), (8, "missed"), (15, "done")]


def test_a_run_of_another_procedure_serves_nothing():
    assert came_of(run("done", DUE, procedure="rotate-db")).state == "missed"


@pytest.mark.parametrize("state", ["refused", "stopped", "interrupted", "locked", "budget_spent", "unreadable"])
def test_a_run_that_did_not_finish_is_told_with_its_state(state):
    due = came_of(run(state, DUE))
    assert (due.state, due.ok) == ("unfinished", False)
    assert f"ended as '{state.replace('_', ' ')}'" in due.in_words


def test_a_run_whose_record_cannot_be_read_is_told_and_finished_nothing():
    unreadable = Run("20261107T203003Z-weekly-db-production-0001", Path(), "weekly-db", "production", "unreadable")
    due = came_of(unreadable)
    assert (due.state, due.runs, due.how) == ("unfinished", (unreadable.id,), "unreadable")
    assert came_of(replace(unreadable, id="a-name-without-a-time")).state == "missed"


def test_a_resumed_run_that_finishes_makes_good_the_first():
    assert came_of(run("stopped", DUE), run("done", DUE + timedelta(hours=3))).state == "done"


@pytest.mark.parametrize(("minutes", "state"), [(0.1, "pending"), (59, "pending"), (60, "missed")])
def test_a_due_time_is_missed_when_its_run_would_have_to_be_over(minutes, state):
    assert came_of(now=DUE + timedelta(minutes=minutes)).state == state


def test_what_runs_now_is_no_finding():
    assert came_of(run("running", DUE), now=DUE + timedelta(minutes=5)).state == "running"
    assert came_of(run("refused", DUE), now=DUE + timedelta(minutes=5)).state == "pending"


def test_rehearsals_ways_back_and_other_environments_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path))
    key = sandbox_key(tmp_path)
    kept = sealed(tmp_path, key, 1)
    for number, fields in enumerate([{"check": True}, {"direction": "back"}, {"environment": "staging"}], 2):
        finish(begin(tmp_path, number, key, **fields), key)
    assert [one.id for one in real_runs("sandbox", SINCE)] == [kept.name]
    assert real_runs("sandbox", datetime(2026, 11, 5, tzinfo=INDIA)) == []  # all are of the first of November


def test_a_procedure_is_due_from_its_time_on_for_half_an_hour():
    told = [minutes for minutes in range(-10, 60) if verdict(HEADER, [], DUE + timedelta(minutes=minutes)).due]
    assert told == list(range(-1, 31))
    says = verdict(HEADER, [], DUE + timedelta(days=1)).says
    assert says == "weekly-db is not due now. It is next due on Sun 15 Nov 2026 02:00 IST."


@pytest.mark.parametrize("state", ["running", "done", "finding", "stopped", "interrupted"])
def test_a_procedure_that_was_started_for_its_time_is_not_started_again(state):
    found = verdict(HEADER, [run(state, DUE + timedelta(seconds=3))], DUE + timedelta(minutes=5))
    assert not found.due
    assert "was started already: 20261108T020003" in found.says


@pytest.mark.parametrize("state", ["refused", "locked", "bad_input"])
def test_a_start_that_changed_nothing_may_be_tried_again(state):
    assert verdict(HEADER, [run(state, DUE)], DUE + timedelta(minutes=5)).due


def test_the_run_of_another_time_keeps_nobody_from_starting():
    runs = [run("done", DUE - timedelta(days=7)), run("done", DUE, procedure="rotate-db")]
    assert verdict(HEADER, runs, DUE + timedelta(minutes=5)).due


def test_what_runs_on_demand_is_never_due():
    with pytest.raises(UsageError, match="runs on demand"):
        verdict(replace(HEADER, schedule={"on_demand": True}), [], DUE)
