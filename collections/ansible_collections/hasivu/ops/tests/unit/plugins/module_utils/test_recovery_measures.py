# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""RTO, RPO, phases and the series of good samples."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_objectives import findings, objectives, sentence
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_phases import phases_of
from ansible_collections.hasivu.ops.plugins.module_utils.service_level import Sample, Series, series_from

T0 = datetime(2026, 11, 1, 5, 40, tzinfo=UTC)
BEGUN = {"t0": "2026-11-01T05:40:00Z", "targets": {"rto_s": 3600, "rpo_s": 300}}


def at(seconds: float) -> str:
    return (T0 + timedelta(seconds=seconds)).isoformat()


def rows(committed: float | None, recovered: float | None) -> dict[str, Any]:
    return {
        "last_committed": {"at": None if committed is None else at(committed), "origin": "database"},
        "newest_recovered": {"at": None if recovered is None else at(recovered), "origin": "database"},
    }


@pytest.mark.parametrize(
    ("restored", "committed", "recovered", "rto", "rpo", "met"),
    [
        (2700.5, -0.2, -12.7, 2700.5, 12.5, {"rto": True, "rpo": True}),
        (3600, 0, -300, 3600, 300, {"rto": True, "rpo": True}),
        (3600.000001, 0, -300.000001, 3600.000001, 300.000001, {"rto": False, "rpo": False}),
        (60, -5, -1, 60, 0, {"rto": True, "rpo": True}),
        (None, None, -1, None, None, {"rto": None, "rpo": None}),
        (60, -5, None, 60, None, {"rto": True, "rpo": None}),
    ],
)
def test_times_are_measured_and_what_is_not_known_is_not_met(
    restored: float | None, committed: float | None, recovered: float | None, rto: Any, rpo: Any, met: dict[str, Any]
) -> None:
    found = objectives(BEGUN, None if restored is None else at(restored), rows(committed, recovered))
    assert (found["rto_s"], found["rpo_s"], found["met"]) == (rto, rpo, met)
    told = {False: "missed", None: "unknown"}
    keys = [one["key"] for one in findings(found)]
    assert keys == [f"{name}-{told[verdict]}" for name, verdict in met.items() if verdict is not True]


def test_both_measures_are_said_in_words() -> None:
    found = objectives(BEGUN, at(4000), rows(None, None))
    assert sentence(found) == (
        "Service was good again after 4000.0 s; the target of 3600 s is missed. "
        "Lost writes span an unknown time; the target of 300 s is unknown."
    )


def test_times_of_other_zones_are_the_same_moments() -> None:
    found = objectives({**BEGUN, "t0": "2026-11-01T11:10:00+05:30"}, at(60), rows(0, 0))
    assert found["rto_s"] == 60


def line(event: str, seconds: float, **fields: Any) -> dict[str, Any]:
    return {"event": event, "at": at(seconds), **fields}


PHASES = [{"name": "Restore", "begins": "Restore it"}, {"name": "Switch", "begins": "Switch over"}]


def test_a_phase_lasts_until_the_next_begins_whatever_roles_do_inside() -> None:
    events = [
        line("step_started", 0, step=1, name="Look"),
        line("step_started", 10, step=2, name="Restore it"),
        line("step_started", 15, step=3, name="Switch over", inside=2),
        line("step_started", 70, step=4, name="Switch over"),
        line("run_finished", 90),
    ]
    assert phases_of([events], PHASES) == [{"name": "Restore", "seconds": 60}, {"name": "Switch", "seconds": 20}]


def test_a_phase_of_the_run_that_still_lasts_ends_now() -> None:
    events = [line("step_started", 10, step=2, name="Restore it")]
    assert phases_of([events], PHASES, until=at(40)) == [{"name": "Restore", "seconds": 30}]


def test_a_skipped_step_begins_no_phase() -> None:
    events = [
        line("step_started", 10, step=2, name="Restore it"),
        line("step_finished", 11, step=2, name="Restore it", outcome="skipped"),
        line("run_finished", 90),
    ]
    assert phases_of([events], PHASES) == []


def test_phases_go_on_in_a_resumed_run_and_the_time_of_a_dead_process_is_not_work() -> None:
    killed = [
        line("step_started", 0, step=1, name="Restore it"),
        line("step_started", 30, step=2, name="Wait"),
        line("run_interrupted", 3000),
    ]
    resumed = [
        line("step_started", 3010, step=1, name="Restore it"),
        line("step_started", 3020, step=2, name="Switch over"),
        line("run_finished", 3025),
    ]
    found = phases_of([killed, resumed], PHASES)
    assert found == [{"name": "Restore", "seconds": 40}, {"name": "Switch", "seconds": 5}]


def sample(seconds: float, good: bool = True, ok: int = 0, failed: int = 0) -> Sample:
    counters = {"orders_created_total": ok, "orders_failed_total": failed} if ok or failed else {}
    return Sample(T0 + timedelta(seconds=seconds), good, "" if good else "it answered 503", counters)


def series(*samples: Sample) -> Series:
    made = Series(0.01)
    for one in samples:
        made.take(one)
    return made


def test_a_series_begins_with_the_first_good_sample_after_the_last_bad_one() -> None:
    made = series(sample(0, good=False), sample(1), sample(2, good=False), sample(3), sample(9))
    assert made.as_dictionary()["good_since"] == "2026-11-01T05:40:03.000000Z"
    assert (made.sustained().total_seconds(), made.restarts, made.samples) == (6, 1, 5)


def test_a_bad_sample_at_the_end_leaves_no_series() -> None:
    made = series(sample(1), sample(2, good=False))
    assert (made.as_dictionary()["good_since"], made.why) == (None, "it answered 503")


def test_errors_between_good_samples_begin_the_series_anew() -> None:
    made = series(sample(0, ok=10), sample(5, ok=20), sample(10, ok=30, failed=5), sample(12, ok=40, failed=5))
    assert made.as_dictionary()["good_since"] == "2026-11-01T05:40:10.000000Z"


def test_few_errors_are_borne() -> None:
    assert series(sample(0, ok=1), sample(5, ok=1001, failed=10)).sustained().total_seconds() == 5


def test_a_series_with_counters_goes_on_in_a_later_step_and_one_without_does_not() -> None:
    counted, uncounted = series(sample(0, ok=10)).as_dictionary(), series(sample(0)).as_dictionary()
    on, anew = series_from(counted, 0.01), series_from(uncounted, 0.01)
    for made in (on, anew):
        made.take(sample(600, ok=500))
    assert (on.sustained().total_seconds(), anew.sustained().total_seconds()) == (600, 0)
    broken = series_from(counted, 0.01)
    broken.take(sample(600, ok=500, failed=50))
    assert broken.as_dictionary()["good_since"] == "2026-11-01T05:50:00.000000Z"
