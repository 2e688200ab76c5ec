"""A run is asked to stop first, then ended, then killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.killing import wait_for

from hasivu_play import stop as stop_module
from hasivu_play.stop import Stop


@pytest.fixture
def said():
    return []


@pytest.fixture
def stop(tmp_path, said):
    (tmp_path / "run").mkdir()
    return Stop(tmp_path / "run" / "stop", 60, said.append)


def test_the_first_signal_leaves_a_request(stop, tmp_path, said):
    with stop.listening():
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
    assert (tmp_path / "run" / "stop").read_text() == "the operator pressed Ctrl-C\n"
    assert said == ["Stopping at the next safe point, press Ctrl-C again to stop now."]
    assert not stop.forced


def test_a_request_waits_for_the_folder_of_the_run(tmp_path):
    stop = Stop(tmp_path / "later" / "stop", 60, print)
    stop.request("because")
    (tmp_path / "later").mkdir()
    assert not stop.poll()
    assert (tmp_path / "later" / "stop").read_text() == "because\n"


def test_the_second_signal_ends_what_the_run_started_and_nothing_else(tmp_path, said):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    stop = Stop(tmp_path / "stop", 60, said.append)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with stop.listening():
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)
            assert child.wait(timeout=60) == -signal.SIGTERM
        assert stop.forced
        assert stop.reason == "hasivu-play was told to end"
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_what_ignores_the_end_is_killed_with_its_children(tmp_path, monkeypatch):
    stop = Stop(tmp_path / "stop", 60, print)
    stubborn = (
        "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE, text=True)
    grandchild = int(process.stdout.readline())
    stop.now()
    assert not stop.poll()
    monkeypatch.setattr(stop_module, "SECONDS_TO_TERMINATE", 0)
    assert stop.poll()
    assert process.wait(timeout=60) == -signal.SIGKILL
    wait_for(lambda: not Path(f"/proc/{grandchild}").exists())


def test_a_spent_budget_asks_first_and_then_ends(tmp_path, monkeypatch):
    stop = Stop(tmp_path / "stop", 0, print)
    stop.poll()
    assert stop.out_of_time
    assert not stop.forced
    assert "time budget" in (tmp_path / "stop").read_text()
    monkeypatch.setattr(stop_module, "SECONDS_TO_A_SAFE_POINT", 0)
    stop.poll()
    assert stop.forced


def test_signals_are_given_back_after_the_run(stop):
    before = signal.getsignal(signal.SIGINT)
    with stop.listening():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before
