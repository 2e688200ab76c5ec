"""Two runs at once: one works, the other is turned away with the name of the first."""

from __future__ import annotations

import re
import signal
import subprocess

import pytest
from kubernetes.client.exceptions import NotFoundException
from support.killing import kill_tree, new_run, started, wait_for
from support.maintenance import wear
from support.sandbox import Sandbox, lease

pytestmark = pytest.mark.xdist_group("weekly-db-faults")

SLOW = ("-e", "cost_delay_ms=20", "-e", "cost_limit=100")


def test_the_second_run_exits_6_and_names_holder_start_and_expiry(sandbox: Sandbox) -> None:
    wear(sandbox)
    known = set(sandbox.runs())
    with started(sandbox, "run", "weekly-db", *SLOW) as first:
        run = new_run(sandbox, known)
        wait_for(lambda: vacuuming(sandbox))
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
    assert sandbox.run("weekly-db")["exit_code"] == 6
    wait_for(lambda: sandbox.run("weekly-db")["exit_code"] == 0, 60)


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
    process.communicate(timeout=120)
    return process.returncode


def vacuuming(sandbox: Sandbox) -> bool:
    """Tell whether a run vacuums a table now."""
    return bool(sandbox.value("SELECT count(*) FROM pg_stat_progress_vacuum"))
