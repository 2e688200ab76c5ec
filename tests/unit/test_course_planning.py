"""A plan is made of header, playbook and earlier records, and of nothing that did not go well."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.recording import begin, finish, sandbox_key, step

from hasivu_play.course_planning import check_names, main_steps, plan_of
from hasivu_play.document import steps
from hasivu_play.errors import UsageError
from hasivu_play.header import check, read_header, read_plays
from hasivu_play.project import Project
from hasivu_play.run import Request

PROJECT = Project(Path(__file__).parent.parent / "data" / "project")
GUARD, WIPE, LOOK = "Refuse to start with cold water", "Wipe the plates", "Look for chipped plates"
COURSE = {
    "phases": [{"name": "Prepare", "begins": GUARD}, {"name": "Wipe", "begins": WIPE}],
    "point_of_no_return": WIPE,
    "rto_clock": {"from": "t0", "target": "target_s", "until": WIPE},
}
INPUTS = {"t0": {"type": "str", "description": "x"}, "target_s": {"type": "int", "default": 3600, "description": "x"}}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def header():
    return replace(read_header(PROJECT.playbook("wash-up")), **COURSE, inputs=INPUTS)


def request(**given):
    return Request("wash-up", "sandbox", **given)


def test_a_header_without_a_course_has_no_plan(home):
    assert plan_of(PROJECT, read_header(PROJECT.playbook("wash-up")), request()) is None


@pytest.mark.parametrize("given", [{"check": True}, {"direction": "back"}])
def test_a_rehearsal_and_a_way_back_cross_nothing(home, header, given):
    assert plan_of(PROJECT, header, request(**given)) is None


def test_steps_that_only_a_failure_or_the_end_brings_are_not_on_the_way():
    order = main_steps(list(steps(read_plays(PROJECT.playbook("wash-up")))))
    assert order[0] == GUARD
    assert order[-1] == LOOK
    assert not {"Stop, and say which step failed", "Empty the sink"} & set(order)


def test_a_step_after_a_block_with_a_rescue_is_on_the_way():
    tasks = [
        {"name": "A", "block": [{"name": "B"}], "rescue": [{"name": "C"}], "always": [{"name": "D"}]},
        {"name": "E"},
    ]
    assert main_steps(list(steps([{"name": "P", "tasks": tasks}]))) == ["B", "E"]


def test_clock_target_and_turn_come_from_inputs_and_playbook(home, header):
    plan = plan_of(PROJECT, header, request(inputs={"t0": "2026-11-01T11:10:00+05:30", "target_s": 900}))
    assert plan.clock.began == datetime(2026, 11, 1, 5, 40, tzinfo=UTC)
    assert (plan.clock.target, plan.clock.last_phase) == (timedelta(minutes=15), 1)
    assert plan.step_before == "Soak the plates whatever anybody says"
    assert plan.expected == timedelta(minutes=header.expected_minutes)


def test_without_t0_the_clock_begins_with_the_run_or_with_the_first_of_those_that_it_resumes(home, header):
    assert abs(plan_of(PROJECT, header, request()).clock.began - datetime.now(UTC)) < timedelta(minutes=5)
    opened = begin(home, procedure="wash-up", window_started="2026-11-01T05:40:00.000Z")
    finish(opened, None)
    plan = plan_of(PROJECT, header, request(resumes=opened.directory.name))
    assert plan.clock.began == datetime(2026, 11, 1, 5, 40, tzinfo=UTC)
    assert plan.clock.target == timedelta(hours=1)


@pytest.mark.parametrize("t0", ["noon", "2026-11-01T05:40:00"])
def test_a_t0_that_is_no_time_is_refused(home, header, t0):
    with pytest.raises(UsageError, match="t0"):
        plan_of(PROJECT, header, request(inputs={"t0": t0}))


def rewrite(directory, seconds):
    """Give the lines of a record times, so that each of its two phases has lasted as long as wanted."""
    file = directory / "record.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    ends = {GUARD: 0, WIPE: seconds[0]}
    for line in lines:
        after = sum(seconds) if line["event"] == "run_finished" else ends.get(line.get("name"), 0)
        line["at"] = f"2026-11-01T20:30:{after:02d}.000Z"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))


def recorded(home, number, seconds, **ending):
    opened = begin(home, number, sandbox_key(home), procedure="wash-up")
    for count, name in enumerate((GUARD, WIPE), 1):
        step(opened, count, name)
    rewrite(finish(opened, None, **ending), seconds)


def test_phases_take_the_median_of_the_runs_that_went_well(home, header):
    for number, seconds in enumerate([(4, 1), (6, 3), (20, 2)]):
        recorded(home, number, seconds)
    recorded(home, 3, (50, 9), state="stopped", exit_code=4)
    assert [phase.seconds for phase in plan_of(PROJECT, header, request()).phases] == [6, 2]


def test_without_earlier_runs_the_phases_have_no_time(home, header):
    assert [phase.seconds for phase in plan_of(PROJECT, header, request()).phases] == [None, None]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"point_of_no_return": "Fly"}, "names 'Fly', which is no step"),
        ({"phases": [{"name": "Wipe", "begins": WIPE}, {"name": "Late", "begins": GUARD}]}, "not in the order"),
        ({"rto_clock": {"from": "t0", "target": "target_s", "until": "Fly"}}, "names 'Fly'"),
        ({"point_of_no_return": GUARD}, "begins with its point of no return"),
    ],
)
def test_a_header_that_does_not_fit_its_playbook_is_refused(header, change, problem):
    order = main_steps(list(steps(read_plays(PROJECT.playbook("wash-up")))))
    with pytest.raises(UsageError, match=problem):
        check_names(replace(header, **change), order, "wash-up.yml")


def test_the_clock_may_only_name_inputs():
    runbook = read_plays(PROJECT.playbook("wash-up"))[0]["vars"]["runbook"] | {
        "rto_clock": {"from": "t0", "target": "x"}
    }
    with pytest.raises(UsageError, match="rto_clock names 't0'"):
        check(runbook, "wash-up.yml")
