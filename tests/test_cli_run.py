"""Real runs of a small playbook through the real driver, seen from outside."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent / "data" / "project"
LAUNCH = (
    "from pathlib import Path\nfrom hasivu_play.cli import main\nfrom hasivu_play.project import Project\n"
    f"main(obj=Project(Path({str(ROOT)!r})), prog_name='hasivu-play')"
)
RUN = ("run", "wash-up", "--env", "staging")


class Driver:
    """Starts `hasivu-play` with a state folder of its own."""

    def __init__(self, home):
        self.home = home
        self.environment = {**os.environ, "HASIVU_PLAY_HOME": str(home)}

    def __call__(self, *arguments):
        return subprocess.run(
            self.command(arguments), env=self.environment, capture_output=True, text=True, timeout=300
        )

    def start(self, *arguments, **options):
        return subprocess.Popen(self.command(arguments), env=self.environment, text=True, **options)

    def command(self, arguments):
        return [sys.executable, "-c", LAUNCH, *arguments]

    def wait_for_step(self, name):
        for _ in range(300):
            records = [path.read_text() for path in self.home.glob("runs/*/record.jsonl")]
            if any('"step_started"' in line and name in line for record in records for line in record.splitlines()):
                return
            time.sleep(0.1)
        raise AssertionError(f"{name} never began")


@pytest.fixture
def play(tmp_path):
    return Driver(tmp_path / "home")


def test_a_run_prints_a_line_for_each_step_and_leaves_a_record(play):
    done = play(*RUN, "-e", "degrees=60")
    assert done.returncode == 0, done.stderr
    steps = [line.split("  ")[-1] for line in done.stdout.splitlines()[:6]]
    assert steps[0] == "Refuse to start with cold water"
    assert "changed" in next(line for line in done.stdout.splitlines() if "Wipe the plates" in line)
    assert "Wash up: done in" in done.stdout
    assert list(play.home.glob("runs/*/manifest.json"))
    assert not list(play.home.glob("private/*"))
    assert "60" in next(play.home.glob("runs/*/record.jsonl")).read_text()


def test_json_is_one_object_and_nothing_else(play):
    done = play(*RUN, "--json", "--check", "--ticket", "OPS-1")
    result = json.loads(done.stdout)
    assert (result["state"], result["exit_code"], done.returncode) == ("done", 0, 0)
    assert Path(result["record"]).is_dir()
    shown = json.loads(play("runs", "show", result["run"], "--json").stdout)
    assert (shown["check"], shown["ticket"]) == (True, "OPS-1")
    assert shown["launcher"].startswith("hasivu-play ")


def test_a_guard_that_refuses_ends_with_3(play):
    done = play(*RUN, "--json", "-e", "degrees=20")
    result = json.loads(done.stdout)
    assert (result["state"], done.returncode) == ("refused", 3)
    assert result["message"] == "The water has 20 degrees. Heat it, then run again."


def test_a_check_that_fails_ends_with_1_and_still_empties_the_sink(play):
    done = play(*RUN, "-e", "chipped=true")
    assert done.returncode == 1
    assert "A plate is chipped. Throw it away." in done.stdout
    assert "Empty the sink" in done.stdout
    assert "hasivu-play runs show" in done.stdout.splitlines()[-1]


def test_a_playbook_that_ansible_cannot_read_ends_with_2_and_one_sentence(play):
    done = play("run", "broken-steps", "--env", "staging", "--json")
    assert done.returncode == 2
    result = json.loads(done.stdout)
    assert "hasivu.ops.nobody_wrote_this" in result["message"]
    assert "Traceback" not in done.stdout + done.stderr


def test_ctrl_c_asks_and_the_run_ends_at_its_safe_point(play):
    process = play.start(*RUN, "-e", "soak=until_stopped", stdout=subprocess.PIPE)
    play.wait_for_step("Soak the plates until somebody says stop")
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=180)[0]
    assert "Stopping at the next safe point, press Ctrl-C again to stop now." in output
    assert "Empty the sink" in output
    assert process.returncode == 4
    assert "hasivu-play resume" in output.splitlines()[-1]


def test_ctrl_c_twice_stops_now_and_closes_the_record(play):
    process = play.start(*RUN, "--json", "-e", "soak=briefly", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    play.wait_for_step("Soak the plates whatever anybody says")
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    result = json.loads(process.communicate(timeout=180)[0])
    assert (result["state"], process.returncode) == ("interrupted", 4)
    assert not list(play.home.glob("private/*"))
    assert str(play.home) not in processes()


def processes():
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return b"\n".join(lines).decode(errors="replace").replace("\0", " ")


def test_an_interrupted_run_is_resumed_with_its_inputs_and_a_finished_one_is_not(play):
    process = play.start(*RUN, "--json", "-e", "soak=until_stopped", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    play.wait_for_step("Soak the plates until somebody says stop")
    process.send_signal(signal.SIGTERM)
    stopped = json.loads(process.communicate(timeout=180)[0])["run"]
    again = play.start("resume", stopped, "--json", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for _ in range(300):
        listed = json.loads(play("runs", "list", "--json").stdout)
        if len(listed) == 2:
            break
    assert listed[0]["resumes"] == stopped
    assert listed[0]["inputs"]["soak"] == "until_stopped"
    assert play("resume", listed[0]["id"]).returncode == 6
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=180)
    finished = json.loads(play(*RUN, "--json").stdout)["run"]
    refused = play("resume", finished)
    assert refused.returncode == 3
    assert "nothing is left to resume" in refused.stderr


def test_a_run_is_rolled_back_once_and_a_rehearsal_is_not(play):
    run = json.loads(play(*RUN, "--json", "-e", "degrees=60").stdout)["run"]
    back = json.loads(play("rollback", run, "--json").stdout)
    assert (back["state"], back["changed"]) == ("done", 1)
    shown = json.loads(play("runs", "show", back["run"], "--json").stdout)
    assert (shown["direction"], shown["resumes"], shown["inputs"]["degrees"]) == ("back", run, 60)
    outcomes = {step["name"]: step["outcome"] for step in shown["steps"]}
    assert outcomes["Make the plates dirty again"] == "changed"
    assert outcomes["Wipe the plates"] == "skipped"
    rehearsed = json.loads(play(*RUN, "--json", "--check").stdout)["run"]
    refused = play("rollback", rehearsed)
    assert refused.returncode == 3
    assert "was a rehearsal" in refused.stderr


def test_a_terminal_shows_the_step_and_the_progress_of_its_module(play):
    parent, child = pty.openpty()
    environment = {**play.environment, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    command = play.command([*RUN, "-e", "soak=until_stopped"])
    process = subprocess.Popen(command, env=environment, stdin=child, stdout=child, stderr=child, close_fds=True)
    os.close(child)
    shown = read_until(parent, b"Soaking plate 3")
    process.send_signal(signal.SIGINT)
    shown = plain((shown + read_until(parent)).decode())
    assert process.wait(timeout=180) == 4
    assert "3 of 12" in shown
    assert "of about 1 min" in shown
    assert "✓ Refuse to start with cold water" in shown


def read_until(descriptor, wanted=None):
    """Return what a terminal shows until something is seen, or until its program has ended."""
    content = b""
    while wanted is None or wanted not in content:
        try:
            content += os.read(descriptor, 65536)
        except OSError:
            break
    assert wanted is None or wanted in content, content
    return content


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
