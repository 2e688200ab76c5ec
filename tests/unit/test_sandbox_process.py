"""Processes of the sandbox are recognised and ended by pid and start time, never by name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hasivu_play.sandbox import process as processes
from hasivu_play.sandbox.waiting import wait_until

SLEEP = [sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)",
]


def started(command: list[str], log: Path) -> processes.Process:
    process = processes.start(command, log, 0)
    assert wait_until(lambda: log.read_text() == "ready\n", 10)
    return process


def test_a_started_process_leads_its_own_session_and_is_remembered(tmp_path: Path) -> None:
    process = started(SLEEP, tmp_path / "server.log")
    processes.remember(process, tmp_path / "process.json")
    assert processes.recall(tmp_path / "process.json") == process
    assert os.getsid(process.pid) == process.pid
    assert process.alive()
    process.stop(signal.SIGTERM, 5)
    assert not process.alive()


def test_a_process_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    process = started(STUBBORN, tmp_path / "server.log")
    process.stop(signal.SIGTERM, 0.2)
    assert not process.alive()


def test_a_stranger_with_the_same_pid_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL) as stranger:
        ours = processes.Process(stranger.pid, processes.start_time(stranger.pid) or "", 0, SLEEP)
        earlier = replace(ours, started="1")
        assert not earlier.alive()
        earlier.stop(signal.SIGKILL, 0.1)
        assert stranger.poll() is None
        stranger.kill()


def test_secrets_of_the_operator_do_not_reach_the_environment_of_a_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-operator")
    process = started(SLEEP, tmp_path / "server.log")
    environment = Path(f"/proc/{process.pid}/environ").read_bytes()
    process.stop(signal.SIGTERM, 5)
    assert b"PATH=" in environment
    assert b"of-the-operator" not in environment


def test_the_tail_of_a_log_is_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    assert processes.log_tail(log) == "(no output)"
    log.write_text("".join(f"line {number}\n" for number in range(9)))
    assert processes.log_tail(log, 2) == "line 7\nline 8"
