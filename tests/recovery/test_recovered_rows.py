"""db-recovery of rows alone, looked at from outside: production goes on, and exactly what was approved comes back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.instances import Instances, faults
from support.killing import kill_tree, new_run, started, wait_for
from support.rotation import exit_of, http, orders_flowing
from support.sandbox import Sandbox
from support.thorough import thorough

pytestmark = pytest.mark.xdist_group("instances")

SOURCE, COPY = "hasivu-sandbox", "hasivu-sandbox-rows"
TABLES = ("orders", "order_items")
COMMAND = ("db-recovery", "-e", "incident_id=INC-8", "-e", "strategy=selective", "-e", f"target_id={COPY}")
NAMED = ("-e", "tables=public.order_items,public.orders")
# A bad deploy deletes the lines of 300 orders and voids 200; then a cook serves one of these, and a family orders anew.
DAMAGE = (
    "DELETE FROM order_items WHERE order_id IN (SELECT id FROM kept_orders)",
    "UPDATE orders SET status = 'void' WHERE id IN (SELECT id FROM kept_orders ORDER BY id DESC LIMIT 200)",
)
SERVED = "UPDATE orders SET status = 'delivered', delivered_at = now() WHERE id = (SELECT max(id) FROM kept_orders)"
KEPT = "CREATE TABLE kept_orders AS SELECT * FROM orders ORDER BY id DESC LIMIT 300"
KEPT_LINES = "CREATE TABLE kept_lines AS SELECT * FROM order_items WHERE order_id IN (SELECT id FROM kept_orders)"
# What must hold at the end: all lines as they were, and all orders but the one that was served.
LINES_APART = "SELECT count(*) FROM (TABLE kept_lines EXCEPT TABLE order_items) AS apart"
ORDERS_APART = "SELECT count(*) FROM (TABLE kept_orders EXCEPT TABLE orders) AS apart"
WAITING = """
SELECT count(*) FROM pg_stat_activity
 WHERE application_name LIKE 'hasivu-ops/db-recovery/%' AND wait_event_type = 'Lock'
