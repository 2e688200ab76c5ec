"""Records compared, searched and taken elsewhere."""

from __future__ import annotations

import tarfile
import time
from pathlib import Path

import pytest
from support.recording import RUN, begin, finish, sandbox_key, sealed, step

from hasivu_play import records
from hasivu_play.errors import LockedError, UsageError
from hasivu_play.records_diff import compare
from hasivu_play.records_export import export
from hasivu_play.records_search import Wanted, search


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path))
    return tmp_path


def run(home: Path, number: int, dead: int, *more: str, **fields: object) -> records.Run:
    """Write a run that met some dead rows, and further steps."""
    opened = begin(home, number, inputs={"budget_min": 30 + number}, **fields)
    step(opened, 1, "Vacuum", "changed", diff={"before": f"{dead} dead rows", "after": "0 dead rows"})
    for count, name in enumerate(more, 2):
        step(opened, count, name)
    return records.load(finish(opened, None).name)


def test_two_runs_are_compared_step_by_step(home: Path) -> None:
    found = compare(run(home, 1, 100, "Check", "Check"), run(home, 2, 250, "Check", "Report"))
    assert found.given == ["The input budget_min is 32, and was 31."]
    told = [(pair.name, pair.difference) for pair in found.pairs]
    assert told == [
        ("Vacuum", "- before: 100 dead rows / + before: 250 dead rows"),
        ("Check", ""),
        ("Check", "only in the first"),
        ("Report", "only in the second"),
    ]
    assert "0.1 s" in found.as_text()
    assert found.as_dictionary()["steps"][2]["second"] is None


def test_runs_of_two_procedures_are_not_compared(home: Path) -> None:
    with pytest.raises(UsageError, match="Name two of one"):
        compare(run(home, 1, 1), run(home, 2, 1, procedure="rotate-db"))


def test_an_archive_verifies_where_it_is_unpacked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = sandbox_key(home)
    name = sealed(home, key).name
    path = home / "for-the-auditor.tar.gz"
    export([records.load(name)], path)
    elsewhere = home / "elsewhere"
    with tarfile.open(path) as archive:
        assert {entry.uname for entry in archive.getmembers()} == {""}
        archive.extractall(elsewhere / "runs", filter="data")
    (home / "sandbox").rename(elsewhere / "sandbox")
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(elsewhere))
    assert records.verify(records.load(name)).problems == []
    with pytest.raises(UsageError, match="exists already"):
        export([records.load(name)], path)


def test_a_run_that_still_runs_is_not_exported(home: Path) -> None:
    opened = begin(home)
    with pytest.raises(LockedError, match="still runs"):
        export([records.load("2026")], home / "early.tar.gz")
    opened.close()


def test_ten_thousand_runs_are_searched_without_reading_them_all(home: Path) -> None:
    directory = sealed(home, None, steps=3)
    manifest = (directory / "manifest.json").read_bytes()
    for number in range(1, 10_000):
        other = directory.with_name(RUN.format(number))
        other.mkdir()
        (other / "manifest.json").write_bytes(manifest)
        (other / "record.jsonl").touch()
    began = time.process_time()
    assert len(search(Wanted(procedure="weekly-db", environment="sandbox", state="done"), 50)) == 50
    assert search(Wanted(procedure="rotate-db"), None) == []
    assert search(Wanted(since="2026-11-02"), None) == []
    assert len(search(Wanted(since="2026-11-01"), 3)) == 3
    assert time.process_time() - began < 2.0
