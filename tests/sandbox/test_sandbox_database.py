"""The seeded database: what is in need, what is not, who may do what, and that it can be restored."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.waiting import wait_until

pytestmark = pytest.mark.xdist_group("own-sandbox")
Connection = psycopg.Connection[tuple[Any, ...]]
DEAD = "SELECT relname, n_dead_tup FROM pg_stat_user_tables WHERE relname = ANY(%s)"
WORN = [
    "orders",
    "payments",
    "rfid_cards",
    "deliveries",
    "stock_levels",
    "user_sessions",
    "notifications",
    "Order Items Archive",
]


@pytest.fixture
def database(up: dict[str, Any]) -> Iterator[Connection]:
    """Open a session of the superuser."""
    with psycopg.connect(up["postgresql"]["url"], autocommit=True) as connection:
        yield connection


def value(connection: Connection, query: str, *parameters: Any) -> Any:
    row = connection.execute(query.encode(), parameters).fetchone()
    assert row
    return row[0]


def login(layout: Layout, role: str, **changed: Any) -> Connection:
    where = layout.endpoints()["postgresql"]
    options = {"password": layout.read_credential(f"database_{role}"), "user": role, **changed}
    return psycopg.connect(host=where["host"], port=where["port"], dbname=where["database"], autocommit=True, **options)


def test_the_platform_is_believable(database: Connection) -> None:
    assert value(database, "SELECT count(*) FROM schools") == 200
    assert value(database, "SELECT count(*) FROM students") == 20000
    assert value(database, "SELECT count(*) FROM orders") >= 200000
    assert value(database, "SELECT max(created_at) > now() - interval '2 days' FROM orders")
    assert value(database, "SELECT count(*) FROM pg_partition_tree('rfid_events') WHERE isleaf") == 6


def test_worn_tables_really_hold_dead_rows(database: Connection) -> None:
    dead = dict(database.execute(DEAD, (WORN,)).fetchall())
    assert sorted(dead) == sorted(WORN)
    assert min(dead.values()) >= 10000


def test_most_tables_need_nothing_and_some_were_never_looked_at(database: Connection) -> None:
    tidy = "SELECT count(*) FROM pg_stat_user_tables WHERE last_vacuum IS NOT NULL AND n_mod_since_analyze = 0"
    assert value(database, tidy) >= 16
    never = "SELECT count(*) FROM pg_stat_user_tables WHERE last_vacuum IS NULL AND n_live_tup > 10000"
    assert value(database, never) >= 12


def test_one_table_is_near_its_own_freeze_limit(database: Connection) -> None:
    age = value(database, "SELECT age(relfrozenxid) FROM pg_class WHERE relname = 'settlements'")
    assert 75000 < age < 100000


def test_indexes_hold_what_index_health_should_find(database: Connection) -> None:
    invalid = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
    assert value(database, invalid) == "guardians_phone_key"
    twice = """SELECT count(*) FROM pg_index AS a JOIN pg_index AS b USING (indrelid, indkey)
        WHERE a.indexrelid < b.indexrelid AND indrelid = 'payments'::regclass"""
    assert value(database, twice) == 1
    assert value(database, "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'orders_quantity_idx'") == 0


def test_autovacuum_is_on_and_pages_have_checksums(database: Connection) -> None:
    names = ("autovacuum", "data_checksums", "fsync", "archive_mode")
    assert [value(database, f"SHOW {name}") for name in names] == ["on"] * 4
    extensions = "SELECT array_agg(extname ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql'"
    assert value(database, extensions) == ["amcheck", "pg_prewarm", "pg_stat_statements", "pgstattuple"]


def test_both_logins_of_the_application_work_as_its_owner(layout: Layout, up: dict[str, Any]) -> None:
    for role in ("hasivu_app_a", "hasivu_app_b"):
        with login(layout, role) as connection:
            assert value(connection, "SELECT current_user") == "hasivu_app"


def test_maintenance_may_vacuum_measure_and_identify(layout: Layout, up: dict[str, Any]) -> None:
    with login(layout, "hasivu_maint") as connection:
        notices: list[str] = []
        connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        connection.execute("VACUUM holidays")
        assert notices == []
        assert value(connection, "SELECT approx_tuple_count FROM pgstattuple_approx('holidays')") == 200
        assert value(connection, "SELECT system_identifier FROM pg_control_system()")


def test_monitoring_cannot_write(layout: Layout, up: dict[str, Any]) -> None:
    with login(layout, "hasivu_monitor") as connection, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("CREATE TABLE notes ()")


def test_a_wrong_password_is_refused(layout: Layout, up: dict[str, Any]) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        login(layout, "hasivu_app_a", password="wrong")


def test_wal_is_archived(database: Connection, up: dict[str, Any]) -> None:
    segment = value(database, "SELECT pg_walfile_name(pg_current_wal_insert_lsn())")
    database.execute("SELECT pg_logical_emit_message(false, 'test', 'mark')")
    database.execute("SELECT pg_switch_wal()")
    assert wait_until(lambda: (Path(up["postgresql"]["wal_archive"]) / segment).exists(), 20)


def test_a_base_backup_was_taken_and_is_whole(layout: Layout, up: dict[str, Any]) -> None:
    backups = Path(up["postgresql"]["base_backups"])
    assert wait_until(lambda: any(backups.glob("*Z")), 60)
    (backup,) = backups.glob("*Z")
    program = Path(layout.endpoints()["postgresql"]["bin"]) / "pg_verifybackup"
    done = subprocess.run([program, "--no-parse-wal", backup], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