"""


@pytest.fixture(scope="module")
def damaged(sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    """Damage some orders; at the end all is as it was and the copy is gone."""
    moment = datetime.now(UTC)
    with sandbox.database() as connection:
        for statement in (KEPT, KEPT_LINES):
            connection.execute(statement)
        moment = connection.execute("SELECT clock_timestamp() AS at").fetchone()["at"]  # type: ignore[index]
        wait_for(lambda: sandbox.value("SELECT clock_timestamp() > %s", moment + timedelta(milliseconds=200)))
        for statement in (*DAMAGE, SERVED):
            connection.execute(statement)
    instances = Instances(sandbox)
    try:
        with faults(sandbox):
            wait_for(lambda: instances.show(SOURCE)["LatestRestorableTime"] > moment)
            asked = ("-e", f"restore_time={moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")
            yield {"inputs": (*COMMAND, *NAMED, *asked), "instances": instances}
    finally:
        mend(sandbox)
        instances.remove(COPY)


def mend(sandbox: Sandbox) -> None:
    """Put back what was damaged, whatever has come back of it, and drop what kept it."""
    with sandbox.database() as connection:
        connection.execute("DELETE FROM order_items WHERE order_id IN (SELECT id FROM kept_orders)")
        columns = "status = k.status, delivered_at = k.delivered_at"
        connection.execute(f"UPDATE orders AS o SET {columns} FROM kept_orders AS k WHERE k.id = o.id")
        connection.execute("INSERT INTO order_items SELECT * FROM kept_lines")
        connection.execute("DROP TABLE kept_orders, kept_lines")
        schemas = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'hasivu\\_recovery%'"
        for row in connection.execute(schemas).fetchall():
            connection.execute(f'DROP SCHEMA "{row["nspname"]}" CASCADE')


def content(sandbox: Sandbox) -> list[str]:
    """Return what the damaged tables hold."""
    query = "SELECT md5(string_agg(t::text, ',' ORDER BY t)) FROM {} AS t"
    return [sandbox.value(query.format(table)) for table in TABLES]


def apart(sandbox: Sandbox) -> tuple[int, int]:
    return sandbox.value(LINES_APART), sandbox.value(ORDERS_APART)


def schemas(sandbox: Sandbox) -> list[str]:
    query = "SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'hasivu\\_recovery%'"
    return [row["name"] for row in sandbox.rows(query)]


@pytest.fixture(scope="module")
def review(sandbox: Sandbox, damaged: dict[str, Any]) -> dict[str, Any]:
    """Let the procedure write its review while orders flow, and return what approves it."""
    known = len(sandbox.requests("kubernetes"))
    with orders_flowing(sandbox, 5):
        result = sandbox.run(*damaged["inputs"])
    assert result["exit_code"] == 5, result
    changed = [
        one["action"]
        for one in sandbox.requests("kubernetes")[known:]
        if one["changing"] and "hasivu-ops" in one["client"]
    ]
    file = sandbox.home / "runs" / result["run"] / "rows.json"
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert sha256 in result["message"]
    return {"file": file, "run": result["run"], "changed": changed, "approval": approval(result["run"], sha256)}


def approval(run: str, sha256: str) -> tuple[str, ...]:
    return ("-e", f"review_run={run}", "-e", f"approve_review={sha256}")


def test_production_goes_on_and_a_review_names_the_rows_and_what_is_in_conflict(
    sandbox: Sandbox, damaged: dict[str, Any], review: dict[str, Any]
) -> None:
    assert [action for action in review["changed"] if "leases" not in action] == []
    assert apart(sandbox) == (sandbox.value("SELECT count(*) FROM kept_lines"), 200)
    found = json.loads(review["file"].read_text())["tables"]
    lines = [[row["order_id"], row["line"]] for row in sandbox.rows("SELECT order_id, line FROM kept_lines")]
    assert sorted(found["public.order_items"]["deleted"]) == sorted(lines)
    voided = sandbox.rows("SELECT id FROM orders WHERE status = 'void' AND id IN (SELECT id FROM kept_orders)")
    orders = found["public.orders"]
    assert sorted(entry["key"][0] for entry in orders["changed"]) == sorted(row["id"] for row in voided)
    assert {column for entry in orders["changed"] for column in entry["columns"]} == {"status"}
    assert [entry["key"] for entry in orders["conflicts"]] == [[sandbox.value("SELECT max(id) FROM kept_orders")]]
    assert orders["created_since"] > 0
    report = json.loads((review["file"].parent / "report.json").read_text())
    assert report["outcome"] == "decision"
    (table,) = [one["table"] for one in report["sections"] if one["title"] == "Rows under review"]
    assert {row["table"]: row["conflicts"] for row in table["rows"]} == {"public.orders": 1, "public.order_items": 0}
    instances: Instances = damaged["instances"]
    shown = instances.show(COPY)
    assert shown["DeletionProtection"]
    assert "retain-until" in {tag["Key"] for tag in shown["TagList"]}
    assert not any(instances.lets_in(COPY, role) for role in ("hasivu_app_a", "hasivu_app_b"))


@thorough
def test_a_row_that_changed_after_the_review_stops_the_copy(
    sandbox: Sandbox, damaged: dict[str, Any], review: dict[str, Any]
) -> None:
    one = sandbox.value("SELECT min(id) FROM orders WHERE status = 'void' AND id IN (SELECT id FROM kept_orders)")
    with sandbox.database() as connection:
        connection.execute("UPDATE orders SET quantity = quantity + 1 WHERE id = %s", [one])
        before = content(sandbox)
        result = sandbox.run(*damaged["inputs"], *review["approval"])
        assert (result["exit_code"], "changed after the review" in result["message"]) == (1, True)
        assert content(sandbox) == before
        assert schemas(sandbox) == []
        connection.execute("UPDATE orders SET quantity = quantity - 1 WHERE id = %s", [one])


def test_killed_in_the_copy_nothing_is_half_done_and_a_resumed_run_does_it_once(
    sandbox: Sandbox, damaged: dict[str, Any], review: dict[str, Any]
) -> None:
    served = sandbox.rows("SELECT * FROM orders WHERE id = (SELECT max(id) FROM kept_orders)")
    run = killed_in_the_copy(sandbox, (*damaged["inputs"], *review["approval"]))
    wait_for(lambda: sandbox.value(WAITING) == 0)
    assert apart(sandbox) == (sandbox.value("SELECT count(*) FROM kept_lines"), 200)
    assert schemas(sandbox) == []
    done = exit_of(sandbox.play("resume", run.name, "--json"))
    assert done["exit_code"] == 0, done
    assert apart(sandbox) == (0, 1)
    assert sandbox.rows("SELECT * FROM orders WHERE id = (SELECT max(id) FROM kept_orders)") == served
    (schema,) = schemas(sandbox)
    assert sandbox.value(f"SELECT count(*) FROM {schema}.rows WHERE was ->> 'status' = 'void'") == 199
    before = content(sandbox)
    again = sandbox.run(*damaged["inputs"], *review["approval"])
    assert (again["exit_code"], content(sandbox)) == (0, before)
    assert http(sandbox, "/ready")["status"] == "ready"


def killed_in_the_copy(sandbox: Sandbox, inputs: tuple[str, ...]) -> Path:
    """Hold a row that is to be brought back, and kill the run while it waits for it inside its transaction."""
    known = set(sandbox.runs())
    with sandbox.database(autocommit=False) as holder:
        holder.execute("SELECT 1 FROM orders WHERE id IN (SELECT id FROM kept_orders) FOR UPDATE")
        with started(sandbox, "run", *inputs) as process:
            run = new_run(sandbox, known)
            wait_for(lambda: sandbox.value(WAITING) > 0)
            kill_tree(process.pid)
        holder.rollback()
    return run


@thorough
def test_taken_back_the_rows_are_as_the_damage_left_them(
    sandbox: Sandbox, damaged: dict[str, Any], review: dict[str, Any]
) -> None:
    copied = sandbox.run(*damaged["inputs"], *review["approval"])
    assert (copied["exit_code"], apart(sandbox)) == (0, (0, 1))
    back = exit_of(sandbox.play("rollback", copied["run"], "--json"))
    assert back["exit_code"] == 0, back
    assert apart(sandbox) == (sandbox.value("SELECT count(*) FROM kept_lines"), 200)
    assert schemas(sandbox) == []
