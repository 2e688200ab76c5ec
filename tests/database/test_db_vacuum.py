"""weekly maintenance on a real server: what it does to the tables, seen from outside."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.hasivu.ops.plugins.modules import db_vacuum
from throwaway import run_module, wait_until


def vacuum(database: Any, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    login = database.login(options.pop("user", "postgres"), options.pop("password", None))
    return run_module(db_vacuum.main, check_mode, **{"dead_min": 100, **login, **options})


def need(database: Any, **options: Any) -> dict[str, Any]:
    return vacuum(database, check_mode=True, **options)


def fill(session: Any, table: str, rows: int = 2000, dead: int = 0, fill_factor: int = 100) -> None:
    session.execute(f"CREATE TABLE {table} (id int PRIMARY KEY, note text) WITH (fillfactor = {fill_factor})")
    session.execute(f"INSERT INTO {table} SELECT n, 'note ' || n FROM generate_series(1, {rows}) AS n")
    session.execute("SELECT pg_stat_force_next_flush()")
    session.execute(f"VACUUM (ANALYZE) {table}")
    if dead:
        session.execute(f"DELETE FROM {table} WHERE id <= {dead}")
    session.execute("SELECT pg_stat_force_next_flush()")


def by_name(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["table"]: row for row in result["tables"]}


def counters(session: Any, table: str) -> dict[str, Any]:
    return session.execute(
        "SELECT n_dead_tup AS dead, vacuum_count, analyze_count FROM pg_stat_user_tables WHERE relid = %s::regclass",
        (table,),
    ).fetchone()


def test_treats_tables_in_need_and_no_other(database):
    with database.connect() as session:
        fill(session, "bloated", dead=1000)
        fill(session, "healthy")
        fill(session, '"Order Items"', dead=1000)
        result = vacuum(database)
        rows = by_name(result)
        assert result["changed"] is True, result
        assert set(rows) == {"public.bloated", 'public."Order Items"'}
        assert all(row["outcome"] == "done" for row in rows.values())
        assert counters(session, "bloated") == {"dead": 0, "vacuum_count": 2, "analyze_count": 2}
        assert counters(session, "healthy")["vacuum_count"] == 1
        assert result["summary"]["goal_reached"] is True
        assert result["summary"]["dead_before"] == 2000
        assert result["summary"]["dead_after"] == 0
        assert "public.bloated: vacuum, 1,000 dead rows" in result["diff"]["before"]
        again = vacuum(database)
        assert again["changed"] is False
        assert again["tables"] == []


def test_rehearsal_names_the_same_tables_and_writes_nothing(database):
    with database.connect() as session:
        fill(session, "bloated", dead=1000)
        fill(session, "healthy")
        before = session.execute("SELECT pg_current_wal_flush_lsn() AS lsn").fetchone()["lsn"]
        result = vacuum(database, check_mode=True)
        session.execute("SELECT pg_switch_wal()")
        assert database.server.wal_since(before) == []
        assert [(row["table"], row["outcome"]) for row in result["tables"]] == [("public.bloated", "planned")]
        assert result["changed"] is True
        assert counters(session, "bloated")["dead"] == 1000
        assert [row["table"] for row in need(database)["tables"]] == ["public.bloated"]


def test_a_vacuum_without_effect_names_its_blocker(database):
    with database.connect() as session, database.connect(application_name="monthly-export") as reader:
        fill(session, "bloated")
        with reader.transaction():
            reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            reader.execute("SELECT count(*) FROM bloated")
            session.execute("DELETE FROM bloated WHERE id <= 1000")
            session.execute("SELECT pg_stat_force_next_flush()")
            result = vacuum(database)
        row = by_name(result)["public.bloated"]
        assert row["outcome"] == "ineffective"
        assert "monthly-export" in row["blocker"]
        assert result["summary"]["goal_reached"] is False
        assert by_name(vacuum(database))["public.bloated"]["outcome"] == "done"


def test_a_table_under_ddl_is_tried_again_and_then_named(database):
    with database.connect() as session, database.connect() as ddl:
        fill(session, "bloated", dead=1000)
        fill(session, "busy", dead=1000)
        with ddl.transaction():
            ddl.execute("LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
            result = vacuum(database, retry_pause_s=0, lock_timeout_ms=100)
        rows = by_name(result)
        assert rows["public.busy"]["outcome"] == "skipped_locked"
        assert rows["public.bloated"]["outcome"] == "done"
        assert result["summary"]["missed"] == ["public.busy"]


def test_a_lock_that_ends_soon_costs_only_a_second_try(database):
    with database.connect() as session, database.connect() as ddl:
        fill(session, "busy", dead=1000)
        ddl.execute("BEGIN")
        ddl.execute("LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
        ending = threading.Timer(1.0, lambda: ddl.execute("ROLLBACK"))
        ending.start()
        result = vacuum(database, retry_pause_s=2)
        ending.join()
        assert by_name(result)["public.busy"]["outcome"] == "done"


def test_freezes_a_table_below_its_own_limit(database):
    with database.connect() as session:
        fill(session, "ledger")
        session.execute("ALTER TABLE ledger SET (autovacuum_freeze_max_age = 100000)")
        burn_transactions(session, 90_000)
        row = by_name(vacuum(database))["public.ledger"]
        assert (row["need"], row["outcome"]) == ("freeze", "done"), row
        age = session.execute("SELECT age(relfrozenxid) AS age FROM pg_class WHERE relname = 'ledger'").fetchone()
        assert age["age"] < 75_000


def test_an_emergency_does_the_least_that_saves_the_table(database):
    with database.connect() as session:
        fill(session, "ledger", dead=500)
        burn_transactions(session, 2_000)
        result = vacuum(database, emergency_age=2_000, emergency_warn_age=1_000, include=["public.ledger"])
        row = by_name(result)["public.ledger"]
        assert row["emergency"] is True
        assert {found["what"][:3] for found in result["findings"]} == {"P0:"}
        assert counters(session, "ledger")["analyze_count"] == 1


def burn_transactions(session: Any, count: int) -> None:
    session.execute("CREATE TABLE IF NOT EXISTS burnt (n int)")
    session.execute(
        f"DO $$ BEGIN FOR n IN 1..{count} LOOP BEGIN INSERT INTO burnt VALUES (n); EXCEPTION WHEN division_by_zero THEN"
        " END; END LOOP; END $$"
    )
    session.execute("DROP TABLE burnt")


def test_a_role_without_rights_is_told_which_tables_it_may_not_treat(database, role):
    with database.connect() as session:
        fill(session, "bloated", dead=1000)
        fill(session, "granted", dead=1000)
        session.execute(f"GRANT MAINTAIN ON granted TO {role.name}")
        result = vacuum(database, user=role.name, password=role.password)
        rows = by_name(result)
        assert rows["public.bloated"]["outcome"] == "not_permitted"
        assert rows["public.granted"]["outcome"] == "done"
        assert result["summary"]["missed"] == ["public.bloated"]
        assert by_name(need(database, user=role.name, password=role.password))["public.bloated"]["permitted"] is False


def test_a_partitioned_parent_is_analysed_after_its_partitions(database):
    with database.connect() as session:
        session.execute("CREATE TABLE events (id int, at date) PARTITION BY RANGE (at)")
        session.execute("CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')")
        session.execute("CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')")
        session.execute("INSERT INTO events SELECT n, '2026-01-05' FROM generate_series(1, 3000) n")
        session.execute("SELECT pg_stat_force_next_flush()")
        assert [row["outcome"] for row in vacuum(database)["tables"]] == ["done", "done"]
        count = session.execute(
            "SELECT count(*) AS n FROM pg_stats WHERE tablename = 'events' AND inherited"
        ).fetchone()
        assert count["n"] == 2
        assert vacuum(database)["tables"] == []
        session.execute("UPDATE events SET id = id + 1")
        session.execute("SELECT pg_stat_force_next_flush()")
        assert [row["table"] for row in vacuum(database)["tables"]] == ["public.events_1", "public.events"]
        assert vacuum(database)["tables"] == []


def test_counters_lost_in_a_crash_do_not_hide_the_tables(database):
    with database.connect() as session:
        fill(session, "large", rows=20_000)
        fill(session, "small", rows=50)
        session.execute("SELECT pg_stat_reset()")
        result = vacuum(database, dead_min=10_000)
        assert result["statistics_reliable"] is False
        needs = {row["table"]: (row["need"], row["outcome"]) for row in result["tables"]}
        assert needs == {"public.large": ("vacuum", "done"), "public.small": ("analyze", "done")}
        assert vacuum(database, dead_min=10_000)["tables"] == []


def test_a_second_run_is_told_who_holds_the_lock(database):
    with database.connect(application_name="hasivu-ops/weekly-db/first") as first:
        first.execute("SELECT pg_advisory_lock(hashtextextended('hasivu-ops:weekly-db', 0))")
        for check_mode in (False, True):
            result = vacuum(database, check_mode=check_mode)
            assert (result["failed"], result["stop"]) == (True, "locked")
            assert "hasivu-ops/weekly-db/first" in result["msg"]
            assert result["holder"]["pid"] == first.info.backend_pid


def test_time_that_is_over_or_out_of_bounds_is_refused(database):
    past = datetime.now(UTC) - timedelta(hours=1)
    assert vacuum(database, window_started=past.isoformat())["stop"] == "budget"
    assert vacuum(database, jobs=5)["stop"] == "bad_input"
    assert vacuum(database, include=["public.ordrs"])["stop"] == "bad_input"
    assert "public.ordrs" in vacuum(database, include=["public.ordrs"])["msg"]


def test_what_does_not_fit_the_time_is_deferred_and_alerted_the_second_week(database):
    with database.connect() as session:
        fill(session, "bloated", dead=1000)
        slow = [{"table": "public.bloated", "outcome": "done", "need": "vacuum", "seconds": 1000.0, "bytes": 1000},
                {"table": "public.bloated", "outcome": "deferred", "need": "vacuum"}]  # fmt: skip
        soon = datetime.now(UTC) + timedelta(seconds=60)
        result = vacuum(database, previous_tables=slow, deadline=soon.isoformat())
        assert by_name(result)["public.bloated"]["outcome"] == "deferred"
        assert result["summary"]["goal_reached"] is True
        assert result["summary"]["budget_spent"] is True
        assert "second run in a row" in result["findings"][0]["what"]
        assert counters(session, "bloated")["dead"] == 1000


def test_a_stop_file_ends_the_run_as_resumable(database, tmp_path):
    stop_file = tmp_path / "stop"
    stop_file.write_text("the operator pressed Ctrl-C")
    with database.connect() as session:
        slow_table(session, "slow")
        result = vacuum(database, stop_file=str(stop_file), stop_grace_s=0, cost_delay_ms=20, cost_limit=100)
        assert (result["failed"], result["stop"]) == (True, "resumable")
        assert "Ctrl-C" in result["msg"]
        assert by_name(result)["public.slow"]["outcome"] == "deferred"
        assert vacuum(database)["summary"]["goal_reached"] is True


def slow_table(session: Any, name: str) -> None:
    """Make a table whose vacuum takes long at a low cost limit, for its clean pages are dear to write."""
    fill(session, name, rows=40_000, dead=30_000, fill_factor=10)
    session.execute("CHECKPOINT")


def test_a_deadline_in_the_middle_of_a_table_caps_it_without_blame(database, tmp_path):
    with database.connect() as session:
        slow_table(session, "slow")
        deadline = datetime.now(UTC) + timedelta(seconds=4)
        result = vacuum(database, deadline=deadline.isoformat(), cost_delay_ms=20, cost_limit=100,
                        watch_interval_s=1, progress_file=str(tmp_path / "progress"))  # fmt: skip
        assert by_name(result)["public.slow"]["outcome"] == "time_capped"
        assert result["summary"]["goal_reached"] is True
        assert result["summary"]["budget_spent"] is True
        messages = [json.loads(line)["message"] for line in (tmp_path / "progress").read_text().splitlines()]
        assert any(message.startswith("Treating public.slow: scanning heap") for message in messages), messages


def test_a_session_that_waits_for_us_makes_us_give_way(database):
    with database.connect() as session, database.connect() as ddl:
        slow_table(session, "slow")

        def alter() -> None:
            wait_until(lambda: session.execute("SELECT FROM pg_stat_progress_vacuum").fetchall())
            ddl.execute("ALTER TABLE slow ADD COLUMN extra int")

        altering = threading.Thread(target=alter)
        altering.start()
        result = vacuum(database, cost_delay_ms=20, cost_limit=100, watch_interval_s=1, limit_grace_s=1)
        altering.join()
        row = by_name(result)["public.slow"]
        assert row["outcome"] == "deferred"
        assert "waits for a lock" in row["message"]
        assert result["summary"]["missed"] == ["public.slow"]


def test_a_table_dropped_after_the_plan_is_gone_and_no_fault(database):
    with database.connect() as session, database.connect() as ddl:
        fill(session, "doomed", dead=1000)
        ddl.execute("BEGIN")
        ddl.execute("DROP TABLE doomed")
        tried = "SELECT FROM pg_stat_activity WHERE query LIKE 'VACUUM%doomed%' AND state = 'idle'"

        def commit() -> None:
            wait_until(lambda: session.execute(tried).fetchall())
            ddl.execute("COMMIT")

        ending = threading.Thread(target=commit)
        ending.start()
        result = vacuum(database, retry_pause_s=4)
        ending.join()
        assert by_name(result)["public.doomed"]["outcome"] == "gone"
        assert result["summary"]["goal_reached"] is True
