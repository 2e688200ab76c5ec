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
    file = PROJECT / "inventory" / environment / "group_vars" / "all" / "recovery_objectives.yml"
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
    """Let the machine remember these drills and no others, and forget them again."""
    key = sandbox.home / "sandbox" / "credentials" / "record_ed25519"
    aside = sandbox.home / "aside"
    aside.mkdir()
    for run in [run for run in sandbox.runs() if "recovery" in run.name]:
        run.rename(aside / run.name)
    folders = [written(sandbox.home, key, drill) for drill in made]
    try:
        yield folders
    finally:
        for folder in folders:
            subprocess.run(["rm", "-rf", str(folder)], check=True)
        for run in aside.iterdir():
            run.rename(sandbox.home / "runs" / run.name)
        aside.rmdir()


def found_in(folder: Path) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """Return the kinds of the findings for the database in a run, and its report."""
    report = json.loads((folder / "report.json").read_text())
    about = [one for one in report["findings"] if one["where"].startswith(("Tier 1", "2", "RDS", "hasivu", "snap"))]
    return sorted((one["severity"], one["key"]) for one in about), report


def test_an_old_drill_an_altered_record_and_a_silent_rds_fail_the_report(sandbox: Sandbox) -> None:
    with drills(sandbox, Drill(140, rto=3700), Drill(101, rto=3900), Drill(5)) as folders:
        assert sandbox.play("runs", "verify", folders[2].name).returncode == 0
        file = folders[2] / "objectives.json"
        file.write_text(file.read_text().replace('"rto_s": 1800.0', '"rto_s": 18.0'))
        gone = ("-e", "rds_instance_id=hasivu-gone")
        done = sandbox.ansible_playbook("playbooks/rto-rpo.yml", "-i", "inventory/sandbox", *gone)
        run = max((sandbox.home / "runs").glob("*-rto-rpo-*"))
    assert done.returncode == 2, done.stdout
    found, report = found_in(run)
    kinds = ("backup-drifted", "backup-unknown", "drill-too-old", "record-not-verified", "rto-missed-twice")
    assert found == [("high", kind) for kind in kinds]
    assert "hasivu-gone" in next(one["what"] for one in report["findings"] if one["key"] == "backup-unknown")
    assert any(section.get("trend") for section in report["sections"])
    page = (run / "report.html").read_text()
    assert "over the target" in page


def test_a_rehearsal_after_a_good_drill_finds_nothing_in_its_tier_and_writes_nothing(sandbox: Sandbox) -> None:
    before = len(sandbox.requests("aws"))
    with drills(sandbox, Drill(99)):
        result = sandbox.run("rto-rpo", "--check")
    found, report = found_in(Path(result["record"]))
    assert (result["exit_code"], found) == (1, [])
    asked = [one for one in sandbox.requests("aws")[before:] if "hasivu-ops" in one["client"]]
    assert {one["action"] for one in asked} >= {"rds:DescribeDBInstances", "rds:DescribeDBSnapshots"}
    assert not [one for one in asked if one["changing"]]
    tier = next(section for section in report["sections"] if section["title"] == "Objectives: Objectives")
    row = tier["table"]["rows"][0]
    assert (row["last_rto_s"], row["last_rpo_s"], row["gap"]) == (1800.0, 60.0, "none")
