"""Faults on demand, felt from outside, and gone when they are cleared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from hasivu_play.errors import StoppedError, UsageError
from hasivu_play.sandbox import faults, supervisor
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.waiting import wait_until

pytestmark = pytest.mark.xdist_group("own-sandbox")
SESSIONS = "SELECT state FROM pg_stat_activity WHERE application_name = %s"


@pytest.fixture(autouse=True)
def cleared(layout: Layout, up: dict[str, Any]) -> Iterator[None]:
    """Leave no fault behind."""
    yield
    faults.clear(layout, None)


def rows(up: dict[str, Any], query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(up["postgresql"]["url"], autocommit=True) as connection:
        return connection.execute(query.encode(), parameters).fetchall()


@pytest.mark.parametrize(
    ("name", "application", "state"),
    [
        ("idle-in-transaction", "hasivu-api order-import", "idle in transaction"),
        ("long-query", "hasivu-api sales-report", "active"),
        ("pinned-xmin", "monthly-export", "idle in transaction"),
    ],
)
def test_a_session_stands_in_the_way_until_it_is_cleared(
    layout: Layout, up: dict[str, Any], name: str, application: str, state: str
) -> None:
    faults.inject(layout, name)
    faults.inject(layout, name)
    assert rows(up, SESSIONS, application) == [(state,)]
    faults.clear(layout, name)
    assert rows(up, SESSIONS, application) == []


def test_a_session_ends_by_itself(layout: Layout, up: dict[str, Any]) -> None:
    faults.inject(layout, "idle-in-transaction", seconds=1)
    assert wait_until(lambda: not rows(up, SESSIONS, "hasivu-api order-import"), 60)
    assert wait_until(lambda: not faults.active(layout), 60)


def test_a_forgotten_writer_writes_on_although_its_session_is_ended(layout: Layout, up: dict[str, Any]) -> None:
    readings = "SELECT count(*) FROM rfid_events WHERE card_id = 1 AND reader_id = 1"
    application = "canteen-kiosk-import"
    faults.inject(layout, "forgotten-writer")
    ended = rows(
        up, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s", application
    )
    assert ended == [(True,)]
    before = rows(up, readings)
    assert wait_until(lambda: rows(up, readings) > before, 60)
    faults.clear(layout, "forgotten-writer")
    assert rows(up, SESSIONS, application) == []


def test_a_migration_locks_the_orders(layout: Layout, up: dict[str, Any]) -> None:
    faults.inject(layout, "ddl-lock")
    with psycopg.connect(up["postgresql"]["url"], autocommit=True) as connection:
        connection.execute("SET lock_timeout TO '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            connection.execute("SELECT count(*) FROM orders")


def test_a_fault_that_does_not_come_about_is_taken_back(layout: Layout, up: dict[str, Any]) -> None:
    with psycopg.connect(up["postgresql"]["url"]) as busy:
        busy.execute("LOCK TABLE orders IN ACCESS SHARE MODE")
        with pytest.raises(StoppedError, match="could not be brought about"):
            faults.inject(layout, "ddl-lock")
    assert faults.active(layout) == []


def test_a_forgotten_slot_comes_and_goes(layout: Layout, up: dict[str, Any]) -> None:
    faults.inject(layout, "inactive-slot")
    assert rows(up, "SELECT active FROM pg_replication_slots") == [(False,)]
    faults.clear(layout, "inactive-slot")
    assert rows(up, "SELECT active FROM pg_replication_slots") == []


@pytest.mark.parametrize(("name", "part"), [("database-down", "postgresql"), ("kubernetes-down", "kubernetes")])
def test_a_part_stays_down_until_the_fault_is_cleared(layout: Layout, up: dict[str, Any], name: str, part: str) -> None:
    faults.inject(layout, name)
    said: list[str] = []
    status = supervisor.up(layout, said.append)
    assert status[part]["healthy"] is False
    assert status[part]["fault"] == name
    assert said == [f"{part} stays down: the fault {name} is on"]
    faults.clear(layout, name)
    assert supervisor.status(layout)[part]["healthy"] is True


def test_a_part_comes_back_when_the_time_is_over(layout: Layout, up: dict[str, Any]) -> None:
    faults.inject(layout, "redis-down", seconds=5)
    assert supervisor.status(layout)["redis"]["healthy"] is False
    assert wait_until(lambda: supervisor.status(layout)["redis"]["healthy"], 60)


def test_a_fault_in_a_database_that_is_down_is_refused(layout: Layout, up: dict[str, Any]) -> None:
    faults.inject(layout, "database-down")
    with pytest.raises(UsageError, match="needs postgresql, which is down"):
        faults.inject(layout, "pinned-xmin")
