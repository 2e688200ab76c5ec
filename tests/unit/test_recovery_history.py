"""Only records that verify are counted, and what they tell decides."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_history import (
    expected_restore,
    history,
    restore_deadline,
)
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_tables import sections
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_verdict import record_findings, tier_findings
from support.drills import Drill, written
from support.recording import make_key, sandbox_key

TIER = {"name": "Tier 1", "assets": ["database"], "rto_s": 3600, "rpo_s": 300, "measured_by": ["recovery-drill"]}


def told(home: Path, *drills: Drill, key: Path | None = None) -> dict[str, Any]:
    """Write the records of drills, and return what is read of them."""
    signed_by = key or sandbox_key(home)
    for drill in drills:
        written(home, signed_by, drill)
    return read(home, signed_by)


def read(home: Path, key: Path) -> dict[str, Any]:
    found: dict[str, Any] = history((home / "runs").glob("*"), [f"{key}.pub"])
    return found


def keys(found: dict[str, Any]) -> list[tuple[str, str]]:
    findings = [*record_findings(found), *tier_findings(TIER, found["measurements"], datetime.now(UTC), 100)]
    return [(one["severity"], one["key"]) for one in findings]


@pytest.mark.parametrize(
    ("drills", "findings"),
    [
        ([Drill(10)], []),
        ([Drill(99)], []),
        ([Drill(101)], [("high", "drill-too-old")]),
        ([], [("high", "objective-never-measured")]),
        ([Drill(40), Drill(10, rto=3700)], [("advice", "rto-missed")]),
        ([Drill(40, rto=3700), Drill(10, rto=3700)], [("high", "rto-missed-twice")]),
        ([Drill(40, rpo=301), Drill(10, rpo=400)], [("high", "rpo-missed-twice")]),
        ([Drill(70, rto=9999), Drill(40, rto=9999), Drill(10)], []),
        ([Drill(40, rto=9999, rpo=10), Drill(10, rto=10, rpo=9999)], [("advice", "rpo-missed")]),
        ([Drill(10, rto=None)], [("high", "rto-unknown")]),
        ([Drill(10, procedure="app-recovery")], [("high", "objective-never-measured")]),
        ([Drill(10, fields={"check": True})], [("high", "objective-never-measured")]),
        ([Drill(10, fields={"direction": "back"})], [("high", "objective-never-measured")]),
        (
            [Drill(20), Drill(10, measured=False, ending={"state": "stopped", "exit_code": 4})],
            [("medium", "recovery-not-measured")],
        ),
        ([Drill(20), Drill(10, measured=False, ending={"state": "refused", "exit_code": 3})], []),
    ],
)
def test_what_drills_measured_decides(tmp_path: Path, drills: list[Drill], findings: list[tuple[str, str]]) -> None:
    assert keys(told(tmp_path, *drills)) == findings


def test_a_run_that_was_resumed_and_then_measured_is_no_run_without_measure(tmp_path: Path) -> None:
    key = sandbox_key(tmp_path)
    first = written(tmp_path, key, Drill(20, measured=False, ending={"state": "interrupted", "exit_code": 4}))
    assert [entry["run"] for entry in read(tmp_path, key)["unmeasured"]] == [first.name]
    written(tmp_path, key, Drill(19, fields={"resumes": first.name}))
    assert read(tmp_path, key)["unmeasured"] == []


def test_a_measure_that_was_altered_is_a_finding_and_is_not_counted(tmp_path: Path) -> None:
    key = sandbox_key(tmp_path)
    good = written(tmp_path, key, Drill(50, rto=3700))
    altered = written(tmp_path, key, Drill(10, rto=3700))
    file = altered / "objectives.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "rto_s": 60}))
    found = read(tmp_path, key)
    assert [entry["run"] for entry in found["measurements"]] == [good.name]
    assert found["unverified"] == [{"run": altered.name, "problems": ["objectives.json was altered."]}]
    assert ("high", "record-not-verified") in keys(found)


def test_a_record_that_a_stranger_signed_is_not_counted(tmp_path: Path) -> None:
    written(tmp_path, make_key(tmp_path / "stranger"), Drill(10))
    found = read(tmp_path, sandbox_key(tmp_path))
    assert not found["measurements"]
    assert "is not known" in found["unverified"][0]["problems"][0]


def test_without_the_keys_nothing_is_counted(tmp_path: Path) -> None:
    key = sandbox_key(tmp_path)
    written(tmp_path, key, Drill(10))
    found = history((tmp_path / "runs").glob("*"), [str(tmp_path / "nowhere")])
    assert not found["measurements"]
    assert "cannot be read" in found["unverified"][0]["problems"][0]


def test_a_file_of_another_form_is_not_counted(tmp_path: Path) -> None:
    key = sandbox_key(tmp_path)
    folder = tmp_path / "runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("support.drills.measures", lambda drill, ended: {"form": "other/9", "rto_s": 1})
        written(tmp_path, key, Drill(10))
    assert folder.exists()
    assert "form is not" in read(tmp_path, key)["unverified"][0]["problems"][0]


def test_the_page_shows_every_measure_with_its_trend_and_gap(tmp_path: Path) -> None:
    found = told(tmp_path, Drill(70), Drill(40, rto=4000), Drill(10, rto=3700))
    objectives, rto, rpo, _ = sections([TIER], [], [], found["measurements"])
    assert objectives["table"]["rows"][0]["gap"] == "RTO 100 s over"
    assert [point["value"] for point in rto["trend"]["points"]] == [1800, 4000, 3700]
    assert (rto["trend"]["target"], rpo["trend"]["target"]) == (3600, 300)
    rows = rpo["table"]["rows"]
    assert [(row["rto"], row["rpo"], row["kind"]) for row in rows] == [
        ("met", "met", "drill"),
        ("missed", "met", "drill"),
        ("missed", "met", "drill"),
    ]
    assert rows[0]["longest"] == "Restore, 700.0 s"


def restored(*seconds: float | None, strategy: str = "pitr") -> list[dict[str, Any]]:
    """Return measurements whose restores took so long; one without a time has no such phase."""
    phases = [[] if one is None else [{"name": "Restore", "seconds": one}] for one in seconds]
    return [{"strategy": strategy, "phases": one} for one in phases]


@pytest.mark.parametrize(
    ("measurements", "expected"),
    [
        ([], None),
        (restored(None), None),
        (restored(20.0, strategy="replica-promote"), None),
        (restored(700.0), 700.0),
        (restored(9000.0, 700.0, None, 800.0, 600.0, 720.0, 710.0), 710.0),  # of the last five
    ],
)
def test_the_median_of_the_last_restores_is_expected(measurements: list[dict[str, Any]], expected: float) -> None:
    assert expected_restore(measurements) == expected


@pytest.mark.parametrize(("expected", "seconds"), [(None, 14400), (100.0, 1800), (1200.0, 2400), (9000.0, 14400)])
def test_a_restore_may_take_twice_as_long_within_bounds(expected: float | None, seconds: int) -> None:
    assert restore_deadline(expected, least=1800, most=14400) == seconds
