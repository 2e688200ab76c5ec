"""Rehearsals of a whole project: each procedure in a process of its own, and one answer for all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.killing import descendants, wait_for

DATA = Path(__file__).parent / "data" / "project"
REHEARSAL = """
      rehearsal: {chipped: true}
"""


class Kitchen:
    """A project of a few procedures, and a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.home, self.root = folder / "home", folder / "project"
        shutil.copytree(DATA, self.root)

    def add(self, name: str, *changes: tuple[str, str]) -> None:
        """Add a procedure that is that of the plates, but for some words."""
        text = (DATA / "playbooks" / "wash-up.yml").read_text().replace("id: wash-up", f"id: {name}")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        (self.root / "playbooks" / f"{name}.yml").write_text(text)

    def rehearse(self, *arguments: str) -> subprocess.Popen[str]:
        """Start to rehearse."""
        launch = (
            "from pathlib import Path\nfrom hasivu_play.cli import main\nfrom hasivu_play.project import Project\n"
            f"main(obj=Project(Path({str(self.root)!r})), prog_name='hasivu-play')"
        )
        return subprocess.Popen(
            [sys.executable, "-c", launch, "rehearse", "--env", "staging", *arguments],
            env={**os.environ, "HASIVU_PLAY_HOME": str(self.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def kitchen(tmp_path: Path) -> Kitchen:
    return Kitchen(tmp_path)


def test_each_procedure_is_rehearsed_and_what_is_not_well_ends_with_1(kitchen: Kitchen, tmp_path: Path) -> None:
    kitchen.add("look-at-plates", ("      controls:", REHEARSAL.strip("\n") + "\n      controls:"))
    kitchen.add("boil-rice", ("type: bool, default: false, desc", "type: bool, required: true, desc"))
    kitchen.add("dry-up", ("when: hasivu_run.direction == 'forward'", "when: not ansible_check_mode"))
    process = kitchen.rehearse("--json", "--junit", str(tmp_path / "junit.xml"), "--workers", "2")
    printed, said = process.communicate(timeout=180)
    assert process.returncode == 1, said
    assert said.splitlines()[0] == "Rehearsing 5 procedures"
    assert "wash-up: done in" in said
    found = {one["procedure"]: one for one in json.loads(printed)}
    assert {name: one["state"] for name, one in found.items()} == {
        "boil-rice": "bad_input",
        "broken-steps": "bad_input",
        "dry-up": "done",
        "look-at-plates": "finding",
        "wash-up": "done",
    }
    assert "`rehearsal:` in the header" in found["boil-rice"]["message"]
    assert found["wash-up"]["would_change"] == ["Wipe the plates"]
    assert found["dry-up"]["not_covered"] == ["Wipe the plates: left out of a rehearsal."]
    cases = ElementTree.parse(tmp_path / "junit.xml").getroot().iter("testcase")
    assert {case.get("name") for case in cases if case.find("failure") is not None} == {
        "boil-rice",
        "broken-steps",
        "look-at-plates",
    }
    checks = [json.loads(file.read_text())["check"] for file in kitchen.home.glob("runs/*/manifest.json")]
    assert checks == [True] * 3
    assert list((kitchen.home / "private").iterdir()) == []


def test_findings_may_be_allowed_and_are_shown_in_a_table(kitchen: Kitchen) -> None:
    kitchen.add("look-at-plates", ("      controls:", REHEARSAL.strip("\n") + "\n      controls:"))
    process = kitchen.rehearse("--allow-findings", "--markdown", "look-at-plates")
    printed, said = process.communicate(timeout=180)
    assert process.returncode == 0, said
    row = next(line for line in printed.splitlines() if "`look-at-plates`" in line)
    assert row.split(" | ")[1] == "finding"
    assert "A plate is chipped" in row


def test_an_interrupt_ends_every_rehearsal_and_closes_its_record(kitchen: Kitchen) -> None:
    kitchen.add("soak", ("when: soak | default('no') == 'briefly'", "check_mode: false"))
    process = kitchen.rehearse("soak", "wash-up", "--workers", "1")
    records = kitchen.home / "runs"
    wait_for(lambda: any("Soak the plates whatever" in file.read_text() for file in records.glob("*/record.jsonl")))
    children = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=180)
    assert process.returncode == 4, said
    assert "stopped" in said
    wait_for(lambda: not any(Path(f"/proc/{child}/cmdline").exists() for child in children))
    (manifest,) = records.glob("*/manifest.json")
    assert json.loads(manifest.read_text())["state"] == "interrupted"
