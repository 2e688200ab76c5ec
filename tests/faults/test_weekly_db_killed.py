"""weekly-db killed with SIGKILL at every step and in the middle of a vacuum; `resume` ends right each time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.killing import kill_tree, kill_when, lines, new_run, started, steps, wait_for
from support.maintenance import dead_rows, sessions_of_runs, wear
from support.sandbox import Sandbox
from support.thorough import thorough

SHARES = 6


@pytest.mark.parametrize(
    "share",
    [
        pytest.param(0, marks=pytest.mark.xdist_group("killed-0")),
        *(pytest.param(share, marks=[pytest.mark.xdist_group("killed-1"), thorough]) for share in range(1, SHARES)),
    ],
)
def test_killed_at_every_step_and_resumed_each_time_a_run_ends_right(sandbox: Sandbox, share: int) -> None:
    """Each share kills at every sixth step; what goes on with a killed run is killed at the next."""
    wear(sandbox)
    known = set(sandbox.runs())
    whole = sandbox.run("weekly-db")
    assert whole["exit_code"] == 0, whole
    number = len(steps(sandbox.home / "runs" / whole["run"], "step_started"))
    assert number >= 30
    command: tuple[str, ...] = ("run", "weekly-db")
    for step in range(share + 1, number + 1, SHARES):
        wear(sandbox, share=0.1)
        run = kill_at_step(sandbox, step, *command)
        command = ("run", "weekly-db") if lines(run)[-1]["event"] == "run_finished" else ("resume", run.name)
    resume_and_check(sandbox, run)
    verify_new(sandbox, known)


@pytest.mark.xdist_group("killed-0")
def test_killed_in_the_middle_of_a_vacuum_a_resumed_run_ends_right(sandbox: Sandbox) -> None:
    dead = wear(sandbox)
    known = set(sandbox.runs())
    with sandbox.database("hasivu_app_a", autocommit=False) as bystander:
        bystander.execute("SELECT count(*) FROM schools")
        slow = ("-e", "cost_delay_ms=20", "-e", "cost_limit=100")
        with started(sandbox, "run", "weekly-db", *slow) as process:
            run = new_run(sandbox, known)
            wait_for(lambda: sandbox.value("SELECT count(*) FROM pg_stat_progress_vacuum"))
            kill_tree(process.pid)
        bystander.commit()
        assert bystander.execute("SELECT 1 AS alive").fetchone() == {"alive": 1}
        bystander.rollback()
    resume_and_check(sandbox, run)
    assert dead_rows(sandbox) < 0.1 * dead
    verify_new(sandbox, known)


@pytest.mark.xdist_group("killed-1")
def test_a_run_that_still_lives_is_not_resumed(sandbox: Sandbox) -> None:
    wear(sandbox)
    known = set(sandbox.runs())
    with started(sandbox, "run", "weekly-db", "-e", "cost_delay_ms=20", "-e", "cost_limit=100") as process:
        run = new_run(sandbox, known)
        wait_for(lambda: sandbox.value("SELECT count(*) FROM pg_stat_progress_vacuum"))
        refused = sandbox.play("resume", run.name)
        kill_tree(process.pid)
    assert refused.returncode == 6
    assert "still runs" in refused.stderr
    resume_and_check(sandbox, run)


def kill_at_step(sandbox: Sandbox, number: int, *command: str) -> Path:
    """Start a command, kill it when it has written that a step begins, and return the folder of its run."""
    return kill_when(sandbox, lambda run: len(steps(run, "step_started")) >= number, *command)


def verify_new(sandbox: Sandbox, known: set[Path]) -> None:
    """Verify the record of every run that came since, the killed and the resumed; a reset sandbox has a new key."""
    verified = sandbox.play("runs", "verify", *(run.name for run in sandbox.runs() if run not in known))
    assert verified.returncode == 0, verified.stdout


def resume_and_check(sandbox: Sandbox, run: Path) -> None:
    """Resume a killed run and look at everything that it must have put right."""
    done = sandbox.play("resume", run.name, "--json")
    resumed = json.loads(done.stdout or "{}")
    ended = sandbox.manifest(run.name)
    if ended["state"] == "done":  # killed after the last line was written: nothing is left to resume
        assert done.returncode == 3
    else:
        assert ended["state"] == "interrupted"
        assert resumed.get("exit_code") == 0, done.stdout + done.stderr
    assert dead_rows(sandbox) < 10_000
    assert sessions_of_runs(sandbox) == []
    left = {folder.name for folder in (sandbox.home / "private").iterdir()}
    assert left <= {run.name}  # the next run removes what a killed one left
