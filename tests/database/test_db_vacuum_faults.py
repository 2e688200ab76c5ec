"""weekly maintenance when something goes wrong: killed, cut off, refused, or on another version of the server."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from ansible_collections.hasivu.ops.plugins.modules import db_vacuum
from throwaway import create_server, older_programs, result_of, run_module, start_module, wait_until

SLOW = {"dead_min": 100, "cost_delay_ms": 20, "cost_limit": 100, "jobs": 1}
NAME = "hasivu-ops/weekly-db/20261122T203000Z-weekly-db-sandbox-4f1c"


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Any]:
    """Run a server that a test may crash."""
    server = create_server(tmp_path)
    yield server
    server.stop()


def make_slow(session: Any, *names: str) -> None:
    for name in names:
        session.execute(f"CREATE TABLE {name} (id int PRIMARY KEY, note text) WITH (fillfactor = 10)")
        session.execute(f"INSERT INTO {name} SELECT n, 'note ' || n FROM generate_series(1, 40000) AS n")
        session.execute("SELECT pg_stat_force_next_flush()")
        session.execute(f"VACUUM (ANALYZE) {name}")
        session.execute(f"DELETE FROM {name} WHERE id <= 30000")
    session.execute("SELECT pg_stat_force_next_flush()")
    session.execute("CHECKPOINT")


def working_sessions(session: Any, name: str = NAME) -> list[dict[str, Any]]:
    return session.execute(
        "SELECT a.pid FROM pg_stat_activity a JOIN pg_stat_progress_vacuum v USING (pid) WHERE application_name = %s",
        (name,),
    ).fetchall()


def sessions(session: Any, name: str = NAME) -> list[dict[str, Any]]:
    return session.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", (name,)).fetchall()


def test_a_server_that_crashes_in_the_middle_leaves_a_run_to_resume(own_server):
    with own_server.connect() as session:
        make_slow(session, "slow")
        running = start_module("db_vacuum", **own_server.login(), **SLOW, application_name=NAME)
        wait_until(lambda: working_sessions(session))
    own_server.crash()
    result = result_of(running)
    assert (result["failed"], result["stop"]) == (True, "resumable")
    assert "PostgreSQL was lost" in result["msg"]
    assert result["tables"][0]["outcome"] == "failed"
    own_server.start()
    again = run_module(db_vacuum.main, **own_server.login(), dead_min=100, resumed_application_name=NAME)
    assert again["summary"]["goal_reached"] is True
    assert again["statistics_reliable"] is False


def test_a_server_that_is_down_is_said_in_a_sentence(own_server):
    own_server.stop()
    result = run_module(db_vacuum.main, **own_server.login())
    assert result["failed"] is True
    assert "cannot be reached" in result["msg"]
    assert "exception" not in result


def test_a_wrong_password_is_said_and_not_shown(database):
    result = run_module(db_vacuum.main, **database.login(password="mistyped-secret"))
    assert result["failed"] is True
    assert "did not let postgres in" in result["msg"]
    assert "mistyped-secret" not in str(result)


def test_an_ended_process_cancels_its_own_sessions_only(database):
    with database.connect() as session, database.connect(application_name="somebody else") as other:
        make_slow(session, "slow")
        other.execute("BEGIN")
        running = start_module("db_vacuum", **database.login(), **SLOW, application_name=NAME)
        wait_until(lambda: working_sessions(session))
        running.terminate()
        result = result_of(running)
        assert (result["failed"], result["stop"]) == (True, "resumable")
        wait_until(lambda: not sessions(session))
        assert other.execute("SELECT 1 AS alive").fetchone() == {"alive": 1}


def test_a_killed_run_is_resumed_once_its_sessions_are_gone(database):
    with database.connect() as session:
        make_slow(session, "slow", "other")
        running = start_module("db_vacuum", **database.login(), **SLOW, application_name=NAME)
        wait_until(lambda: working_sessions(session))
        running.send_signal(signal.SIGKILL)
        running.wait()
        assert sessions(session)
        result = run_module(db_vacuum.main, **database.login(), dead_min=100, resumed_application_name=NAME)
        assert "left behind" in result["notes"][0]
        assert not sessions(session)
        assert {row["outcome"] for row in result["tables"]} == {"done"}


def test_a_run_whose_parent_was_killed_ends_by_itself(database):
    with database.connect() as session:
        make_slow(session, "slow", "other")
        parent = start_module("db_vacuum", under_shell=True, **database.login(), **SLOW, application_name=NAME)
        wait_until(lambda: working_sessions(session))
        parent.kill()
        wait_until(lambda: not sessions(session))
        treated = "SELECT count(*) AS n FROM pg_stat_user_tables WHERE relname IN ('slow', 'other') AND n_dead_tup = 0"
        assert session.execute(treated).fetchone()["n"] < 2


def test_a_table_that_somebody_vacuums_now_is_left_to_them(database):
    with database.connect() as session, database.connect() as other:
        make_slow(session, "slow")
        other.execute("SET vacuum_cost_delay = 20")
        other.execute("SET vacuum_cost_limit = 100")
        working = threading.Thread(target=vacuum_until_cancelled, args=[other])
        working.start()
        wait_until(lambda: session.execute("SELECT 1 FROM pg_stat_progress_vacuum").fetchone())
        result = run_module(db_vacuum.main, **database.login(), dead_min=100)
        other.cancel_safe()
        working.join()
        assert result["tables"] == []
        assert "being vacuumed now" in result["excluded"][0]["reason"]


def vacuum_until_cancelled(session: Any) -> None:
    with contextlib.suppress(psycopg.errors.QueryCanceled):
        session.execute("VACUUM slow")


def test_a_session_ended_by_an_administrator_costs_one_table(database):
    with database.connect() as session:
        make_slow(session, "slow")
        running = start_module("db_vacuum", **database.login(), **SLOW, application_name=NAME)
        victim = wait_until(lambda: working_sessions(session))[0]["pid"]
        session.execute("SELECT pg_terminate_backend(%s)", (victim,))
        result = result_of(running)
        assert result["summary"]["missed"] == ["public.slow"]
        assert "Its session ended" in result["tables"][0]["message"]


def test_the_loss_of_the_lock_ends_the_run(database):
    with database.connect() as session:
        make_slow(session, "slow")
        running = start_module("db_vacuum", **database.login(), **SLOW, application_name=NAME, watch_interval_s=1)
        worker = wait_until(lambda: working_sessions(session))[0]["pid"]
        holder = next(row["pid"] for row in sessions(session) if row["pid"] != worker)
        session.execute("SELECT pg_terminate_backend(%s)", (holder,))
        result = result_of(running)
        assert (result["failed"], result["stop"]) == (True, "resumable")
        wait_until(lambda: not sessions(session))


def test_of_two_runs_started_together_one_works_and_one_is_told(database):
    with database.connect() as session:
        make_slow(session, "slow")
        quick = {**SLOW, "cost_limit": 1000}
        first, second = (
            start_module("db_vacuum", **database.login(), **quick, application_name=f"run {n}") for n in (1, 2)
        )
        results = sorted([result_of(first), result_of(second)], key=lambda result: bool(result.get("failed")))
        assert results[0]["summary"]["goal_reached"] is True
        assert results[1]["stop"] == "locked"
        assert "run " in results[1]["msg"]


def test_a_prepared_transaction_and_a_slot_are_named_as_blockers(database):
    with database.connect() as session:
        make_slow(session, "slow")
        session.execute("CREATE TABLE noted (n int)")
        session.execute("BEGIN")
        session.execute("INSERT INTO noted VALUES (1)")
        session.execute("PREPARE TRANSACTION 'forgotten payment'")
        session.execute("DELETE FROM slow WHERE id > 30000")
        session.execute("SELECT pg_stat_force_next_flush()")
        run_module(db_vacuum.main, **database.login(), dead_min=100)
        session.execute("INSERT INTO slow SELECT n, 'again' FROM generate_series(1, 20000) n")
        session.execute("DELETE FROM slow")
        session.execute("SELECT pg_stat_force_next_flush()")
        result = run_module(db_vacuum.main, **database.login(), dead_min=100, include=["public.slow"])
        session.execute("ROLLBACK PREPARED 'forgotten payment'")
        assert "forgotten payment" in result["tables"][0]["blocker"]


def test_plans_many_small_tables_at_once_even_while_one_is_locked(database):
    with database.connect() as session, database.connect() as ddl:
        for part in range(4):
            session.execute(
                "DO $$ BEGIN FOR n IN 1..500 LOOP EXECUTE format('CREATE TABLE t_%s_%s (id int)', "
                f"{part}, n); END LOOP; END $$"
            )
        session.execute("CREATE TABLE seen (id int)")
        session.execute("INSERT INTO seen SELECT generate_series(1, 5000)")
        session.execute("SELECT pg_stat_force_next_flush()")
        with ddl.transaction():
            ddl.execute("LOCK TABLE t_1_1 IN ACCESS EXCLUSIVE MODE")
            result = run_module(db_vacuum.main, True, **database.login())
        assert [row["table"] for row in result["tables"]] == ["public.seen"]


@pytest.mark.parametrize("programs", older_programs(), ids=lambda path: path.parent.name)
def test_works_on_older_versions(tmp_path, programs):
    server = create_server(tmp_path, programs)
    try:
        with server.connect() as session:
            make_slow(session, "slow")
            session.execute("CREATE TABLE events (id int, at date) PARTITION BY RANGE (at)")
            session.execute(
                "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')"
            )
            session.execute("INSERT INTO events SELECT n, '2026-01-05' FROM generate_series(1, 3000) n")
            session.execute("SELECT pg_stat_force_next_flush()")
            result = run_module(db_vacuum.main, **server.login(), dead_min=100)
            assert {row["table"]: row["outcome"] for row in result["tables"]} == {
                "public.slow": "done", "public.events_1": "done", "public.events": "done",
            }  # fmt: skip
            assert run_module(db_vacuum.main, **server.login(), dead_min=100)["tables"] == []
    finally:
        server.stop()


def test_a_replica_that_falls_behind_makes_us_give_way(own_server, tmp_path):
    with own_server.connect() as session:
        make_slow(session, "slow")
        replica = own_server.replica(tmp_path / "replica")
        try:
            wait_until(lambda: session.execute("SELECT replay_lsn FROM pg_stat_replication").fetchone())
            with replica.connect() as standby:
                standby.execute("SELECT pg_wal_replay_pause()")
                limits = {"max_replica_lag_s": 2, "limit_grace_s": 2, "watch_interval_s": 1}
                result = run_module(db_vacuum.main, **own_server.login(), **SLOW, **limits)
                refused = run_module(db_vacuum.main, **replica.login())
        finally:
            replica.stop()
    row = result["tables"][0]
    assert row["outcome"] == "deferred"
    assert "a replica is" in row["message"]
    assert result["summary"]["missed"] == ["public.slow"]
    assert refused["stop"] == "refused"
    assert "standby" in refused["msg"]


def test_a_role_that_cannot_see_other_sessions_says_so(database, role):
    with database.connect() as session, database.connect() as reader:
        make_slow(session, "slow")
        session.execute(f"GRANT MAINTAIN ON slow TO {role.name}")
        with reader.transaction():
            reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            reader.execute("SELECT count(*) FROM slow")
            session.execute("DELETE FROM slow WHERE id > 30000")
            session.execute("SELECT pg_stat_force_next_flush()")
            login = database.login(role.name, role.password)
            run_module(db_vacuum.main, **login, dead_min=100)
            session.execute("INSERT INTO slow SELECT n, 'x' FROM generate_series(1, 30000) n ON CONFLICT DO NOTHING")
            session.execute("DELETE FROM slow")
            session.execute("SELECT pg_stat_force_next_flush()")
            row = run_module(db_vacuum.main, **login, dead_min=100)["tables"][0]
        assert row["outcome"] == "ineffective"
        assert row["blocker"].startswith("unknown")
