"""weekly-db under each fault: the right exit code, one sentence that says what to do, and nothing lost."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from support.faulting import faulty
from support.killing import descendants, lines, new_run, started, wait_for
from support.maintenance import dead_rows, sessions_of_runs, tables, wear
from support.sandbox import PROGRAMS, Sandbox
from support.small_disk import OWN_MOUNTS, needs_small_disk
from support.thorough import thorough

pytestmark = pytest.mark.xdist_group("weekly-db-faults")


@contextlib.contextmanager
def fault(sandbox: Sandbox, name: str) -> Iterator[None]:
    """Inject a fault of the sandbox, and clear it whatever happens."""
    injected = sandbox.play("sandbox", "fault", name)
    assert injected.returncode == 0, injected.stderr
    try:
        yield
    finally:
        cleared = sandbox.play("sandbox", "fault", name, "--clear")
        assert cleared.returncode == 0, cleared.stderr


@pytest.fixture(autouse=True)
def worn(sandbox: Sandbox) -> int:
    """Give every test a table in need."""
    return wear(sandbox)


def test_a_database_that_is_down_refuses_the_run(sandbox: Sandbox) -> None:
    sandbox.play("sandbox", "up")
    with fault(sandbox, "database-down"):
        done = sandbox.ansible_playbook("playbooks/weekly-db.yml", "-i", "inventory/sandbox")
        assert done.returncode == 2
        manifest = sandbox.manifest(sandbox.runs()[-1].name)
        assert manifest["exit_code"] == 3
        assert "cannot be reached" in manifest["message"]


@thorough
def test_a_database_that_goes_down_during_the_vacuum_leaves_a_run_to_resume(sandbox: Sandbox) -> None:
    known = set(sandbox.runs())
    slow = ("-e", "cost_delay_ms=20", "-e", "cost_limit=100")
    with started(sandbox, "run", "weekly-db", "--json", *slow) as process:
        run = new_run(sandbox, known)
        wait_for(lambda: vacuuming(sandbox))
        with fault(sandbox, "database-down"):
            out, _ = process.communicate(timeout=180)
    result = json.loads(out)
    assert result["exit_code"] == 4, result
    assert "server" in result["message"] or "connection" in result["message"]
    resumed = json.loads(sandbox.play("resume", run.name, "--json", "-v").stdout)
    assert resumed["exit_code"] == 0, resumed
    assert sandbox.play("runs", "verify", run.name, resumed["run"]).returncode == 0


def test_a_wrong_password_refuses_the_run(sandbox: Sandbox) -> None:
    secret = sandbox.home / "sandbox" / "credentials" / "database_hasivu_maint"
    right = secret.read_text()
    secret.write_text("wrong")
    try:
        result = sandbox.run("weekly-db")
    finally:
        secret.write_text(right)
    assert result["exit_code"] == 3
    assert "did not let hasivu_maint in" in result["message"]


def test_a_role_without_rights_is_a_finding_never_a_silent_skip(sandbox: Sandbox, worn: int) -> None:
    with sandbox.database() as connection:
        connection.execute("REVOKE hasivu_app, pg_maintain FROM hasivu_maint")
    try:
        result = sandbox.run("weekly-db")
    finally:
        with sandbox.database() as connection:
            connection.execute("GRANT hasivu_app, pg_maintain TO hasivu_maint")
    assert result["exit_code"] == 1
    assert "payments" in result["message"]
    assert dead_rows(sandbox) >= 0.9 * worn


def test_a_table_locked_by_ddl_is_named_and_the_others_are_done(sandbox: Sandbox) -> None:
    wear(sandbox, "notifications", 0.6)
    with sandbox.database(autocommit=False) as holder:
        holder.execute("LOCK TABLE payments IN ACCESS EXCLUSIVE MODE")
        result = sandbox.run("weekly-db")
        holder.rollback()
    assert result["exit_code"] == 1
    assert "payments" in result["message"]
    assert tables(sandbox)["public.notifications"]["dead"] < 1000


def test_a_transaction_that_pins_dead_rows_is_named(sandbox: Sandbox) -> None:
    with sandbox.database() as connection:
        connection.execute("VACUUM payments")
    with sandbox.database("hasivu_app_a", autocommit=False) as holder:
        holder.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        holder.execute("SELECT count(*) FROM schools")
        pid = holder.info.backend_pid
        wear(sandbox)
        result = sandbox.run("weekly-db")
        assert holder.info.transaction_status.name == "INTRANS"
        holder.rollback()
    assert result["exit_code"] == 1
    assert str(pid) in result["message"]


@needs_small_disk
def test_a_full_disk_under_the_records_refuses_the_run(sandbox: Sandbox, worn: int) -> None:
    """A file system of 64 KiB stands where the records go; only this run sees it."""
    (sandbox.home / "runs").mkdir(mode=0o700, exist_ok=True)
    small = f"mount -t tmpfs -o size=64k none {sandbox.home}/runs && exec {PROGRAMS}/hasivu-play run weekly-db --json"
    done = subprocess.run(
        [*OWN_MOUNTS, "sh", "-c", small],
        env=sandbox.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    result = json.loads(done.stdout)
    assert result["exit_code"] in (3, 4), result
    assert "No space left on device" in result["message"]
    assert dead_rows(sandbox) >= 0.9 * worn


def test_the_run_goes_on_with_the_lock_in_s3_while_kubernetes_is_down(sandbox: Sandbox) -> None:
    with fault(sandbox, "kubernetes-down"):
        done = sandbox.ansible_playbook("playbooks/weekly-db.yml", "-i", "inventory/sandbox")
    assert done.returncode == 0, done.stdout
    assert tables(sandbox)["public.payments"]["dead"] < 1000


def test_redis_is_not_missed(sandbox: Sandbox) -> None:
    with fault(sandbox, "redis-down"):
        done = sandbox.ansible_playbook("playbooks/weekly-db.yml", "-i", "inventory/sandbox")
    assert done.returncode == 0, done.stdout


def test_a_freeze_window_refuses_the_run_and_says_when_it_becomes_possible(sandbox: Sandbox, worn: int) -> None:
    with fault(sandbox, "freeze-window"):
        result = sandbox.run("weekly-db")
        rehearsal = sandbox.run("weekly-db", "--check")
    assert result["exit_code"] == 3
    assert "Run again after" in result["message"]
    assert rehearsal["exit_code"] == 0
    assert dead_rows(sandbox) >= 0.9 * worn


@pytest.mark.parametrize(
    ("faults", "word"),
    [
        ({"rds_status": "backing-up"}, "backing-up"),
        pytest.param({"free_storage_bytes": 1_000_000_000}, "storage", marks=thorough),
        pytest.param({"cpu_percent": 95}, "CPU", marks=thorough),
        ({"replica_lag_seconds": 900}, "replica"),
    ],
)
def test_an_instance_that_is_not_fit_refuses_the_run(
    sandbox: Sandbox, worn: int, faults: dict[str, Any], word: str
) -> None:
    with faulty(sandbox, "aws", **faults):
        result = sandbox.run("weekly-db")
    assert result["exit_code"] == 3
    assert word in result["message"]
    assert dead_rows(sandbox) >= 0.9 * worn


def test_an_open_incident_refuses_the_run(sandbox: Sandbox) -> None:
    with faulty(sandbox, "companions", open_incident={"priority": "P1", "title": "Payments fail"}):
        result = sandbox.run("weekly-db")
        (incident,) = re.findall(r"--incident (\w+)", result["message"])
        served = sandbox.run("weekly-db", "--incident", incident)
    assert result["exit_code"] == 3
    assert "Payments fail" in result["message"]
    assert served["exit_code"] == 0


def test_the_first_interrupt_stops_at_a_safe_point_and_releases(sandbox: Sandbox) -> None:
    known = set(sandbox.runs())
    slow = ("-e", "cost_delay_ms=20", "-e", "cost_limit=100", "-e", "jobs=1")
    with started(sandbox, "run", "weekly-db", "--json", *slow) as process:
        run = new_run(sandbox, known)
        wait_for(lambda: vacuuming(sandbox))
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=180)
    result = json.loads(out)
    assert result["exit_code"] == 4, result
    manifest = sandbox.manifest(run.name)
    assert manifest["state"] == "stopped"
    assert [line["event"] for line in lines(run)][-1] == "run_finished"
    assert sandbox.run("weekly-db")["exit_code"] == 0


@thorough
def test_the_second_interrupt_stops_now(sandbox: Sandbox) -> None:
    known = set(sandbox.runs())
    slow = ("-e", "cost_delay_ms=20", "-e", "cost_limit=100", "-e", "jobs=1")
    with started(sandbox, "run", "weekly-db", "--json", *slow) as process:
        run = new_run(sandbox, known)
        wait_for(lambda: vacuuming(sandbox))
        left = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        wait_for(lambda: (run / "stop").exists())
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=180)
    assert json.loads(out)["exit_code"] == 4
    assert left
    wait_for(lambda: not sessions_of_runs(sandbox), 30)
    assert sandbox.manifest(run.name)["exit_code"] == 4
    assert sandbox.play("resume", run.name).returncode == 0


def vacuuming(sandbox: Sandbox) -> bool:
    """Tell whether a run vacuums a table now."""
    return bool(sandbox.value("SELECT count(*) FROM pg_stat_progress_vacuum"))
