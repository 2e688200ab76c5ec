"""What is shown suits whoever watches."""

import io
from datetime import UTC, datetime, timedelta

import pytest

from hasivu_play.course import Course
from hasivu_play.course_plan import Clock, Phase, Plan
from hasivu_play.progress import LiveProgress, PlainProgress, progress_for
from hasivu_play.progress_file import ProgressFile
from hasivu_play.tracker import StepRun, Tracker


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)


def step(outcome="ok", message=""):
    return StepRun("Vacuum every table", outcome=outcome, message=message, seconds=2.04)


def test_a_pipe_gets_one_plain_line_for_each_step():
    stream = io.StringIO()
    progress_for(stream).step_ended(step())
    assert stream.getvalue() == "ok               2.0 s  Vacuum every table\n"


def test_a_failure_is_followed_by_what_it_says():
    stream = io.StringIO()
    progress_for(stream).step_ended(step("failed", "End the open transaction."))
    assert stream.getvalue().splitlines()[1].strip() == "End the open transaction."


def test_a_dumb_terminal_is_written_to_plainly(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(progress_for(Terminal()), PlainProgress)


def test_ansibles_own_output_is_shown_on_request_only():
    for verbose in (False, True):
        stream = io.StringIO()
        progress_for(stream, verbose=verbose).output("TASK [Look]")
        assert ("TASK" in stream.getvalue()) is verbose


@pytest.mark.parametrize(("refused", "coloured"), [("", True), ("1", False)])
def test_colour_is_left_out_for_whoever_refuses_it(monkeypatch, refused, coloured):
    monkeypatch.setenv("NO_COLOR", refused)
    stream = Terminal()
    progress_for(stream).step_ended(step("changed"))
    assert ("\x1b[33m" in stream.getvalue()) is coloured


def test_a_terminal_shows_step_bar_time_and_changes(tmp_path):
    from rich.console import Console

    (tmp_path / "progress.jsonl").write_text('{"message": "public.orders", "done": 3, "total": 12, "changed": 2}\n')
    live = progress_for(Terminal())
    assert isinstance(live, LiveProgress)
    tracker = Tracker(lambda done: None, lambda text: None)
    tracker.handle({"event": "playbook_on_task_start", "event_data": {"task": "Vacuum [all] tables"}})
    with live.showing(tracker, ProgressFile(tmp_path / "progress.jsonl"), 20, None):
        drawn = Console(file=io.StringIO(), width=100)
        drawn.print(live.draw())
    shown = drawn.file.getvalue()
    for words in ("Vacuum [all] tables", "3 of 12", "public.orders", "of about 20 min", "2 changed so far"):
        assert words in shown


def course(tell):
    began = datetime(2026, 11, 1, 5, 40, tzinfo=UTC)
    phases = [Phase("Restore", "Restore it", 60), Phase("Return", "Switch", 60)]
    plan = Plan(timedelta(minutes=5), phases, "Switch", "Restore it", Clock(began, timedelta(minutes=60), 1))
    return Course(plan, tell, lambda: began + timedelta(minutes=50))


def test_a_pipe_is_told_of_phase_clock_and_what_cannot_be_taken_back():
    stream = io.StringIO()
    course(progress_for(stream).notice).step_started(StepRun("Restore it"))
    assert stream.getvalue().splitlines() == [
        "note          06:30:00  RTO clock 50 min 0 s of 1 h 0 min: at risk.",
        (
            "note          06:30:00  Phase 1 of 2: Restore; next: Return. RTO clock 50 min 0 s of 1 h 0 min: at risk. "
            "Expected end 06:32 UTC (12:02 IST)."
        ),
        "note          06:30:00  The next step cannot be taken back: Switch. Ctrl-C now stops before it.",
    ]


@pytest.mark.parametrize(("refused", "coloured"), [("", True), ("1", False)])
def test_a_terminal_shows_phase_clock_and_warning_in_colour_and_in_words(monkeypatch, tmp_path, refused, coloured):
    from rich.console import Console

    monkeypatch.setenv("NO_COLOR", refused)
    stream = Terminal()
    live = progress_for(stream)
    helm = course(live.notice)
    tracker = Tracker(lambda done: None, lambda text: None, helm.step_started)
    tracker.handle({"event": "playbook_on_task_start", "event_data": {"task": "Restore it"}})
    with live.showing(tracker, ProgressFile(tmp_path / "progress.jsonl"), 5, helm):
        drawn = Console(file=io.StringIO(), width=100, force_terminal=True, color_system="standard")
        drawn.print(live.draw())
    shown = drawn.file.getvalue()
    for words in ("Phase 1 of 2: Restore; next: Return", "at risk", "Expected end 06:32 UTC (12:02 IST)", "Switch"):
        assert words in shown
    assert ("\x1b[33m  RTO clock 50 min 0 s" in shown) is coloured
    assert ("\x1b[1;33m» The next step cannot be taken back" in stream.getvalue()) is coloured
    assert "» The next step cannot be taken back: Switch." in stream.getvalue()
