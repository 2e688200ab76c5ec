"""Rows that an accident took come back from a copy beside production: exactly those that a person reviewed."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.modules import db_rows_comparison, db_rows_undo

throwaway, restoring = sys.modules["throwaway"], sys.modules["restoring"]
NAME = restoring.NAME
TABLES = [
    {"name": "public.payments", "key": ["id"]},
    {"name": "public.order_items", "key": ["order_id", "line"]},
    {"name": "public.orders", "key": ["id"]},
    {"name": "public.menus", "key": ["id"]},
]
pytestmark = pytest.mark.xdist_group("restored")


@pytest.fixture
def review(tmp_path: Path) -> Path:
    return tmp_path / "review.json"


def run(pair: Any, review: Path, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    asked = {
        **pair.old.login(NAME),
        "copy": pair.restored.login(NAME),
        "tables": TABLES,
        "review": str(review),
        "recovery_xid": pair.recovery_xid,
        **options,
    }
    return throwaway.run_module(db_rows_comparison.main, check_mode, **asked)  # type: ignore[no-any-return]


def signed(review: Path, content: dict[str, Any]) -> dict[str, str]:
    """Write a review as a person left it, and return what signs for it."""
    review.write_text(json.dumps(content))
    return {"review_sha256": hashlib.sha256(review.read_bytes()).hexdigest(), "state": "copied"}


def value(pair: Any, query: str) -> Any:
    with pair.old.connect(NAME) as session:
        return next(iter(session.execute(query).fetchone().values()))


def test_the_review_names_what_was_lost_and_a_rehearsal_writes_none(pair: Any, review: Path) -> None:
    rehearsed = run(pair, review, check_mode=True)
    assert not review.exists()
    result = run(pair, review)
    assert result["review"] == rehearsed["review"]
    orders = result["review"]["public.orders"]
    assert (orders["deleted"], orders["changed"], orders["created_since"]) == (100, 890, 100)
    assert result["review"]["public.order_items"]["deleted"] == 200
    assert result["review"]["public.menus"]["dropped"] is True
    assert result["sha256"] == hashlib.sha256(review.read_bytes()).hexdigest()
    assert review.stat().st_mode & 0o777 == 0o600
    written = json.loads(review.read_text())["tables"]["public.orders"]
    assert written["deleted"] == [[number] for number in range(500, 600)]
    assert {name: written["changed"][0][name] for name in ("key", "columns")} == {"key": [10], "columns": ["status"]}


def test_a_review_that_nobody_signed_for_copies_nothing(pair: Any, review: Path) -> None:
    sha256 = run(pair, review)["sha256"]
    review.write_text(review.read_text() + " ")
    result = run(pair, review, state="copied", review_sha256=sha256)
    assert "was reviewed" in result["msg"]
    assert value(pair, "SELECT count(*) FROM orders WHERE id BETWEEN 500 AND 599") == 0


def test_a_dropped_table_is_not_made_by_guessing(pair: Any, review: Path) -> None:
    sha256 = run(pair, review)["sha256"]
    result = run(pair, review, state="copied", review_sha256=sha256)
    assert "pg_dump --schema-only" in result["msg"]
    assert value(pair, "SELECT count(*) FROM orders WHERE id BETWEEN 500 AND 599") == 0


def reviewed(pair: Any, review: Path) -> dict[str, Any]:
    """Return what a person leaves of the review: the deleted rows, one changed one, and no dropped table."""
    run(pair, review)
    content: dict[str, Any] = json.loads(review.read_text())
    del content["tables"]["public.menus"]
    content["tables"]["public.orders"]["changed"] = content["tables"]["public.orders"]["changed"][:1]
    return content


def test_a_row_that_changed_after_the_review_stops_all_of_it(pair: Any, review: Path) -> None:
    agreed = signed(review, reviewed(pair, review))
    with pair.old.connect(NAME) as session:
        session.execute("UPDATE orders SET status = 'eaten' WHERE id = 10")
    result = run(pair, review, **agreed)
    assert "changed after the review" in result["msg"]
    assert value(pair, "SELECT count(*) FROM orders WHERE id BETWEEN 500 AND 599") == 0
    with pair.old.connect(NAME) as session:
        session.execute("UPDATE orders SET status = 'delivered' WHERE id = 10")


def test_a_review_may_be_shortened_and_ask_for_nothing_more(pair: Any, review: Path, tmp_path: Path) -> None:
    content = reviewed(pair, review)
    original = tmp_path / "original.json"
    original.write_bytes(review.read_bytes())
    content["tables"]["public.orders"]["changed"][0]["columns"] = ["status", "student"]
    result = run(pair, review, original=str(original), **signed(review, content))
    assert "otherwise than what was found" in result["msg"]
    content["tables"]["public.orders"]["changed"] = []
    content["tables"]["public.orders"]["deleted"].append([8000])
    result = run(pair, review, original=str(original), **signed(review, content))
    assert "otherwise than what was found" in result["msg"]


def undo(pair: Any, check_mode: bool = False) -> dict[str, Any]:
    return throwaway.run_module(db_rows_undo.main, check_mode, **pair.old.login(NAME), keep_in="Run-1")  # type: ignore[no-any-return]


def everything(pair: Any) -> str:
    tables = ("orders", "order_items", "payments")
    return "".join(value(pair, f"SELECT md5(string_agg(t::text, ',' ORDER BY t)) FROM {name} t") for name in tables)


def test_what_was_copied_is_taken_back_unless_somebody_built_on_it(pair: Any, review: Path) -> None:
    content = reviewed(pair, review)
    # Somebody has worked on this one alone since the accident, so that is no part of it.
    assert [entry["key"] for entry in content["tables"]["public.orders"]["conflicts"]] == [[10]]
    agreed = signed(review, content)
    before = everything(pair)
    assert run(pair, review, keep_in="Run-1", **agreed)["kept_in"] == "hasivu_recovery_run_1"
    assert value(pair, "SELECT count(*) FROM hasivu_recovery_run_1.rows WHERE did = 'updated'") == 1
    assert run(pair, review, keep_in="Run-1", **agreed)["changed"] is False
    with pair.old.connect(NAME) as session:
        session.execute("INSERT INTO order_items VALUES (550, 3, 1)")
    after = everything(pair)
    result = undo(pair)
    assert (result["stop"], "public.order_items has come to refer" in result["msg"]) == ("decision", True)
    with pair.old.connect(NAME) as session:
        session.execute("UPDATE payments SET paise = 1 WHERE order_id = 551")
    assert "was changed since" in undo(pair)["msg"]
    with pair.old.connect(NAME) as session:
        session.execute("UPDATE payments SET paise = 4500 WHERE order_id = 551")
        assert everything(pair) == after
        session.execute("DELETE FROM order_items WHERE (order_id, line) = (550, 3)")
    counts = undo(pair, check_mode=True)["undone"]
    assert undo(pair)["undone"] == counts
    assert counts["public.orders"] == {"inserted": 100, "updated": 1}
    assert everything(pair) == before
    assert value(pair, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'hasivu_recovery%'") == 0
    assert undo(pair)["changed"] is False


def test_exactly_the_reviewed_rows_come_back_and_again_nothing_changes(pair: Any, review: Path) -> None:
    agreed = signed(review, reviewed(pair, review))  # of 10 and 20 the last change was one of theirs alone
    created = value(pair, "SELECT count(*) FROM orders WHERE id > 9000")
    rehearsed = run(pair, review, check_mode=True, **agreed)
    assert value(pair, "SELECT count(*) FROM orders WHERE id BETWEEN 500 AND 599") == 0
    result = run(pair, review, **agreed)
    assert result.get("changed"), result["msg"]
    assert rehearsed["copied"] == result["copied"]
    assert result["copied"]["public.orders"] == {"inserted": 100, "updated": 1}
    assert value(pair, "SELECT count(*) FROM orders WHERE id BETWEEN 500 AND 599") == 100
    assert value(pair, "SELECT count(*) FROM order_items WHERE order_id BETWEEN 500 AND 599") == 200
    assert value(pair, "SELECT count(*) FROM payments WHERE order_id BETWEEN 500 AND 599") == 100
    assert value(pair, "SELECT string_agg(id::text, ',') FROM orders WHERE id % 10 = 0 AND status = 'placed'"
                 " AND id <= 9000 AND id NOT BETWEEN 500 AND 599") == "30"  # fmt: skip
    assert value(pair, "SELECT count(*) FROM orders WHERE id > 9000") == created
    same = "SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o WHERE id BETWEEN 500 AND 599"
    with pair.restored.connect(NAME) as session:
        assert next(iter(session.execute(same).fetchone().values())) == value(pair, same)
    again = run(pair, review, **agreed)
    assert (again["changed"], again["copied"]["public.orders"]) == (False, {"inserted": 0, "updated": 0})


def test_a_copy_of_another_server_is_refused(pair: Any, review: Path, postgresql_server: Any) -> None:
    result = run(pair, review, copy=postgresql_server.login())
    assert result["stop"] == "refused"
