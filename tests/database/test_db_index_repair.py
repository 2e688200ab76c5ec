"""db_index_repair on a real server, with indexes that became invalid the way they do in service."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest
from ansible_collections.hasivu.ops.plugins.modules import db_index_repair
from throwaway import run_module, wait_until

TABLE = 'public."Order Items"'


@pytest.fixture
def session(database: Any) -> Any:
    with database.connect() as connection:
        connection.execute(f"CREATE TABLE {TABLE} (id int PRIMARY KEY, total int, same int)")
        connection.execute(f"INSERT INTO {TABLE} SELECT n, n, 1 FROM generate_series(1, 2000) n")
        connection.execute(f"CREATE INDEX by_total ON {TABLE} (total)")
        yield connection


def repair(database: Any, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    login = database.login(options.pop("user", "postgres"), options.pop("password", None))
    return run_module(db_index_repair.main, check_mode, **{"lock_timeout_ms": 300, **login, **options})


def outcomes(result: dict[str, Any]) -> dict[str, str]:
    return {row["index"].removeprefix("public."): row["outcome"] for row in result["indexes"]}


def invalid(session: Any) -> list[str]:
    rows = session.execute("SELECT relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE NOT indisvalid")
    return sorted(row["relname"] for row in rows)


def fail(database: Any, statement: str, hold: bool = True) -> None:
    """Let a concurrent statement fail behind a writer of the table, so that it leaves what it leaves."""
    with database.connect() as writer, database.connect() as worker:
        if hold:
            writer.execute("BEGIN")
            writer.execute(f"LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE")
        worker.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.Error):
            worker.execute(statement)
        writer.rollback()


def test_remnants_are_dropped_and_other_invalid_indexes_rebuilt(database, session):
    fail(database, f"CREATE INDEX CONCURRENTLY interrupted ON {TABLE} (same, total)")
    fail(database, "REINDEX INDEX CONCURRENTLY by_total")
    broken = invalid(session)
    assert len(broken) == 2
    rehearsed = repair(database, check_mode=True)
    assert set(outcomes(rehearsed).values()) == {"planned"}
    assert (rehearsed["changed"], invalid(session)) == (True, broken)
    done = repair(database)
    assert sorted(outcomes(done).values()) == ["dropped", "rebuilt"]
    assert (done["changed"], done["findings"], invalid(session)) == (True, [], [])
    again = repair(database)
    assert (again["changed"], again["indexes"]) == (False, [])


def test_a_rebuild_that_cannot_succeed_leaves_nothing_new_behind(database, session):
    fail(database, f"CREATE UNIQUE INDEX CONCURRENTLY impossible ON {TABLE} (same)", hold=False)
    done = repair(database)
    assert outcomes(done) == {"impossible": "failed"}
    assert not done["changed"]
    assert "could not create unique index" in done["findings"][0]["what"]
    assert invalid(session) == ["impossible"]


def test_an_old_transaction_in_the_way_is_named_and_nothing_is_begun(database, session):
    fail(database, f"CREATE INDEX CONCURRENTLY interrupted ON {TABLE} (same)")
    with database.connect() as writer:
        writer.execute("BEGIN")
        writer.execute(f"LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE")
        writer.execute("SELECT pg_sleep(0.4)")
        done = repair(database)
        assert outcomes(done) == {"interrupted": "blocked"}
        assert str(writer.info.backend_pid) in done["indexes"][0]["message"]
        assert invalid(session) == ["interrupted"]
        writer.rollback()
    assert outcomes(repair(database)) == {"interrupted": "rebuilt"}


def test_a_lock_that_comes_too_late_to_be_seen_ends_as_resumable_and_the_next_run_clears_up(database, session):
    fail(database, f"CREATE INDEX CONCURRENTLY interrupted ON {TABLE} (same)")
    with database.connect() as writer:
        writer.execute("BEGIN")
        writer.execute(f"LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE")
        done = repair(database, lock_timeout_ms=2000)
        assert done["stop"] == "resumable"
        assert "could not be dropped" in done["msg"]
        writer.rollback()
    repair(database)
    assert invalid(session) == []


def test_an_index_that_somebody_is_making_is_left_alone(database, session):
    with database.connect() as writer, database.connect() as maker:
        writer.execute("BEGIN")
        writer.execute(f"LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE")
        statement = f"CREATE INDEX CONCURRENTLY in_the_making ON {TABLE} (same)"
        thread = threading.Thread(target=maker.execute, args=(statement,))
        thread.start()
        wait_until(lambda: invalid(session))
        assert outcomes(repair(database)) == {"in_the_making": "busy"}
        writer.rollback()
        thread.join(10)
    assert invalid(session) == []


def test_a_name_that_only_looks_like_a_remnant_is_rebuilt(database, session):
    fail(database, f"CREATE INDEX CONCURRENTLY price_ccnew ON {TABLE} (same, total)")
    assert outcomes(repair(database)) == {"price_ccnew": "rebuilt"}
    found = session.execute("SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'price_ccnew'::regclass")
    assert found.fetchone() == {"valid": True}


def test_a_partitioned_index_is_left_for_its_partitions(database, session):
    session.execute("CREATE TABLE events (at int) PARTITION BY RANGE (at)")
    session.execute("CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10)")
    session.execute("CREATE INDEX half ON ONLY events (at)")
    assert outcomes(repair(database)) == {"half": "left"}


def test_a_stop_or_a_spent_budget_leaves_the_rest(database, session, tmp_path):
    fail(database, f"CREATE INDEX CONCURRENTLY interrupted ON {TABLE} (same)")
    late = repair(database, deadline="2026-01-01T00:00:00+05:30")
    assert outcomes(late) == {"interrupted": "deferred"}
    assert repair(database, deadline="at three")["stop"] == "bad_input"
    stop_file = tmp_path / "stop"
    stop_file.write_text("an operator pressed Ctrl-C")
    stopped = repair(database, stop_file=str(stop_file))
    assert stopped["stop"] == "resumable"
    assert "Ctrl-C" in stopped["msg"]
    assert invalid(session) == ["interrupted"]


def test_a_role_that_does_not_own_the_table_is_told_so(database, session, role):
    fail(database, f"CREATE INDEX CONCURRENTLY interrupted ON {TABLE} (same)")
    session.execute(f"GRANT USAGE ON SCHEMA public TO {role.name}")
    done = repair(database, user=role.name, password=role.password)
    assert outcomes(done) == {"interrupted": "not_permitted"}
    assert done["findings"][0]["where"] == "public.interrupted"
