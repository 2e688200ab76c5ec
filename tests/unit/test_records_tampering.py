"""Whatever is done to a sealed record, `verify` sees it and names the first line that was touched."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import record_line, record_seal
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from support.recording import make_key, sandbox_key, sealed

from hasivu_play.records import Verification, load, verify

Lines = list[bytes]
Edit = tuple[str, int, int]

EDITS = st.tuples(
    st.sampled_from(["alter", "drop", "swap", "repeat", "truncate", "cut", "insert", "blank"]),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)


def edited(lines: Lines, edit: Edit) -> Lines:
    """Return the lines after one edit, whose numbers are taken modulo what there is."""
    kind, first, second = edit
    lines = list(lines)
    if not lines:
        return lines
    here, there = first % len(lines), second % len(lines)
    if kind == "alter":
        at = second % len(lines[here])
        lines[here] = lines[here][:at] + bytes([(lines[here][at] + 1 + first % 254) % 256]) + lines[here][at + 1 :]
    elif kind == "drop":
        del lines[here]
    elif kind == "swap":
        lines[here], lines[there] = lines[there], lines[here]
    elif kind == "repeat":
        lines.insert(there, lines[here])
    elif kind == "truncate":
        del lines[here:]
    elif kind == "cut":
        lines = [*lines[:here], lines[here][: second % len(lines[here])]]
    elif kind == "insert":
        lines.insert(here, b'{"event":"step_finished"}\n')
    elif kind == "blank":
        lines.insert(here, b"\n")
    return split(b"".join(lines))


def first_difference(before: bytes, after: bytes) -> int:
    """Return the number of the first line that is not as it was."""
    pairs = zip_longest(split(before), split(after))
    return next(number for number, (old, new) in enumerate(pairs, 1) if old != new)


def split(content: bytes) -> Lines:
    """Return lines that end in a newline and in nothing else."""
    return [line for line in re.split(rb"(?<=\n)", content) if line]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def record_of(home: Path) -> Callable[[], Path]:
    """Return a maker of fresh copies of one sealed record."""
    directory = sealed(home, sandbox_key(home))
    kept = home / "kept"
    shutil.copytree(directory, kept)

    def fresh() -> Path:
        shutil.rmtree(directory)
        shutil.copytree(kept, directory)
        return directory

    return fresh


def verified(directory: Path) -> Verification:
    return verify(load(directory.name))


def test_an_untouched_record_is_verified(record_of: Callable[[], Path]) -> None:
    assert verified(record_of()).problems == []


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDITS, min_size=1, max_size=4))
def test_any_edit_of_any_line_is_detected_and_the_first_touched_line_is_named(
    record_of: Callable[[], Path], edits: list[Edit]
) -> None:
    directory = record_of()
    path = directory / "record.jsonl"
    before = path.read_bytes()
    lines = split(before)
    for edit in edits:
        lines = edited(lines, edit)
    after = b"".join(lines)
    assume(after != before)
    path.write_bytes(after)
    problems = verified(directory).problems
    assert re.search(rf"[Ll]ines? {first_difference(before, after)}\b", problems[0]), problems


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edit=EDITS)
def test_without_its_seal_a_record_still_shows_every_edit_before_its_last_line(
    record_of: Callable[[], Path], edit: Edit
) -> None:
    directory = record_of()
    for name in ("manifest.json", "manifest.json.sig", "record.sha256"):
        (directory / name).unlink()
    lines = split((directory / "record.jsonl").read_bytes())
    after = [*edited(lines[:-1], edit), lines[-1]]
    assume(b"".join(after) != b"".join(lines))
    (directory / "record.jsonl").write_bytes(b"".join(after))
    assert len(verified(directory).problems) == 2


@pytest.mark.parametrize("name", ["manifest.json", "manifest.json.sig", "record.sha256"])
def test_a_removed_file_is_named(record_of: Callable[[], Path], name: str) -> None:
    directory = record_of()
    content = (directory / name).read_bytes()
    (directory / name).unlink()
    assert name in " ".join(verified(directory).problems)
    (directory / name).write_bytes(content)
    assert verified(directory).ok


def test_every_changed_byte_of_the_manifest_is_detected(record_of: Callable[[], Path]) -> None:
    directory = record_of()
    content = (directory / "manifest.json").read_bytes()
    for at in range(0, len(content), 7):
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        (directory / "manifest.json").write_bytes(changed)
        assert not verified(directory).ok, changed[at - 20 : at + 20]


def test_a_file_that_came_later_is_named(record_of: Callable[[], Path]) -> None:
    directory = record_of()
    (directory / "later.txt").write_text("x")
    assert verified(directory).problems == ["later.txt was added after the record was sealed."]


def test_a_record_written_anew_and_signed_by_a_stranger_is_refused(
    record_of: Callable[[], Path], tmp_path: Path
) -> None:
    directory = record_of()
    rechain(directory / "record.jsonl", 3, "Step 1", "Step X")
    record_seal.seal(directory, str(make_key(tmp_path / "stranger")))
    problems = verified(directory).problems
    assert len(problems) == 1
    assert "is not known in sandbox" in problems[0]


def test_a_record_chained_anew_under_its_old_seal_names_the_altered_line(record_of: Callable[[], Path]) -> None:
    directory = record_of()
    rechain(directory / "record.jsonl", 3, "Step 1", "Step X")
    assert verified(directory).problems[0] == "Line 3 was altered."


def test_an_unsigned_record_is_no_proof_and_says_why(home: Path) -> None:
    directory = sealed(home, home / "missing")
    assert verified(directory).problems == [
        f"The manifest is not signed: the signing key {home / 'missing'} cannot be read (No such file or directory)."
    ]


def test_the_record_of_one_run_does_not_pass_for_another(record_of: Callable[[], Path]) -> None:
    directory = record_of()
    other = directory.with_name(directory.name[:-4] + "ffff")
    directory.rename(other)
    assert other.name in verified(other).problems[0]
    other.rename(directory)


def rechain(path: Path, number: int, old: str, new: str) -> None:
    """Alter a line, and every hash after it, as somebody would who knows the format."""
    lines = split(path.read_bytes())
    lines[number - 1] = lines[number - 1].replace(old.encode(), new.encode())
    for index in range(number, len(lines)):
        fields = {**json.loads(lines[index]), "previous": record_line.digest(lines[index - 1])}
        lines[index] = record_line.encode(fields)
    path.write_bytes(b"".join(lines))
