"""What a review of rows proposes, what a person may leave of it, and where what is overwritten is kept."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.payment_comparison import Reconciliation, lost
from ansible_collections.hasivu.ops.plugins.module_utils.rows_kept import INSERTED, UPDATED, Kept, counted, schema_of
from ansible_collections.hasivu.ops.plugins.module_utils.rows_review import (
    check_shortened,
    numbers,
    page_row,
    set_conflicts_apart,
)


def changed(key: int, by: str) -> dict[str, Any]:
    return {"key": [key], "hash": str(key * 7), "by": by, "columns": ["status"]}


def table(*rows: dict[str, Any], deleted: tuple[int, ...] = ()) -> dict[str, Any]:
    gone = [[key] for key in deleted]
    return {"columns": ["id", "status"], "deleted": gone, "changed": list(rows), "conflicts": [], "created_since": 3}


def test_a_transaction_that_changed_few_rows_of_all_tables_is_the_platform_at_work() -> None:
    tables = {
        "public.orders": table(changed(1, "70"), changed(2, "71"), changed(3, "70")),
        "public.order_items": table(changed(4, "70"), changed(5, "72")),
    }
    set_conflicts_apart(tables, 3)
    assert [entry["key"] for entry in tables["public.orders"]["changed"]] == [[1], [3]]
    assert [entry["key"] for entry in tables["public.orders"]["conflicts"]] == [[2]]
    assert [entry["key"] for entry in tables["public.order_items"]["conflicts"]] == [[5]]


def test_a_page_counts_and_names_rows_by_their_keys_only() -> None:
    found = numbers({**table(changed(1, "70"), deleted=(8, 9)), "dropped": True})
    assert (found["deleted"], found["changed"], found["conflicts"]) == (2, 1, 0)
    row = page_row("public.orders", found)
    assert row["examples"] == "deleted: 8; 9. changed: 1"
    assert (row["columns"], row["dropped"], row["created_since"]) == ("status", "yes", 3)


def test_a_person_may_take_rows_out_and_move_a_conflict_to_the_damage() -> None:
    was = table(changed(1, "70"), deleted=(8, 9)) | {"conflicts": [changed(2, "71")]}
    left = table(changed(2, "71"), deleted=(9,))
    check_shortened({"tables": {"public.orders": left}}, {"tables": {"public.orders": was}})
    check_shortened({"tables": {}}, {"tables": {"public.orders": was}})


@pytest.mark.parametrize(
    "asked",
    [
        table(deleted=(7,)),
        table(changed(5, "70")),
        table(changed(1, "70") | {"columns": ["quantity"]}),
        table(changed(1, "70") | {"hash": "1"}),
        table() | {"columns": ["id"]},
    ],
)
def test_a_person_cannot_ask_for_more_than_was_found(asked: dict[str, Any]) -> None:
    was = table(changed(1, "70"), deleted=(8,))
    with pytest.raises(ValueError, match="otherwise than what was found"):
        check_shortened({"tables": {"public.orders": asked}}, {"tables": {"public.orders": was}})


def test_a_table_that_was_not_compared_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match=r"public\.users"):
        check_shortened({"tables": {"public.users": table()}}, {"tables": {"public.orders": table()}})


def test_the_schema_of_a_run_is_a_name_that_needs_no_quotes() -> None:
    schema = schema_of('20261126T061104Z-db-recovery-"; DROP SCHEMA public')
    assert schema == "hasivu_recovery_20261126t061104z_db_recovery_drop_schema_public"
    assert len(schema_of("a" * 99)) == 63


def test_what_was_kept_is_counted_by_table_and_kind() -> None:
    kept = [Kept("public.orders", f"[{key}]", ["id"], did, {}, []) for key, did in ((1, INSERTED), (2, UPDATED))]
    assert counted(kept) == {"public.orders": {INSERTED: 1, UPDATED: 1}}


def test_what_was_lost_is_told_by_ids_and_without_the_notes() -> None:
    paid = {"amount": 4500, "method": "upi", "notes": {"student_id": "12", "phone": "+919000000000"}}
    found = Reconciliation(
        missing=[{"payment": "pay_B", "order": 2, "at": "2026-11-26T06:12:00Z", **paid}],
        orphans=[{"payment": "pay_A", "order": 1, "at": "2026-11-26T06:11:00Z", **paid, "notes": {}}],
    )
    assert [(entry["payment"], entry["student"]) for entry in lost(found)] == [("pay_A", None), ("pay_B", 12)]
    assert {name for entry in lost(found) for name in entry} == {"payment", "order", "amount", "at", "student"}
