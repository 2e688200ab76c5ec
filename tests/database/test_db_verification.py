"""A restored server passes only when it is what the old one was; each kind of damage is named."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.modules import db_fingerprint

throwaway, restoring = sys.modules["throwaway"], sys.modules["restoring"]
NAME, TABLES = restoring.NAME, restoring.TABLES
pytestmark = pytest.mark.xdist_group("restored")


def wrong(result: dict[str, Any]) -> dict[str, str]:
    """Return the detail of each check that is wrong."""
    return {check["name"]: check["detail"] for check in result["checks"] if check["ok"] is False}


@pytest.mark.parametrize("profile", ["fast", "full"])
def test_a_true_copy_passes_whatever_happened_since(pair: Any, profile: str) -> None:
    result = pair.verify(profile=profile, fingerprint=pair.fingerprint)
    assert not result.get("failed"), result["msg"]
    assert result["recovery_xid"] <= pair.recovery_xid
    details = {check["name"]: check["detail"] for check in result["checks"]}
    # The rows that another test copied back into the old database are not deleted any more, and one is changed back.
    said = details["rows:public.orders"]
    assert re.search("^9000 rows compared;.* 100 created, (890|889) changed and (100|0) deleted since", said), said
    assert "heaps" in details or profile == "fast"


def test_a_stored_fingerprint_takes_the_place_of_a_database_that_is_gone(pair: Any) -> None:
    gone = {**pair.old.login(NAME), "port": 1}
    result = pair.verify(old=gone, fingerprint=pair.fingerprint)
    unknown = {check["name"] for check in result["checks"] if check["ok"] is None}
    assert result["compared_with"]["with"] == "fingerprint"
    # Nothing says how old the newest payment or event may be; that it is not known, a person may take on themselves.
    assert unknown == {"newest:public.payments", "newest:public.rfid_events"} == set(result["failing"])
    assert result["stop"] == "resumable"
    accepted = pair.verify(old=gone, fingerprint=pair.fingerprint, accept_unknown=sorted(unknown))
    assert not accepted.get("failed"), accepted["msg"]


def test_without_anything_to_compare_with_the_data_are_not_proved(pair: Any) -> None:
    result = pair.verify(old=None)
    assert {"version", "extensions", "schema", "count:public.orders"} <= set(result["failing"])
    assert not wrong(result)


def test_a_table_that_the_old_database_lost_is_compared_with_a_fingerprint(pair: Any) -> None:
    lost = {"name": "public.menus", "key": ["id"]}
    unknown = pair.verify(tables=[lost])
    assert unknown["failing"] == ["count:public.menus"]
    known = {**pair.fingerprint, "tables": {"public.menus": {"rows": 50}}}
    assert not pair.verify(tables=[lost], fingerprint=known).get("failed")
    known["tables"]["public.menus"]["rows"] = 100
    assert wrong(pair.verify(tables=[lost], fingerprint=known)) == {
        "count:public.menus": "It holds 50 rows; 100 give or take 20% are expected."
    }


def test_another_server_is_no_old_database(pair: Any, postgresql_server: Any) -> None:
    result = pair.verify(old=postgresql_server.login())
    assert result["compared_with"]["with"] == "nothing"
    assert "no copy" in result["compared_with"]["why"]


def test_a_rehearsal_checks_and_says_that_it_does_not_write(pair: Any) -> None:
    with pair.restored.connect() as session:
        before = session.execute("SELECT pg_current_wal_insert_lsn()::text AS lsn").fetchone()["lsn"]
    asked = {"application_secret_id": "x", "write_table": "public.orders", "region": "ap-south-1"}
    result = pair.verify(check_mode=True, **asked)
    assert not result.get("failed"), result["msg"]
    assert next(check for check in result["checks"] if check["name"] == "write_probe")["skipped"]
    with pair.restored.connect() as session:
        session.execute("SELECT pg_switch_wal()")
    assert pair.restored.wal_since(before) == []


def test_every_damage_is_named(pair: Any) -> None:
    index = (
        pair.restored.connect(NAME).execute("SELECT pg_relation_filepath('payments_pkey') AS path").fetchone()["path"]
    )
    pair.damage(
        "DELETE FROM orders WHERE id = 7001",
        "UPDATE wallet_transactions SET paise = -5000 WHERE id = 4",
        "INSERT INTO rfid_events VALUES (3, now() - interval '1 day')",
        "ALTER TABLE order_items DROP COLUMN portions CASCADE",
        "ALTER SEQUENCE orders_id_seq RESTART WITH 20",
        "DROP VIEW paid",
        "DROP EXTENSION pg_prewarm",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_student_idx'::regclass",
        "CHECKPOINT",
    )
    pair.restored.stop()
    corrupt(pair.restored.data / index)
    pair.restored.start()
    found = wrong(pair.verify(recovery_xid=pair.recovery_xid))
    expected = {
        "rows:public.orders": "1 are missing: 7001.",
        "rows:public.wallet_transactions": "1 are different though nobody changed them since: 4.",
        "rows:public.rfid_events": "1 are written after the restore",
        "schema": "missing: column public.order_items.portions.",
        "sequences": "orders_id_seq stands at",
        "extensions": "missing: pg_prewarm.",
        "invalid_indexes": "public.orders_student_idx is invalid",
        "orphan_rows": "1 rows of public.payments lack their row of public.orders.",
        "invariant:negative-wallet": "guardian_id",
        "invariant:payment-without-order": "'id': 7001",
        "amcheck": "payments_pkey",
    }
    assert expected.keys() == found.keys(), found
    for name, words in expected.items():
        assert words in found[name], (name, found[name])
    result = pair.verify(recovery_xid=pair.recovery_xid)
    assert (result["stop"], set(expected) <= set(result["failing"])) == ("resumable", True)
    assert "prewarm" in result["failing"]


def corrupt(path: Path) -> None:
    """Overwrite the middle of the second page of an index, as a bad disk does."""
    with path.open("r+b") as file:
        file.seek(8192 + 4096)
        file.write(b"\xff" * 2048)


def test_a_fingerprint_is_kept_once_and_holds_no_verifier(pair: Any, tmp_path: Path) -> None:
    path = tmp_path / "fingerprint.json"
    gone = {"name": "public.menus", "key": ["id"]}
    take = {**pair.old.login(NAME), "tables": [*TABLES, gone], "path": str(path)}
    assert throwaway.run_module(db_fingerprint.main, True, **take)["kept"] is False
    assert not path.exists()
    first = throwaway.run_module(db_fingerprint.main, **take)
    assert first["fingerprint"]["tables"]["public.menus"] is None
    assert first["fingerprint"]["tables"]["public.payments"]["rows"] > 8000
    with pair.old.connect(NAME) as session:
        session.execute("CREATE TABLE later (id int)")
    again = throwaway.run_module(db_fingerprint.main, **take)
    assert (again["kept"], again["fingerprint"]) == (True, first["fingerprint"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert "SCRAM" not in path.read_text()
    now = throwaway.run_module(db_fingerprint.main, **{**take, "path": None})["fingerprint"]
    before, after = first["fingerprint"]["schema"], now["schema"]
    assert before["hash"] != after["hash"]
    assert {name for name in after["objects"] if name not in before["objects"]} == {
        "table public.later",
        "column public.later.id",
    }


def test_a_role_that_a_rotation_left_valid_for_ever_is_no_hindrance(pair: Any) -> None:
    with pair.old.connect(NAME) as session:
        session.execute("CREATE ROLE rotated VALID UNTIL 'infinity'")
        session.execute("CREATE ROLE leaving VALID UNTIL '2027-01-01T05:30:00+05:30'")
    try:
        taken = throwaway.run_module(db_fingerprint.main, **pair.old.login(NAME), tables=TABLES)
    finally:
        with pair.old.connect(NAME) as session:
            session.execute("DROP ROLE rotated, leaving")
    assert not taken.get("failed"), taken["msg"]
    ends = {role["name"]: role["valid_until"] for role in taken["fingerprint"]["roles"]}
    assert (ends["rotated"], ends["leaving"]) == ("infinity", "2027-01-01T00:00:00Z")
