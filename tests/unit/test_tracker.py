"""A run is followed step by step, whatever roles do inside."""

from collections import deque

import pytest

from hasivu_play.tracker import Tracker, error_sentence


def start(task, role=None):
    return {"event": "playbook_on_task_start", "event_data": {"task": task, "role": role}}


def result(kind, **res):
    return {"event": f"runner_on_{kind}", "event_data": {"res": res}}


@pytest.fixture
def ended():
    return []


@pytest.fixture
def tracker(ended):
    return Tracker(ended.append, lambda text: None)


def follow(tracker, *events):
    for event in (*events, {"event": "playbook_on_stats"}):
        tracker.handle(event)


def test_a_step_ends_when_the_next_begins(tracker, ended):
    follow(tracker, start("Look"), result("ok"), start("Vacuum"), result("ok", changed=True))
    assert [(step.name, step.outcome) for step in ended] == [("Look", "ok"), ("Vacuum", "changed")]
    assert tracker.changed == 1


def test_tasks_of_a_role_belong_to_the_step_that_calls_it(tracker, ended):
    follow(tracker, start("Guard"), result("ok"), start("Look", "role"), result("ok"), start("Compare", "role"))
    assert [(step.name, step.detail) for step in ended] == [("Guard", "Compare")]


def test_the_worst_result_is_the_steps_own(tracker, ended):
    follow(tracker, start("Guard"), result("ok"), result("failed", msg="Too\n cold."), result("skipped"))
    assert (ended[0].outcome, ended[0].message) == ("failed", "Too cold.")
    assert tracker.failed is ended[0]


def test_an_ignored_failure_is_no_failure_of_the_run(tracker, ended):
    event = result("failed", msg="never mind")
    event["event_data"]["ignore_errors"] = True
    follow(tracker, start("Try"), event)
    assert ended[0].outcome == "ignored"
    assert tracker.failed is None


def test_a_step_that_was_cut_short_is_not_called_ok(tracker, ended):
    tracker.handle(start("Vacuum"))
    tracker.finish(cut_short=True)
    assert ended[0].outcome == "cut short"


def test_a_result_that_is_hidden_shows_no_more_than_that(tracker, ended):
    follow(tracker, start("Rotate"), result("failed", censored="the output has been hidden"))
    assert ended[0].message == "the output has been hidden"


def test_ansibles_output_is_passed_on():
    lines = []
    tracker = Tracker(lambda step: None, lines.append)
    tracker.handle({"event": "warning", "stdout": "[WARNING]: old"})
    assert lines == ["[WARNING]: old"]
    assert list(tracker.loose_lines) == ["[WARNING]: old"]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            ["[WARNING]: x", "[ERROR]: couldn't resolve module 'a.b'", "Origin: /x.yml"],
            "couldn't resolve module 'a.b'.",
        ),
        (["ERROR! no such file"], "no such file."),
        (["ERROR! first,", "  second."], "first, second."),
        ([], "Ansible said nothing of the cause."),
    ],
)
def test_an_error_before_the_first_step_becomes_one_sentence(lines, sentence):
    assert error_sentence(deque(lines)) == sentence
