"""weekly-db done, done again, rehearsed and under bare ansible-playbook; the outcome is seen with SQL and HTTP logs."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from support.maintenance import dead_rows, sessions_of_runs, tables, wear
from support.sandbox import PROJECT, Sandbox, lease

pytestmark = pytest.mark.xdist_group("weekly-db")

FREEZE_AGE = "SELECT age(relfrozenxid) FROM pg_class WHERE oid = 'settlements'::regclass"
WAL_OF_RUNS = "SELECT coalesce(sum(wal_records), 0) FROM pg_stat_statements WHERE userid = 'hasivu_maint'::regrole"
NEXT_TRANSACTION = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"


def test_a_run_removes_dead_rows_freezes_what_is_old_and_leaves_the_rest_alone(sandbox: Sandbox) -> None:
    assert sandbox.play("sandbox", "reset").returncode == 0
    before = tables(sandbox)
    in_need = {name for name, table in before.items() if table["dead"] >= max(10_000, 0.05 * table["live"])}
    assert len(in_need) >= 5
    assert sandbox.value(FREEZE_AGE) > 75_000

    result = sandbox.run("weekly-db")

    after = tables(sandbox)
    assert result["exit_code"] == 0, result
    assert all(after[name]["dead"] < 0.1 * before[name]["dead"] for name in in_need)
    assert sandbox.value(FREEZE_AGE) < 75_000
    untouched = [name for name, table in before.items() if table["vacuum_count"] and name not in in_need]
    assert len(untouched) >= 5
    assert all(after[name]["vacuum_count"] == before[name]["vacuum_count"] for name in untouched)
    assert after["public.rfid_events"]["analyze_count"] == 1
    assert sessions_of_runs(sandbox) == []


def test_the_second_run_finds_nothing_to_do(sandbox: Sandbox) -> None:
    sandbox.run("weekly-db")
    before = tables(sandbox)
    result = sandbox.run("weekly-db")
    assert result["exit_code"] == 0
    assert tables(sandbox) == before


def test_a_run_leaves_a_signed_record_and_a_released_lock(sandbox: Sandbox) -> None:
    result = sandbox.run("weekly-db")
    assert sandbox.play("runs", "verify", result["run"]).returncode == 0
    manifest = sandbox.manifest(result["run"])
    assert manifest["state"] == "done"
    assert {"record.jsonl", "report.json", "report.html"} <= set(manifest["files"])
    assert lease(sandbox)["spec"]["holderIdentity"] == ""


def test_a_rehearsal_writes_nothing_at_the_wire(sandbox: Sandbox) -> None:
    assert wear(sandbox) > 10_000
    sandbox.run("weekly-db", "--check")  # reads each page once, so that no hint bit is left to set
    before = world(sandbox)
    result = sandbox.run("weekly-db", "--check")
    after = world(sandbox)
    assert result["exit_code"] == 0
    assert after == before
    plan = json.loads((sandbox.home / "runs" / result["run"] / "report.json").read_text())
    assert "public.payments" in json.dumps(plan)


def test_bare_ansible_playbook_runs_the_same_procedure_with_lock_and_record(sandbox: Sandbox) -> None:
    dead = wear(sandbox)
    known = set(sandbox.runs())
    done = sandbox.ansible_playbook("playbooks/weekly-db.yml", "-i", "inventory/sandbox")
    assert done.returncode == 0, done.stdout
    assert dead_rows(sandbox) < 0.1 * dead
    (run,) = set(sandbox.runs()) - known
    assert sandbox.manifest(run.name)["state"] == "done"
    assert sandbox.play("runs", "verify", run.name).returncode == 0
    assert lease(sandbox)["spec"]["holderIdentity"] == ""


def test_bare_ansible_playbook_without_the_record_is_refused(sandbox: Sandbox, tmp_path: Any) -> None:
    dead = wear(sandbox)
    settings = tmp_path / "ansible.cfg"
    settings.write_text(f"[defaults]\nroles_path = {PROJECT}/roles\ncollections_path = {PROJECT}/collections\n")
    done = sandbox.ansible_playbook(
        "playbooks/weekly-db.yml", "-i", "inventory/sandbox", settings={"ANSIBLE_CONFIG": str(settings)}
    )
    assert done.returncode == 2
    assert "No record is written" in done.stdout
    assert dead_rows(sandbox) >= 0.9 * dead


def world(sandbox: Sandbox) -> dict[str, Any]:
    """Return everything that a write would change: WAL and transactions, Redis, and changing requests."""
    where = sandbox.endpoints()["redis"]
    cache = redis.Redis(host=where["host"], port=where["port"], password=sandbox.credential("redis"))
    return {
        "wal": sandbox.value(WAL_OF_RUNS),
        "transactions": sandbox.value(NEXT_TRANSACTION),
        "tables": tables(sandbox),
        "redis": (cache.dbsize(), cache.info("persistence")["rdb_changes_since_last_save"]),
        "aws": [request for request in sandbox.requests("aws") if request["changing"]],
        "kubernetes": [request for request in sandbox.requests("kubernetes") if request["changing"]],
    }
