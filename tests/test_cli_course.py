"""A real run along a course: phases, clock and the point of no return, told in time to stop before it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hasivu_play.course_planning import plan_of
from hasivu_play.header import read_header
from hasivu_play.project import Project
from hasivu_play.run import Request

DATA = Path(__file__).parent / "data" / "project"
COLLECTIONS = Path(__file__).parents[1] / "collections"
STAND, SERVE = "Let the rice stand until somebody is hungry", "Serve the rice"
PLAYBOOK = f"""
- name: Boil rice for everybody
  hosts: all
  gather_facts: false
  vars:
    runbook:
      id: boil-rice
      title: Boil rice
      purpose: Rice for everybody, so that nobody is hungry.
      source: HASIVU Operations Manual 1.0, Kitchen, 2. Rice
      owner: Operations Team <ops@hasivu.edu.in>
      schedule: {{on_demand: true}}
      expected_minutes: 1
      abort_after_minutes: 2
      risk: safe
      impact: The stove is taken.
      rollback: None is needed, for rice that is served is eaten.
      inputs:
        t0: {{type: str, description: When people got hungry.}}
        target_s: {{type: int, default: 1, description: How long they can wait.}}
      phases:
        - {{name: Cook, begins: Wash the rice}}
        - {{name: Eat, begins: {SERVE}}}
      point_of_no_return: {SERVE}
      rto_clock: {{from: t0, target: target_s, until: {SERVE}}}
      controls: []
      departures: []
      resources: [stove/kitchen]
  tasks:
    - name: Wash the rice
      ansible.builtin.debug: {{msg: Washed.}}
    - name: {STAND}
      ansible.builtin.shell: while [ ! -e "$STOP" ] && [ ! -e "$HUNGRY" ]; do sleep 0.1; done
      environment:
        STOP: "{{{{ hasivu_run.stop_file }}}}"
        HUNGRY: "{{{{ hasivu_run.directory | dirname | dirname }}}}/hungry"
      changed_when: false
    - name: {SERVE}
      hasivu.ops.run_report:
        directory: "{{{{ hasivu_run.directory }}}}"
        title: Served
    - name: Wash up
      ansible.builtin.debug: {{msg: Clean.}}
"""


class Kitchen:
    """A project with one playbook more, and a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.root = folder / "project"
        shutil.copytree(DATA, self.root)
        (self.root / "playbooks" / "boil-rice.yml").write_text(PLAYBOOK)
        settings = (self.root / "ansible.cfg").read_text()
        if "collections_path" not in settings:
            (self.root / "ansible.cfg").write_text(settings + f"\ncollections_path = {COLLECTIONS}\n")

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a run."""
        launch = (
            "from pathlib import Path\nfrom hasivu_play.cli import main\nfrom hasivu_play.project import Project\n"
            f"main(obj=Project(Path({str(self.root)!r})), prog_name='hasivu-play')"
        )
        return subprocess.Popen(
            [sys.executable, "-c", launch, "run", "boil-rice", "--env", "staging", "--json", *arguments],
            env={**os.environ, "HASIVU_PLAY_HOME": str(self.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def get_hungry(self) -> None:
        """Let the run go on."""
        self.home.mkdir(exist_ok=True)
        (self.home / "hungry").touch()


@pytest.fixture
def kitchen(tmp_path: Path) -> Kitchen:
    return Kitchen(tmp_path)


def ended(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what a run printed at its end."""
    printed, said = process.communicate(timeout=180)
    try:
        result: dict[str, Any] = json.loads(printed)
    except ValueError:
        raise AssertionError(printed + said) from None
    return result


def test_a_run_tells_its_phases_clock_and_point_of_no_return_in_order(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    kitchen.get_hungry()
    result = ended(kitchen.start("-e", "t0=2026-11-01T05:40:00Z"))
    assert result["state"] == "done", result
    told = [notice["event"] for notice in result["notices"]]
    expected = ["rto_clock", "phase", "point_of_no_return_ahead", "phase", "point_of_no_return_crossed"]
    assert told == expected
    assert result["notices"][0]["text"].endswith("of 1.0 s: missed.")
    record = Path(result["record"])
    started = next(
        event["at"]
        for event in map(json.loads, (record / "record.jsonl").read_text().splitlines())
        if event["event"] == "step_started" and event["name"] == SERVE
    )
    assert result["notices"][2]["at"] < started
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(kitchen.home))
    playbook = kitchen.root / "playbooks" / "boil-rice.yml"
    plan = plan_of(Project(kitchen.root), read_header(playbook), Request("boil-rice", "staging"))
    assert plan is not None
    assert all(0 < (phase.seconds or 0) < result["seconds"] for phase in plan.phases)
    again = ended(kitchen.start("-e", "target_s=3600"))
    first = again["notices"][0]["text"]
    assert "Phase 1 of 2: Cook; next: Eat. RTO clock" in first
    assert "of 1 h 0 min: on time" in first


def test_ctrl_c_at_the_announcement_stops_before_what_cannot_be_taken_back(kitchen: Kitchen) -> None:
    process = kitchen.start()
    assert process.stderr is not None
    for line in process.stderr:
        if "cannot be taken back" in line:
            break
    process.send_signal(signal.SIGINT)
    result = ended(process)
    assert (result["state"], result["exit_code"], result["failed_step"]) == ("stopped", 4, SERVE)
    assert "point_of_no_return_crossed" not in [notice["event"] for notice in result["notices"]]
    assert not (Path(result["record"]) / "report.json").exists()
