"""What starts procedures by time starts them at the times of their rules: by systemd, by cron with the gate, by AWX."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from pathlib import Path

import pytest
import yaml
from cronsim import CronSim
from hypothesis import given, settings
from support import awx
from support.rules import INDIA, RULES
from support.systemd import elapses, needs_systemd

from hasivu_play.errors import UsageError
from hasivu_play.header import read_header
from hasivu_play.project import installed_project
from hasivu_play.schedule import next_time, times
from hasivu_play.schedule_awx import awx_rule
from hasivu_play.schedule_cronjob import cron, cron_job
from hasivu_play.schedule_due import verdict
from hasivu_play.schedule_export import STYLES
from hasivu_play.schedule_order import Order
from hasivu_play.schedule_pattern import pattern_of
from hasivu_play.schedule_systemd import on_calendar, quoted, units

BEGIN = datetime(2027, 1, 1, tzinfo=INDIA)
NOW = datetime(2026, 11, 26, 18, tzinfo=UTC)
MONTHLY = read_header(installed_project().playbook("monthly-security"))
WEEKLY = read_header(installed_project().playbook("weekly-db"))
FIRST_SUNDAY = "FREQ=MONTHLY;BYDAY=1SU;BYHOUR=6;BYMINUTE=0"
ORDER = Order("production", ticket="OPS-1", image="registry/hasivu-play@sha256:1")


def schedule_of(rule: str) -> dict[str, str]:
    return {"rrule": rule, "timezone": "Asia/Kolkata"}


def following(rule: str, count: int) -> list[datetime]:
    """Return the next times of a rule, one after another."""
    found: list[datetime] = []
    moment = BEGIN
    while len(found) < count and (after := next_time(schedule_of(rule), moment)):
        moment = after
        found.append(after)
    return found


@pytest.mark.parametrize(
    ("rule", "calendar", "crontab"),
    [
        (FIRST_SUNDAY, "Sun *-*-01..07 06:00:00 Asia/Kolkata", "0 6 * * 0"),
        ("FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=20;BYMINUTE=15", "Fri *-*~07/1 20:15:00 Asia/Kolkata", "15 20 * * 5"),
        ("FREQ=WEEKLY;BYDAY=SU,MO;BYHOUR=2;BYMINUTE=0", "Mon,Sun *-*-* 02:00:00 Asia/Kolkata", "0 2 * * 0,1"),
        ("FREQ=DAILY;BYHOUR=0,6;BYMINUTE=0,30", "*-*-* 00,06:00,30:00 Asia/Kolkata", "0,30 0,6 * * *"),
        (
            "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1;BYHOUR=9;BYMINUTE=0",
            "*-01,04,07,10-01 09:00:00 Asia/Kolkata",
            "0 9 1 1,4,7,10 *",
        ),
    ],
)
def test_a_rule_is_written_as_systemd_and_cron_read_it(rule: str, calendar: str, crontab: str) -> None:
    assert on_calendar(pattern_of(rule), "Asia/Kolkata") == calendar
    assert cron(pattern_of(rule)) == crontab


@needs_systemd
@given(RULES)
@settings(max_examples=40, deadline=None)
def test_systemd_elapses_at_the_times_of_the_rule(rule: str) -> None:
    expected = following(rule, 5)
    expression = on_calendar(pattern_of(rule), "Asia/Kolkata")
    if expected:  # a 31st of a month that has none is never
        assert elapses(expression, BEGIN, len(expected)) == expected


@needs_systemd
def test_systemd_knows_every_first_sunday_through_2035() -> None:
    expected = times(MONTHLY.schedule, datetime(2024, 1, 1, tzinfo=INDIA), datetime(2036, 1, 1, tzinfo=INDIA))
    expression = on_calendar(pattern_of(MONTHLY.schedule["rrule"]), "Asia/Kolkata")
    assert elapses(expression, datetime(2024, 1, 1, tzinfo=INDIA), len(expected)) == expected


@needs_systemd
def test_systemd_takes_the_units(tmp_path) -> None:
    program = tmp_path / "a folder" / "hasivu-play"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    order = replace(ORDER, ticket='OPS 1 "50%" $HOME', command=str(program), user="root")
    header = replace(WEEKLY, title="A title with 50%")
    paths = [tmp_path / name for name in units(header, order)]
    for path, text in zip(paths, units(header, order).values(), strict=True):
        path.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True)
    told = [line for line in (done.stdout + done.stderr).splitlines() if "hasivu-play" in line]
    assert (done.returncode, told) == (0, [])


def test_nothing_in_a_word_is_more_than_a_word_to_systemd() -> None:
    assert quoted("OPS-1") == "OPS-1"
    assert quoted("50% $HOME") == '"50%% $$HOME"'
    assert quoted('a "b" \\c') == '"a \\"b\\" \\\\c"'


@given(RULES)
@settings(max_examples=40, deadline=None)
def test_cron_starts_a_procedure_at_the_times_of_the_rule_and_the_gate_keeps_it_from_others(rule: str) -> None:
    header = replace(WEEKLY, schedule=schedule_of(rule))
    end = BEGIN + timedelta(days=40)
    fired = list(takewhile(lambda moment: moment < end, CronSim(cron(pattern_of(rule)), BEGIN - timedelta(minutes=1))))
    due = {moment for moment in fired if verdict(header, [], moment + timedelta(seconds=20)).due}
    expected = set(times(header.schedule, BEGIN, end))
    assert expected <= due
    # What cron fires in the half hour after a due time counts as that time coming late, and finds that it was started.
    assert all(any(timedelta() <= moment - one <= timedelta(minutes=30) for one in expected) for moment in due)


@given(RULES)
@settings(max_examples=60, deadline=None)
def test_awx_takes_the_rule_and_means_the_same_times(rule: str) -> None:
    if not following(rule, 1):
        return
    written = awx_rule(schedule_of(rule), BEGIN)
    assert awx.rule_problems(written) == []
    expected = following(rule, 6)
    assert [moment.timestamp() for moment in islice(awx.times_of(written), 6)] == [one.timestamp() for one in expected]


def test_the_first_sunday_is_written_as_awx_counts_it() -> None:
    assert awx_rule(schedule_of(FIRST_SUNDAY), NOW) == (
        "DTSTART;TZID=Asia/Kolkata:20261206T060000 "
        "RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=SU;BYHOUR=6;BYMINUTE=0;BYSETPOS=1"
    )


@pytest.mark.parametrize(
    "rule",
    [
        "DTSTART:20300308T050000 RRULE:FREQ=DAILY;INTERVAL=1",
        "RRULE:FREQ=DAILY;INTERVAL=1",
        "DTSTART;TZID=Asia/Kolkata:20300308T050000 RRULE:FREQ=DAILY",
        f"DTSTART;TZID=Asia/Kolkata:20300308T050000 RRULE:INTERVAL=1;{FIRST_SUNDAY}",
    ],
)
def test_what_awx_refuses_is_found(rule: str) -> None:
    assert awx.rule_problems(rule)


def test_awx_takes_every_option_of_the_playbook() -> None:
    [play] = yaml.safe_load(STYLES["awx"].write([MONTHLY, WEEKLY], ORDER, NOW)["awx-schedules.yml"])
    modules = [
        (name.split(".")[-1], options) for task in play["tasks"] for name, options in task.items() if "." in name
    ]
    assert [module for module, _options in modules] == ["job_template", "schedule"] * 2
    assert [awx.option_problems(module, options) for module, options in modules] == [[]] * 4
    assert awx.option_problems("schedule", {"name": "x", "cron": "0 2 * * 0"})


def test_ansible_takes_the_playbook_for_awx(tmp_path) -> None:
    path = tmp_path / "awx-schedules.yml"
    path.write_text(STYLES["awx"].write([MONTHLY, WEEKLY], ORDER, NOW)["awx-schedules.yml"])
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run([program, "--syntax-check", path], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_two_jobs_of_a_procedure_never_run_at_once_in_awx_nor_in_kubernetes() -> None:
    [play] = yaml.safe_load(STYLES["awx"].write([WEEKLY], ORDER, NOW)["awx-schedules.yml"])
    assert play["tasks"][0]["awx.awx.job_template"]["allow_simultaneous"] is False
    [written] = yaml.safe_load_all(STYLES["kubernetes"].write([WEEKLY], ORDER, NOW)["cronjobs.yml"])
    assert written["spec"]["concurrencyPolicy"] == "Forbid"
    assert written["spec"]["timeZone"] == "Asia/Kolkata"
    assert written["spec"]["startingDeadlineSeconds"] == 600
    assert written["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0


def test_a_ticket_is_given_only_to_what_changes_something() -> None:
    review = replace(WEEKLY, risk="read")
    assert ORDER.arguments(WEEKLY)[-2:] == ["--ticket", "OPS-1"]
    assert "--ticket" not in ORDER.arguments(review)


def test_a_name_that_kubernetes_would_refuse_is_refused() -> None:
    with pytest.raises(UsageError, match="longer than 52 characters"):
        cron_job(replace(WEEKLY, id="a-procedure-with-quite-a-long-name"), replace(ORDER, environment="production-2"))
