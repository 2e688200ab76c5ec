"""A real run leaves the same record under every launcher, whatever happens to it."""

from __future__ import annotations

import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import ansible_runner
import pytest
from support.killing import descendants, kill_all, kill_tree, wait_for
from support.small_disk import OWN_MOUNTS, needs_small_disk
from support.tiny_project import SECRET, Project, write_project

from hasivu_play import records


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    written = write_project(tmp_path)
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(written.home))
    return written


def assert_verified(project: Project) -> None:
    """Check the newest record as an auditor would."""
    assert records.verify(records.load(project.folders()[-1].name)).problems == []


@pytest.mark.parametrize(
    ("mode", "state", "exit_code", "failed_step", "message"),
    [
        ("well", "done", 0, None, None),
        ("rescued", "done", 0, None, None),
        ("refused", "refused", 3, "Refuse the mode refused", "Not now."),
        ("finding", "finding", 1, "Check the finding", "Found."),
        ("wrong", "stopped", 4, "Fail without a class", "It went wrong."),
    ],
)
def test_the_first_failure_decides(
    project: Project, mode: str, state: str, exit_code: int, failed_step: str | None, message: str | None
) -> None:
    project.play("-e", f"mode={mode}")
    manifest = project.manifest()
    assert (manifest["state"], manifest["exit_code"]) == (state, exit_code)
    assert (manifest["failed_step"], manifest["message"]) == (failed_step, message)
    assert_verified(project)


def test_a_record_says_who_what_and_how(project: Project) -> None:
    project.play("-e", "mode=well", "-e", "change_ticket=OPS-7", "-e", "break_glass=hungry", "-e", "stranger=secret1")
    started, *events = project.events()
    assert started["who"]["host"]
    assert started["inputs"] == {"mode": "well"}
    assert started["other_variables"] == ["stranger"]
    assert started["ticket"] == "OPS-7"
    assert started["secrets_not_looked_up"] == ["out_of_reach"]
    assert events[0]["message"] == "BREAK GLASS: hungry"
    assert "secret1" not in str(project.events())


def test_steps_are_named_placed_and_counted(project: Project) -> None:
    project.play("-e", "mode=well")
    steps = {step.name: step for step in records.load(project.folders()[-1].name).steps}
    assert steps["Refuse without a record"].guard
    assert not steps["Check the finding"].guard
    assert steps["Speak in a role"].role == "speak"
    assert steps["Speak in a role"].inside == steps["Call a role"].number
    assert steps["Speak in a role"].outcome == "changed"
    assert (steps["Call a role"].where or "").startswith("playbooks/tiny.yml:")
    assert steps["Go through a loop"].items == {"ok": 2}
    assert steps["Fail softly"].outcome == "skipped"
    assert steps["Fail and be ignored"].outcome == "ignored"
    assert "Say True" in steps
    assert project.manifest()["changed"] == 1


def test_no_secret_is_in_any_file(project: Project) -> None:
    project.play("-e", "mode=well")
    for path in project.folders()[-1].iterdir():
        content = path.read_text()
        assert SECRET not in content
        assert "hunter2" not in content


def test_a_rehearsal_is_marked_and_a_listing_leaves_nothing(project: Project) -> None:
    project.play("-e", "mode=well", "--list-tasks")
    assert project.folders() == []
    project.play("-e", "mode=well", "--check")
    assert project.manifest()["check"] is True


def test_every_host_has_its_own_outcome(project: Project) -> None:
    project.play("-e", "mode=well", "-e", "hosts=one,two")
    steps = [step for step in records.load(project.folders()[-1].name).steps if step.name == "Call a role"]
    assert {step.host for step in steps} == {"one", "two"}


def test_a_play_without_a_host_is_not_done(project: Project) -> None:
    project.play("-e", "mode=well", "-e", "hosts=nobody")
    assert (project.manifest()["state"], project.manifest()["exit_code"]) == ("bad_input", 2)


def test_a_playbook_without_a_header_leaves_no_record(project: Project) -> None:
    path = project.root / "playbooks" / "tiny.yml"
    path.write_text("- name: Do nothing\n  hosts: one\n  gather_facts: false\n")
    project.play()
    assert project.folders() == []


def test_without_a_record_the_guard_refuses(project: Project) -> None:
    (project.home / "runs").write_text("in the way")
    played = project.play("-e", "mode=well")
    assert played.returncode != 0
    assert "cannot be written: File exists" in played.stdout
    assert "Call a role" not in played.stdout


