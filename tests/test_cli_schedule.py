"""The commands about time, as a person, a program and a timer use them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hasivu_play.cli import main
from hasivu_play.doctor_calendar import check_calendar
from hasivu_play.project import Project
from hasivu_play.schedule_slot import INDIA

SOURCE = Path(__file__).parent / "data" / "project"
RULE = "FREQ=WEEKLY;BYDAY=SU;BYHOUR=2;BYMINUTE=0;BYSECOND=0"
CALENDAR = {"since": "", "jobs": [], "rds_windows": {}, "busy": [], "orders": [], "backups_before": [], "accepted": []}
INSPECTION = {
    "name": "sink inspection",
    "kind": "job",
    "rrule": "FREQ=DAILY;BYHOUR=2;BYMINUTE=0",
    "minutes": 5,
    "resources": ["sink/kitchen"],
}


class Kitchen:
    """A project of its own with one procedure that runs by time, and a state folder."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.home = root / "home"
        shutil.copytree(SOURCE, self.root)
        (self.root / "playbooks" / "broken-steps.yml").unlink()

    def play(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, obj=Project(self.root), prog_name="hasivu-play")

    def apart(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a process of its own, as a timer does."""
        script = (
            "from pathlib import Path\nfrom hasivu_play.cli import main\nfrom hasivu_play.project import Project\n"
            f"main(obj=Project(Path({str(self.root)!r})), prog_name='hasivu-play')"
        )
        environment = {**os.environ, "HASIVU_PLAY_HOME": str(self.home)}
        command = [sys.executable, "-c", script, *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180)

    def schedule(self, rule: str) -> None:
        path = self.root / "playbooks" / "wash-up.yml"
        path.write_text(path.read_text().replace(RULE, rule))

    def calendar(self, **changes: object) -> None:
        variables = {"calendar": {**CALENDAR, **changes}, "policy": {"freeze_windows": []}}
        path = self.root / "inventory" / "staging" / "group_vars" / "all" / "calendar.yml"
        path.write_text(json.dumps(variables))

    def due_now(self) -> datetime:
        """Give the procedure a schedule whose time has just come, and return it."""
        moment = datetime.now(INDIA).replace(second=0, microsecond=0)
        self.schedule(f"FREQ=DAILY;BYHOUR={moment.hour};BYMINUTE={moment.minute}")
        return moment


@pytest.fixture
def kitchen(tmp_path, monkeypatch):
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path / "home"))
    return Kitchen(tmp_path)


def test_times_are_listed_in_indias_time_and_in_utc(kitchen):
    lines = kitchen.play("schedule", "list", "--days", "14").stdout.splitlines()
    assert lines[0].split() == ["INDIA", "UTC", "ID", "EXPECTED", "END", "LATEST", "END", "RISK", "OR", "KIND"]
    assert len(lines) == 3
    assert all(line.startswith("Sun ") and " 02:00  Sat " in line and " 20:30  wash-up" in line for line in lines[1:])


def test_a_program_reads_the_times_and_what_has_none(kitchen):
    listed = json.loads(kitchen.play("schedule", "list", "--json").stdout)
    assert listed["on_demand"] == []
    at = [datetime.fromisoformat(one["at"]) for one in listed["times"]]
    assert at == sorted(at)
    assert at == [datetime.fromisoformat(one["at_utc"]) for one in listed["times"]]
    assert {(moment.weekday(), moment.hour) for moment in at} == {(6, 2)}
    kitchen.schedule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=1;BYHOUR=2;BYMINUTE=0")
    assert len(json.loads(kitchen.play("schedule", "list", "--days", "1", "--json").stdout)["times"]) == 1


def test_a_check_finds_what_meets_and_what_was_missed_and_ends_with_1(kitchen):
    since = (datetime.now(INDIA) - timedelta(days=15)).date().isoformat()
    kitchen.calendar(since=since, jobs=[INSPECTION])
    ended = kitchen.play("schedule", "check", "--env", "staging", "--json")
    report = json.loads(ended.stdout)
    assert (ended.exit_code, report["ok"]) == (1, False)
    assert [(one["rule"], sorted(one["names"])) for one in report["problems"]] == [
        ("collision", ["sink inspection", "wash-up"])
    ]
    assert [due["state"] for due in report["due"] if due["state"] != "pending"] == ["missed", "missed"]


def test_the_jobs_of_an_environment_are_listed_beside_the_procedures(kitchen):
    kitchen.calendar(jobs=[INSPECTION])
    listed = json.loads(kitchen.play("schedule", "list", "--env", "staging", "--days", "7", "--json").stdout)["times"]
    assert sorted((one["id"], one["kind"], one["risk"]) for one in listed) == [
        *[("sink inspection", "job", None)] * 7,
        ("wash-up", "procedure", "safe"),
    ]


def test_a_check_tells_a_person_what_to_do(kitchen):
    kitchen.calendar(since=(datetime.now(INDIA) - timedelta(days=8)).date().isoformat(), jobs=[INSPECTION])
    lines = kitchen.play("schedule", "check", "--env", "staging").stdout.splitlines()
    assert " start together, and both take sink/kitchen. First at Sun " in lines[0]
    assert lines[1].strip() == "Change the schedule of one of them, or its minutes."
    assert lines[2].startswith("WRONG  wash-up was due on Sun ")
    assert lines[3].strip().startswith("Run wash-up now if its window allows")


def test_a_calendar_that_is_missing_is_a_sentence(kitchen):
    ended = kitchen.play("schedule", "check", "--env", "staging")
    assert ended.exit_code == 2
    assert ended.stderr.startswith("Error: The inventory has no `calendar`. Write one into calendar.yml")


def test_the_doctor_holds_the_calendar_against_its_rules(kitchen):
    project, variables = Project(kitchen.root), {"policy": {"freeze_windows": []}}
    [good] = check_calendar(project, {**variables, "calendar": CALENDAR})
    assert (good.ok, good.says) == (True, "entries: 1; none breaks a rule for 400 days, but for what was accepted")
    [bad] = check_calendar(project, {**variables, "calendar": {**CALENDAR, "jobs": [INSPECTION]}})
    assert (bad.ok, bad.mend) == (False, "Change the schedule of one of them, or its minutes.")
    reason = {"rule": "collision", "names": ["sink inspection", "wash-up"], "reason": "The sink is large."}
    accepted = list(
        check_calendar(project, {**variables, "calendar": {**CALENDAR, "jobs": [INSPECTION], "accepted": [reason]}})
    )
    assert [check.ok for check in accepted] == [True, True]
    assert accepted[0].mend == "Accepted: The sink is large."
    [unknown] = check_calendar(project, variables)
    assert not unknown.ok


def test_timers_are_printed_or_written_into_a_folder(kitchen, tmp_path):
    shown = kitchen.play("schedule", "export", "systemd", "--env", "staging", "--ticket", "OPS-1")
    assert "OnCalendar=Sun *-*-* 02:00:00 Asia/Kolkata" in shown.stdout
    assert "schedule run wash-up --env staging --ticket OPS-1" in shown.stdout
    written = kitchen.play("schedule", "export", "systemd", "--env", "staging", "-o", str(tmp_path / "units"))
    names = sorted(path.name for path in (tmp_path / "units").iterdir())
    assert names == ["hasivu-play-wash-up-staging.service", "hasivu-play-wash-up-staging.timer"]
    assert written.stdout.splitlines() == [str(tmp_path / "units" / name) for name in names]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["export", "kubernetes", "--env", "staging"], "A CronJob needs an image that holds hasivu-play."),
        (["export", "awx", "--env", "nowhere"], "There is no environment 'nowhere'."),
        (["check", "--env", "nowhere"], "There is no environment 'nowhere'."),
        (["run", "wash", "--env", "staging"], "There is no procedure 'wash'. Did you mean 'wash-up'?"),
    ],
)
def test_bad_input_ends_in_one_sentence(kitchen, arguments, sentence):
    ended = kitchen.play("schedule", *arguments)
    assert ended.exit_code == 2
    assert ended.stderr.startswith(f"Error: {sentence}")


def test_a_timer_that_fires_on_another_day_starts_nothing(kitchen):
    tomorrow = datetime.now(INDIA) + timedelta(hours=12)
    kitchen.schedule(f"FREQ=DAILY;BYHOUR={tomorrow.hour};BYMINUTE={tomorrow.minute}")
    ended = kitchen.play("schedule", "run", "wash-up", "--env", "staging", "--json")
    assert ended.exit_code == 0
    assert json.loads(ended.stdout)["started"] is False
    assert ended.stderr.startswith("wash-up is not due now. It is next due on ")
    assert not (kitchen.home / "runs").exists()


def test_a_timer_that_fires_twice_starts_one_run_and_the_due_time_is_served(kitchen):
    due = kitchen.due_now()
    kitchen.calendar(since=due.date().isoformat())
    first = kitchen.apart("schedule", "run", "wash-up", "--env", "staging", "--ticket", "OPS-1", "--json")
    assert first.returncode == 0, first.stderr
    result = json.loads(first.stdout)
    assert result["state"] == "done"
    second = kitchen.apart("schedule", "run", "wash-up", "--env", "staging", "--ticket", "OPS-1", "--json")
    assert (second.returncode, json.loads(second.stdout)["started"]) == (0, False)
    assert f"was started already: {result['run']}" in second.stderr
    assert [path.name for path in (kitchen.home / "runs").iterdir()] == [result["run"]]
    [found] = json.loads(kitchen.play("schedule", "check", "--env", "staging", "--json").stdout)["due"]
    assert (found["state"], found["runs"]) == ("done", [result["run"]])
    assert datetime.fromisoformat(found["at_utc"]) == due.astimezone(UTC)
