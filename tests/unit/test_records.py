"""What `runs list` and `runs show` read from records, and how a record is closed when its run is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import record_origin
from support.recording import begin, finish, sandbox_key, sealed, step

from hasivu_play import records, records_view
from hasivu_play.errors import UsageError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path))
    return tmp_path


def of_a_dead_process() -> dict[str, Any]:
    """Return who a record names when its process has ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    who = {**record_origin.who(), "pid": process.pid, "process_start": record_origin.process_start(process.pid)}
    process.communicate(b"\n")
    return who


def killed(home: Path, **fields: Any) -> Path:
    """Write the record of a run that was killed in its second step, and return its folder."""
    opened = begin(home, key=sandbox_key(home), who=of_a_dead_process(), **fields)
    step(opened, 1, "Vacuum", "changed")
    step(opened, 2, "Check", None)
    opened.close()
    return opened.directory


def test_the_newest_run_is_listed_first(home: Path) -> None:
    for number in (1, 3, 2):
        sealed(home, None, number)
    assert [run.id[-1] for run in records.list_runs()] == ["3", "2", "1"]


def test_there_may_be_no_run(home: Path) -> None:
    assert records.list_runs() == []
    assert records_view.as_table([]) == "There are no runs yet. Start one with: hasivu-play run weekly-db"


def test_the_first_letters_of_a_name_will_do(home: Path) -> None:
    directory = sealed(home, None)
    assert records.load("2026").id == directory.name


@pytest.mark.parametrize("name", ["2025", "", "..", "../runs", "2026/../2026"])
def test_an_unknown_run_is_an_error_of_one_sentence(home: Path, name: str) -> None:
    sealed(home, None)
    with pytest.raises(UsageError, match="There is no record of a run"):
        records.load(name)


def test_letters_that_begin_two_names_are_not_enough(home: Path) -> None:
    sealed(home, None, 1)
    sealed(home, None, 2)
    with pytest.raises(UsageError, match="begins the names of 2 runs"):
        records.load("2026")


def test_a_manifest_that_cannot_be_read_does_not_hide_the_other_runs(home: Path) -> None:
    (sealed(home, None, 1) / "manifest.json").write_text("{")
    sealed(home, None, 2)
    assert [run.state for run in records.list_runs()] == ["done", "unreadable"]


def test_a_living_run_is_running_and_is_not_closed(home: Path) -> None:
    opened = begin(home)
    step(opened, 1, "Vacuum", None)
    run = records.load("2026")
    assert run.state == "running"
    assert records.is_running(run)
    assert records.close_interrupted() == []
    opened.close()


def test_a_killed_run_is_closed_as_interrupted_and_verified(home: Path) -> None:
    directory = killed(home)
    assert records.close_interrupted() == [directory.name]
    run = records.load("2026")
    assert (run.state, run.exit_code, run.failed_step, run.changed) == ("interrupted", 4, "Check", 1)
    assert records.verify(run).problems == []
    assert records.close_interrupted() == []


def test_a_torn_last_line_is_kept_aside(home: Path) -> None:
    directory = killed(home)
    with (directory / "record.jsonl").open("ab") as file:
        file.write(b'{"sequence":99,"half')
    records.close_interrupted()
    run = records.load("2026")
    assert run.events[-1]["torn"] == '{"sequence":99,"half'
    assert records.verify(run).problems == []


def test_a_run_that_died_before_its_first_line_was_whole_is_closed_too(home: Path) -> None:
    directory = killed(home)
    (directory / "record.jsonl").write_bytes(b'{"sequence":1,"prev')
    os.utime(directory / "record.jsonl", (time.time() - 90, time.time() - 90))
    records.close_interrupted()
    run = records.load("2026")
    assert (run.state, run.procedure, run.environment) == ("interrupted", "weekly-db", "sandbox")


def test_a_run_that_died_while_it_was_being_sealed_ends_as_it_said(home: Path) -> None:
    key = sandbox_key(home)
    directory = finish(begin(home, key=key, who=of_a_dead_process()), key, state="finding", exit_code=1)
    (directory / "manifest.json").unlink()
    records.close_interrupted()
    assert records.load("2026").state == "finding"
    assert records.verify(records.load("2026")).problems == []


@pytest.mark.parametrize(("boot", "closed"), [("same", False), ("other", True)])
def test_a_process_id_counts_only_until_the_machine_starts_again(home: Path, boot: str, closed: bool) -> None:
    who = record_origin.who()
    begin(home, who={**who, "boot_id": who["boot_id"] if boot == "same" else "other"}).close()
    assert bool(records.close_interrupted()) is closed


def test_a_process_that_took_over_the_number_is_not_the_run(home: Path) -> None:
    begin(home, who={**record_origin.who(), "process_start": "1"}).close()
    assert records.close_interrupted()


@pytest.mark.parametrize(("minutes_ago", "closed"), [(60, False), (125, True)])
def test_a_run_of_another_machine_is_closed_an_hour_after_its_longest_time(
    home: Path, minutes_ago: int, closed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = {**record_origin.who(), "host": "elsewhere"}
    opened = begin(home, who=who, abort_after_minutes=60)
    opened.close()
    path = opened.directory / "record.jsonl"
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - minutes_ago * 60))
    fields = records.load("2026").events[0]
    path.write_text(path.read_text().replace(fields["at"], moment))
    assert bool(records.close_interrupted()) is closed


def test_steps_are_paired_and_a_failure_that_was_made_good_is_rescued(home: Path) -> None:
    opened = begin(home)
    step(opened, 1, "Fail", "failed", message="No.", stop="resumable")
    step(opened, 2, "Mend")
    finish(opened, None, rescued=[1])
    steps = records.load("2026").steps
    assert [(one.name, one.outcome) for one in steps] == [("Fail", "rescued"), ("Mend", "ok")]


def test_the_timeline_shows_both_times_and_what_failed(home: Path) -> None:
    opened = begin(home, ticket="OPS-7", break_glass="city is hungry")
    step(opened, 1, "Vacuum the tables in need", "failed", message="orders is locked", stop="locked")
    finish(
        opened, None, state="locked", exit_code=6, failed_step="Vacuum the tables in need", message="orders is locked"
    )
    text = records_view.as_timeline(records.load("2026"))
    for words in ("UTC", "IST", "FAILED", "BREAK GLASS: city is hungry", "OPS-7", "orders is locked", "exit 6"):
        assert words in text


def test_details_are_plain_json(home: Path) -> None:
    sealed(home, None)
    found = json.loads(json.dumps(records_view.details(records.load("2026"))))
    assert found["steps"][0]["name"] == "Step 1"


def test_two_thousand_runs_are_listed_without_reading_their_records(home: Path) -> None:
    directory = sealed(home, None, steps=3)
    manifest = (directory / "manifest.json").read_bytes()
    for number in range(1, 2000):
        other = directory.with_name(f"{directory.name[:-4]}{number:04x}")
        other.mkdir()
        (other / "manifest.json").write_bytes(manifest)
        (other / "record.jsonl").touch()
    began = time.process_time()
    assert len(records.list_runs()) == 2000
    assert len(records_view.as_table(records.list_runs(limit=50)).splitlines()) == 51
    assert time.process_time() - began < 1.0