@pytest.mark.parametrize("name", ["hasivu_run_id", "hasivu_resumes"])
def test_a_run_id_cannot_lead_elsewhere(project: Project, name: str) -> None:
    played = project.play("-e", "mode=well", "-e", f"{name}=../../elsewhere")
    assert "is not the id of a run" in played.stdout
    assert project.folders() == []


def test_a_resumed_run_keeps_its_window(project: Project) -> None:
    project.play("-e", "mode=wrong")
    first = project.events()[0]
    time.sleep(1)
    project.play("-e", "mode=well", "-e", f"hasivu_resumes={first['run']}")
    assert project.events()[0]["window_started"] == first["window_started"]
    assert project.manifest()["resumes"] == first["run"]
    assert (first["origin"], project.manifest()["origin"]) == (first["run"], first["run"])


def test_the_way_back_has_a_budget_of_its_own_and_the_same_origin(project: Project) -> None:
    project.play("-e", "mode=well")
    first = project.events()[0]
    time.sleep(1)
    back = project.play("-e", "mode=well", "-e", f"hasivu_resumes={first['run']}", "-e", "hasivu_direction=back")
    assert back.returncode == 0, back.stdout
    begun = project.events()[0]
    assert (begun["origin"], begun["direction"]) == (first["run"], "back")
    assert begun["window_started"] > first["window_started"]


def test_there_is_no_way_back_from_nowhere(project: Project) -> None:
    played = project.play("-e", "mode=well", "-e", "hasivu_direction=back")
    assert "hasivu_direction must be forward" in played.stdout
    assert project.folders() == []


def command_of(pid: int) -> bytes:
    """Return the command line of a process, empty when it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def wait_to_kill(process: subprocess.Popen[bytes]) -> list[int]:
    """Wait until the step that is to be killed does its work, and return all that runs.

    A signal that meets ansible-core while it forks a worker is lost: Python ignores what its hooks around a fork raise.
    """

    def look() -> list[int]:
        running = descendants(process.pid)
        return running if any(command_of(one) == b"sleep\x0060\x00" for one in running) else []

    found: list[int] = wait_for(look)
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_run_ends_as_interrupted(project: Project, number: signal.Signals) -> None:
    command = project.command("-e", "mode=killed")
    process = subprocess.Popen(
        command, cwd=project.root, env=project.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    workers = wait_to_kill(process)
    process.send_signal(number)
    process.wait(120)
    kill_all(workers)
    records.close_interrupted()
    run = records.load(project.folders()[-1].name)
    assert (run.state, run.exit_code, run.failed_step) == ("interrupted", 4, "Wait to be killed")
    assert_verified(project)


def test_the_next_bare_run_closes_the_one_that_was_killed(project: Project) -> None:
    process = subprocess.Popen(
        project.command("-e", "mode=killed"),
        cwd=project.root,
        env=project.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_to_kill(process)
    kill_tree(process.pid)
    process.wait(120)
    project.play("-e", "mode=well")
    assert [run.state for run in records.list_runs()] == ["done", "interrupted"]


def test_ansible_runner_leaves_the_same_record(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    ansible_runner.run(
        private_data_dir=str(tmp_path_factory.mktemp("private")),
        project_dir=str(project.root),
        playbook="playbooks/tiny.yml",
        inventory=str(project.root / "inventory" / "sandbox"),
        extravars={
            "mode": "finding",
            "hasivu_launcher": "a test",
            "hasivu_run_id": "20261101T203000Z-tiny-sandbox-0a1b",
        },
        envvars=project.environment(),
        quiet=True,
    )
    assert project.folders()[-1].name == "20261101T203000Z-tiny-sandbox-0a1b"
    assert (project.manifest()["state"], project.manifest()["launcher"]) == ("finding", "a test")
    assert_verified(project)


@needs_small_disk
def test_a_full_disk_stops_the_run_with_a_record_that_ends(project: Project) -> None:
    runs = project.home / "runs"
    runs.mkdir()
    script = 'mount -t tmpfs -o size=200k tmpfs "$1" && shift && "$@"; cp -r "$0" "$0.kept"'
    subprocess.run(
        [
            *OWN_MOUNTS,
            "sh",
            "-c",
            script,
            runs,
            runs,
            *project.command("-e", "mode=full"),
        ],
        cwd=project.root,
        env=project.environment(),
        capture_output=True,
        check=False,
    )
    runs.rmdir()
    runs.with_name("runs.kept").rename(runs)
    assert "record_disk_full" in [event["event"] for event in project.events()]
    assert (project.manifest()["state"], project.manifest()["exit_code"]) == ("stopped", 4)
    assert "No space left on device" in project.manifest()["message"]
    assert_verified(project)
