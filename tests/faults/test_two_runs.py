"""Two runs at once: one works, the other is turned away with the name of the first."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from kubernetes.client.exceptions import NotFoundException
from support.killing import RUN_SECONDS, kill_tree, new_run, started, wait_for
from support.maintenance import wear
from support.sandbox import Sandbox, lease

pytestmark = pytest.mark.xdist_group("weekly-db-faults")

PAUSING = """
SELECT pid FROM pg_stat_progress_vacuum JOIN pg_stat_activity USING (pid)
 WHERE wait_event = 'VacuumDelay' AND backend_type = 'client backend'
"""
SLOW = ("-e", "cost_delay_ms=20", "-e", "cost_limit=100")


def test_the_second_run_exits_6_and_names_holder_start_and_expiry(sandbox: Sandbox) -> None:
    wear(sandbox)
    known = set(sandbox.runs())
    with started(sandbox, "run", "weekly-db", *SLOW) as first:
        run = new_run(sandbox, known)
        with halted_vacuum(sandbox):
            second = sandbox.run("weekly-db")
            with_bare_ansible = sandbox.ansible_playbook("playbooks/weekly-db.yml", "-i", "inventory/sandbox")
            assert first.poll() is None
            assert holder_of(sandbox) == run.name
            first.send_signal(signal.SIGINT)
        assert first.wait(timeout=60) == 4
    assert second["exit_code"] == 6
    assert run.name in second["message"]
    assert re.search(r"started by \S+@\S+ at \d{4}-\d\d-\d\d [\d:]{8} IST\); the lock expires at", second["message"])
    assert with_bare_ansible.returncode == 2
    assert sandbox.manifest(sandbox.runs()[-1].name)["exit_code"] == 6


def test_a_lock_is_renewed_while_its_run_lives_and_expires_after_its_death(sandbox: Sandbox) -> None:
    wear(sandbox, share=0.6)
    known = set(sandbox.runs())
    with started(sandbox, "run", "weekly-db", *SLOW) as first:
        run = new_run(sandbox, known)
        wait_for(lambda: holder_of(sandbox) == run.name)
        taken = lease(sandbox)["spec"]
        wait_for(lambda: lease(sandbox)["spec"]["renewTime"] > taken["renewTime"], 30)
        assert lease(sandbox)["spec"]["acquireTime"] == taken["acquireTime"]
        kill_tree(first.pid)
    assert holder_of(sandbox) == run.name
    wait_for(lambda: sandbox.run("weekly-db")["exit_code"] == 0, RUN_SECONDS)


def test_a_run_that_can_write_no_report_lets_go_of_the_lock(sandbox: Sandbox) -> None:
    wear(sandbox)
    known = set(sandbox.runs())
    with started(sandbox, "run", "weekly-db", "--json", *SLOW) as first:
        run = new_run(sandbox, known)
        with halted_vacuum(sandbox):
            assert holder_of(sandbox) == run.name
            (run / "report.html").mkdir()
        out, _ = first.communicate(timeout=RUN_SECONDS)
    result = json.loads(out)
    assert result["exit_code"] == 4
    assert "The report could not be written" in result["message"]
    assert holder_of(sandbox) == ""
    (run / "report.html").rmdir()
    assert sandbox.play("resume", run.name).returncode == 0


def test_both_runs_started_at_the_same_moment_do_not_both_work(sandbox: Sandbox) -> None:
    wear(sandbox)
    with started(sandbox, "run", "weekly-db", "--json") as one, started(sandbox, "run", "weekly-db", "--json") as two:
        codes = sorted([finish(one), finish(two)])
    assert codes == [0, 6]


def holder_of(sandbox: Sandbox) -> str:
    """Return who holds the lock of the database, or nothing while it was never taken."""
    try:
        return str(lease(sandbox)["spec"]["holderIdentity"])
    except NotFoundException:
        return ""


def finish(process: subprocess.Popen[str]) -> int:
    """Wait for a process without letting its output block it."""
    process.communicate(timeout=180)
    return process.returncode


@contextmanager
def halted_vacuum(sandbox: Sandbox) -> Iterator[None]:
    """Keep the vacuum of a run from ending, however slow the machine is."""
    process: int = wait_for(lambda: halt_while_it_pauses(sandbox))
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def halt_while_it_pauses(sandbox: Sandbox) -> int | None:
    """Halt a vacuum in the pause that its cost limit asks for, when it holds nothing that others wait for."""
    for vacuum in sandbox.rows(PAUSING):
        with suppress(ProcessLookupError):
            os.kill(vacuum["pid"], signal.SIGSTOP)
            if vacuum["pid"] in {row["pid"] for row in sandbox.rows(PAUSING)}:
                return int(vacuum["pid"])
            os.kill(vacuum["pid"], signal.SIGCONT)
    return None
