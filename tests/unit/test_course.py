"""Whoever is at the helm is told of phases, of the clock, and of what cannot be taken back before it is done."""

from datetime import UTC, datetime, timedelta

import pytest

from hasivu_play.course import AHEAD, CLOCK, CROSSED, PHASE, Course
from hasivu_play.course_plan import AT_RISK, MET, MISSED, ON_TIME, Clock, Phase, Plan, clock_state
from hasivu_play.tracker import StepRun

BEGAN = datetime(2026, 11, 1, 5, 40, tzinfo=UTC)
STEPS = (
    "Find the writers",
    "Restore beside the old",
    "Protect the new one",
    "Switch over",
    "Return service",
    "Reconcile",
)
PHASES = [Phase("Quiesce", STEPS[0], 120), Phase("Restore", STEPS[1], 600), Phase("Return", STEPS[3], 300)]


def minutes(number):
    return timedelta(minutes=number)


class Helm:
    """A course under a clock that only the test moves."""

    def __init__(self, phases=PHASES, target=60, last_phase=2):
        clock = Clock(BEGAN, minutes(target), last_phase, STEPS[4]) if target else None
        plan = Plan(minutes(30), list(phases), STEPS[3], STEPS[2], clock)
        self.time, self.notices = BEGAN + minutes(2), []
        self.course = Course(plan, self.notices.append, lambda: self.time)

    def do(self, *names, took=0, outcome="ok"):
        for name in names:
            self.course.step_started(StepRun(name))
            self.time += minutes(took)
            self.course.step_ended(StepRun(name, outcome=outcome))

    def told(self, event):
        return [notice.text for notice in self.notices if notice.event == event]

    def shown(self):
        return "\n".join(text for text, _ in self.course.lines())


def test_each_phase_is_told_with_the_next_one_the_clock_and_the_expected_end():
    helm = Helm()
    helm.do(STEPS[0], took=2)
    assert helm.told(PHASE) == [
        (
            "Phase 1 of 3: Quiesce; next: Restore. RTO clock 2 min 0 s of 1 h 0 min: on time. "
            "Expected end 05:59 UTC (11:29 IST)."
        )
    ]
    helm.do(STEPS[1])
    assert helm.told(PHASE)[1].startswith("Phase 2 of 3: Restore; next: Return. RTO clock 4 min 0 s")
    helm.do(STEPS[3])
    assert "Phase 3 of 3: Return; next: the end" in helm.told(PHASE)[2]


def test_the_expected_end_is_that_of_earlier_runs_and_never_lies_in_the_past():
    helm = Helm()
    assert "Expected end 05:59" in helm.shown()  # 2 + 10 + 5 minutes from 05:42
    helm.do(STEPS[0], STEPS[1])
    assert "Expected end 05:57" in helm.shown()  # the first phase took no time
    helm.time += minutes(25)  # the second takes longer than ever
    assert "Expected end 06:12" in helm.shown()


def test_without_earlier_runs_the_header_says_when_the_end_is_expected():
    helm = Helm([Phase(phase.name, phase.begins) for phase in PHASES])
    helm.do(STEPS[0], STEPS[1])
    assert "Expected end 06:12" in helm.shown()
    helm.time += minutes(40)
    assert "Expected end 06:22" in helm.shown()


def test_what_cannot_be_taken_back_is_announced_before_it_begins_and_once():
    helm = Helm()
    helm.do(STEPS[0], STEPS[1])
    assert not helm.told(AHEAD)
    helm.course.step_started(StepRun(STEPS[2]))
    assert helm.told(AHEAD) == ["The next step cannot be taken back: Switch over. Ctrl-C now stops before it."]
    assert "The next step cannot be taken back: Switch over" in helm.shown()
    helm.do(STEPS[3])
    assert helm.told(CROSSED) == ["The point of no return is crossed: Switch over."]
    assert len(helm.told(AHEAD)) == 1
    assert "cannot be taken back" not in helm.shown()


@pytest.mark.parametrize("outcome", ["skipped", "failed", "unreachable", "cut short"])
def test_a_step_that_was_not_done_crosses_nothing_and_stops_no_clock(outcome):
    helm = Helm()
    helm.do(*STEPS[:5], outcome=outcome)
    assert not helm.told(CROSSED)
    assert "RTO clock stopped" not in helm.shown()


def test_the_clock_changes_from_on_time_to_at_risk_to_missed_while_a_step_lasts():
    helm = Helm()
    helm.do(STEPS[0], STEPS[1])
    tones = []
    for later in (0, 50, 30):
        helm.time += minutes(later)
        helm.course.tick()
        helm.course.tick()
        tones.append(helm.course.lines()[1][1])
    assert tones == ["green", "yellow", "red"]
    assert helm.told(CLOCK) == [
        "RTO clock 52 min 0 s of 1 h 0 min: at risk.",
        "RTO clock 1 h 22 min of 1 h 0 min: missed.",
    ]


def test_the_clock_stops_when_service_is_back_and_the_run_goes_on():
    helm = Helm()
    helm.do(*STEPS[:5], took=5)
    assert helm.told(CLOCK) == ["RTO clock stopped at 27 min 0 s of 1 h 0 min: met."]
    helm.do(STEPS[5], took=300)
    assert "RTO clock stopped at 27 min 0 s of 1 h 0 min: met" in helm.shown()


def test_an_end_that_is_expected_too_late_is_at_risk_from_the_beginning():
    helm = Helm(target=15)
    helm.course.tick()
    assert helm.told(CLOCK) == ["RTO clock 2 min 0 s of 15 min 0 s: at risk."]


def test_phases_after_the_return_of_service_do_not_count_for_the_clock():
    helm = Helm([*PHASES, Phase("Reconcile", STEPS[5], 6000)])
    helm.course.tick()
    assert not helm.told(CLOCK)


def test_a_course_without_clock_shows_none():
    helm = Helm(target=None)
    helm.do(*STEPS)
    assert "RTO" not in helm.shown()
    assert not helm.told(CLOCK)


@pytest.mark.parametrize(
    ("elapsed", "end", "stopped", "state"),
    [
        (10, 50, False, ON_TIME),
        (10, 60, False, ON_TIME),
        (10, 61, False, AT_RISK),
        (10, None, False, ON_TIME),
        (45, None, False, ON_TIME),
        (46, 50, False, AT_RISK),
        (60, 60, False, AT_RISK),
        (61, 61, False, MISSED),
        (60, None, True, MET),
        (61, None, True, MISSED),
    ],
)
def test_the_state_of_the_clock(elapsed, end, stopped, state):
    found = clock_state(minutes(elapsed), minutes(60), None if end is None else minutes(end), stopped=stopped)
    assert found == state
