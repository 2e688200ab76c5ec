"""Payments that the gateway took after the restore point: listed with whom to inform, put back once, and never half."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.killing import wait_for
from support.rotation import http
from support.sandbox import PROJECT, Sandbox

pytestmark = pytest.mark.xdist_group("instances")

LOST = "CREATE TABLE lost_payments AS SELECT * FROM payments WHERE id > %s AND razorpay_payment_id IS NOT NULL"
REMOVE = (
    "DELETE FROM order_items WHERE order_id IN (SELECT order_id FROM lost_payments)",
    "DELETE FROM payments WHERE order_id IN (SELECT order_id FROM lost_payments)",
    "DELETE FROM orders WHERE id IN (SELECT order_id FROM lost_payments)",
)
THERE = """
SELECT count(*) FROM lost_payments l JOIN payments p USING (razorpay_payment_id, amount_paise, order_id)
  JOIN orders o ON o.id = p.order_id JOIN order_items i ON i.order_id = o.id
"""
OWNERS = """
SELECT DISTINCT g.student_id, g.guardian_id FROM lost_orders o JOIN student_guardians g USING (student_id) ORDER BY 1, 2
"""


@pytest.fixture(scope="module")
def lost(sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """Let families order and pay, then lose what they did, as a restore to a moment before loses it."""
    begun = datetime.now(UTC)
    last = sandbox.value("SELECT coalesce(max(id), 0) FROM payments")
    count = "SELECT count(*) FROM payments WHERE id > %s AND razorpay_payment_id IS NOT NULL"
    http(sandbox, "/_traffic", {"per_second": 10})
    wait_for(lambda: sandbox.value(count, last) >= 5)
    http(sandbox, "/_traffic", {"per_second": 0})
    wait_for(lambda: told(sandbox))
    with sandbox.database() as connection:
        connection.execute(LOST.replace("%s", str(last)).encode())
        connection.execute(
            "CREATE TABLE lost_orders AS SELECT o.* FROM orders o JOIN lost_payments l ON l.order_id = o.id"
        )
        for statement in REMOVE:
            connection.execute(statement)
    try:
        yield {
            "point": (begun - timedelta(seconds=1)).isoformat(),
            "count": sandbox.value("SELECT count(*) FROM lost_payments"),
        }
    finally:
        with sandbox.database() as connection:
            connection.execute("DROP TABLE lost_payments, lost_orders")


def told(sandbox: Sandbox) -> bool:
    """Tell whether the gateway knows of all that was paid."""
    folder = sandbox.home / "sandbox" / "application"
    taken = len((folder / "payments.jsonl").read_text().splitlines())
    stats = http(sandbox, "/stats")
    known = len((sandbox.home / "sandbox" / "companions" / "razorpay_payments.jsonl").read_text().splitlines())
    return known >= taken and stats["attempted"] == stats["ok"] + stats["failed"]


def settle(sandbox: Sandbox, folder: Path, point: str, repair: str, resumed: str = "") -> dict[str, Any]:
    """Settle payments as the recovery does, and return its notes, its results, and why it stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    where = sandbox.endpoints()["postgresql"]
    endpoint = {"Address": where["host"], "Port": where["port"]}
    role = {"name": "database_recovery", "public": True}
    names = ("database_recovery_payments", "database_recovery_repaired")
    results = "{{ {" + ", ".join(f"'{name}': {name} | default({{}})" for name in names) + "} | to_json }}"
    book = {
        "hosts": "database",
        "gather_facts": False,
        "vars": {
            "hasivu_run": {"directory": str(folder), "origin": resumed, "resumes": resumed, "id": folder.name},
            "database_recovery_available": {"instance": {"Endpoint": endpoint}},
            "database_recovery_kept": {"content": {"way": {"point": point}}},
            "database_recovery_repair": repair,
            "database_recovery_review_run": "",
        },
        "module_defaults": {
            "group/hasivu.ops.database": {
                "database": "{{ database_name }}", "user": "{{ database_user }}", "password": "{{ database_password }}",
                "sslmode": "{{ database_sslmode }}",
            }
        },
        "tasks": [
            {"ansible.builtin.include_role": {**role, "tasks_from": "payments"}},
            {"ansible.builtin.copy": {"content": results, "dest": str(folder / "results.json"), "mode": "0600"}},
            {"ansible.builtin.include_role": {**role, "tasks_from": "payments_told"}},
        ],
    }  # fmt: skip
    (folder / "play.yml").write_text(yaml.safe_dump([book], sort_keys=False))
    done = sandbox.ansible_playbook(
        "-i", "inventory/sandbox", str(folder / "play.yml"), settings={"ANSIBLE_ROLES_PATH": str(PROJECT / "roles")}
    )
    assert (folder / "results.json").exists(), done.stdout + done.stderr
    note = folder / "lost-payments.json"
    return {
        **json.loads((folder / "results.json").read_text()),
        "note": json.loads(note.read_text()) if note.exists() else None,
        "failed": done.returncode != 0,
        "output": done.stdout + done.stderr,
    }


def test_while_the_gateway_is_down_nothing_is_changed_and_the_run_can_be_resumed(
    sandbox: Sandbox, lost: dict[str, Any], tmp_path: Path
) -> None:
    faults = sandbox.home / "sandbox" / "companions" / "faults.json"
    faults.write_text(json.dumps({"razorpay_down": True}))
    try:
        result = settle(sandbox, tmp_path / "down", lost["point"], "create")
    finally:
        faults.unlink()
    assert result["failed"]
    assert "its payments are not settled" in result["output"], result["output"]
    assert '"stop": "resumable"' in result["output"] or "stop: resumable" in result["output"], result["output"]
    assert (result["note"], sandbox.value(THERE)) == (None, 0)


def test_what_was_lost_is_listed_with_whom_to_inform_and_put_back_exactly_once(
    sandbox: Sandbox, lost: dict[str, Any], tmp_path: Path
) -> None:
    listed = settle(sandbox, tmp_path / "first", lost["point"], "list")
    assert not listed["failed"], listed["output"]
    assert (sandbox.value(THERE), listed["database_recovery_repaired"].get("repaired")) == (0, None)
    ids = [row["id"] for row in sandbox.rows("SELECT razorpay_payment_id AS id FROM lost_payments")]
    assert sorted(entry["payment"] for entry in listed["note"]["lost"]) == sorted(ids)
    assert {name for entry in listed["note"]["lost"] for name in entry} == {
        "payment",
        "order",
        "amount",
        "at",
        "student",
    }
    assert listed["note"]["owners"] == sandbox.rows(OWNERS)

    repaired = settle(sandbox, tmp_path / "second", lost["point"], "create", resumed="first")
    assert not repaired["failed"], repaired["output"]
    assert repaired["note"] == listed["note"]
    assert len(repaired["database_recovery_repaired"]["repaired"]) == lost["count"]
    assert sandbox.value(THERE) == lost["count"]

    again = settle(sandbox, tmp_path / "third", lost["point"], "create", resumed="first")
    assert not again["failed"], again["output"]
    assert again["note"] == listed["note"]  # what was lost stays on record, though nothing is missing any more
    assert (again["database_recovery_repaired"]["repaired"], sandbox.value(THERE)) == ([], lost["count"])
