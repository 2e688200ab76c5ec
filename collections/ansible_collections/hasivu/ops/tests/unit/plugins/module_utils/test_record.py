# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A record is chained, private, and kept when the disk is full."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import record, record_line
from ansible_collections.hasivu.ops.plugins.module_utils.record_secrets import Masker


@pytest.fixture(autouse=True)
def whole() -> Iterator[None]:
    """Leave no broken record to the next test."""
    yield
    record.mark_whole()


@pytest.fixture
def opened(tmp_path: Path) -> record.Record:
    return record.Record(tmp_path / "runs" / "run", Masker())


def lines_of(opened: record.Record) -> list[bytes]:
    return record_line.read_lines(opened.directory / record.RECORD)


def test_each_line_holds_the_hash_of_the_line_before(opened: record.Record) -> None:
    for number in range(3):
        opened.append("something", number=number)
    lines = lines_of(opened)
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3]
    hashes = [record_line.NOTHING_BEFORE, *map(record_line.digest, lines)]
    assert [json.loads(line)["previous"] for line in lines] == hashes[:3]


def test_both_times_are_the_same_moment(opened: record.Record) -> None:
    opened.append("something")
    fields = json.loads(lines_of(opened)[0])
    assert fields["at"].endswith("Z")
    assert fields["at_ist"].endswith("+05:30")


def test_only_the_owner_can_read_it(opened: record.Record) -> None:
    assert stat.S_IMODE(opened.directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in opened.directory.iterdir()} == {0o600}


def test_a_record_is_never_written_over(opened: record.Record) -> None:
    with pytest.raises(FileExistsError):
        record.Record(opened.directory, Masker())


def test_text_that_is_no_unicode_can_be_recorded(opened: record.Record) -> None:
    opened.append("something", output="\udc80\u2028 é")
    assert json.loads(lines_of(opened)[0])["output"] == "\udc80\u2028 é"


def fill_disk(monkeypatch: pytest.MonkeyPatch, directory: Path, room: int) -> None:
    """Let writing fail as on a disk with so much room beside the reserve."""
    written = os.write

    def limited(file: int, content: bytes) -> int:
        taken = sum(path.stat().st_size for path in directory.iterdir())
        free = room + record.RESERVED_BYTES - taken
        if free <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written(file, content[:free])

    monkeypatch.setattr(os, "write", limited)


def test_a_full_disk_breaks_the_record_aloud_and_lets_it_end(
    opened: record.Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_disk(monkeypatch, opened.directory, room=500)
    opened.append("first")
    assert record.broken() is None
    opened.append("second", result={"big": "x" * 1000}, name="Vacuum")
    assert "No space left on device" in (record.broken() or "")
    opened.append("run_finished", state="stopped")
    events = [json.loads(line) for line in lines_of(opened)]
    assert [event["event"] for event in events] == ["first", "record_disk_full", "second", "run_finished"]
    assert "result" not in events[2]


def test_a_disk_that_stays_full_leaves_whole_lines_only_and_room_for_the_end(
    opened: record.Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_disk(monkeypatch, opened.directory, room=500)
    while not opened.lost:
        opened.append("something", name="x" * 1000)
    assert record.broken()
    opened.append("something")
    opened.free_reserve()
    opened.append("run_finished", state="stopped")
    assert json.loads(lines_of(opened)[-1])["event"] == "run_finished"
