"""rto-rpo fails while an objective cannot be met, was missed twice or was not measured lately."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.hasivu.ops.plugins.module_utils.backup_lint import lint
from support.drills import Drill, written
from support.sandbox import PROJECT, Sandbox

from hasivu_play.doctor_backups import check_backups

pytestmark = pytest.mark.xdist_group("objectives")
ENVIRONMENTS = ("sandbox", "staging", "production")


def declared(environment: str) -> dict[str, Any]:
    """Return what an inventory says of recovery."""
    file = PROJECT / "inventory" / environment / "group_vars" / "all" / "recovery.yml"
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_declared_backups_can_meet_the_declared_objectives(environment: str) -> None:
    told = declared(environment)
    assert lint(told["backups"], told["recovery_objectives"]["tiers"]) == []
    assert [check.ok for check in check_backups(told)] == [True]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_without_point_in_time_recovery_they_cannot(environment: str) -> None:
    told = declared(environment)
    without = [backup for backup in told["backups"] if backup["mechanism"] != "pitr"]
    found = list(check_backups({**told, "backups": without}))
    assert [check.ok for check in found] == [False]
    assert "promises to lose at most 5 min of database" in found[0].says
    assert "point-in-time recovery" in found[0].mend


def test_declarations_that_cannot_be_read_are_a_finding_of_the_doctor() -> None:
    told = declared("sandbox")
    assert [check.ok for check in check_backups({**told, "backups": "{{ elsewhere }}"})] == [False]
    assert [check.ok for check in check_backups({"backups": told["backups"]})] == [False]


@contextmanager
def drills(sandbox: Sandbox, *made: Drill) -> Iterator[list[Path]]:
    """Let the machine remember drills, and forget them again."""
    key = sandbox.home / "sandbox" / "credentials" / "record_ed25519"
    folders = [written(sandbox.home, key, drill) for drill in made]
    try:
        yield folders
    finally:
        for folder in folders:
            subprocess.run(["rm", "-rf", str(folder)], check=True)


def reviewed(sandbox: Sandbox, *arguments: str) -> tuple[dict[str, Any], list[tuple[str, str]], dict[str, Any]]:
    """Run the review; return its result, the kinds of its findings for the database, and its report."""
    result = sandbox.run("rto-rpo", *arguments)
    report = json.loads((sandbox.home / "runs" / result["run"] / "report.json").read_text())
    about = [one for one in report["findings"] if one["where"].startswith(("Tier 1", "2", "RDS", "hasivu", "snap"))]
    return result, [(one["severity"], one["key"]) for one in about], report


def test_an_old_drill_and_an_altered_record_fail_the_report(sandbox: Sandbox) -> None:
    with drills(sandbox, Drill(140, rto=3700), Drill(101, rto=3900), Drill(5)) as folders:
        assert sandbox.play("runs", "verify", folders[2].name).returncode == 0
        file = folders[2] / "objectives.json"
        file.write_text(file.read_text().replace('"rto_s": 1800.0', '"rto_s": 18.0'))
        result, found, report = reviewed(sandbox)
    assert result["exit_code"] == 1
    assert sorted(found) == [("high", "drill-too-old"), ("high", "record-not-verified"), ("high", "rto-missed-twice")]
    assert any(section.get("trend") for section in report["sections"])
    page = (sandbox.home / "runs" / result["run"] / "report.html").read_text()
    assert "over the target" in page


def test_a_rehearsal_after_a_good_drill_finds_nothing_in_its_tier_and_writes_nothing(sandbox: Sandbox) -> None:
    before = len(sandbox.requests("aws"))
    with drills(sandbox, Drill(99)):
        _, found, report = reviewed(sandbox, "--check")
    assert found == []
    asked = [one for one in sandbox.requests("aws")[before:] if "hasivu-ops" in one["client"]]
    assert {one["action"] for one in asked} >= {"rds:DescribeDBInstances", "rds:DescribeDBSnapshots"}
    assert not [one for one in asked if one["changing"]]
    tier = next(section for section in report["sections"] if section["title"] == "Objectives: Objectives")
    row = tier["table"]["rows"][0]
    assert (row["last_rto_s"], row["last_rpo_s"], row["gap"]) == (1800.0, 60.0, "none")
