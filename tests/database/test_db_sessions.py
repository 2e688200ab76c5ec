"""db_sessions on a real server: real sessions that last too long, ended or left alone."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.sessions_sql import CANCEL, TERMINATE
from ansible_collections.hasivu.ops.plugins.modules import db_sessions
from throwaway import run_module, wait_until

PASSWORD = "no-secret-of-anybody"
NOW = {"report_minutes": 0.002, "act_minutes": 0.003, "end_minutes": 600, "holder_minutes": 0.001}
STUBBORN = """
DO $$ BEGIN LOOP
  BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END;
END LOOP; END $$
"""


@dataclass(frozen=True)
class Roles:
    """The roles of one test: the application's, its login, one that maintains and one that is neither."""

    application: str
    login: str
    maintainer: str
    other: str


@pytest.fixture
def roles(database: Any) -> Iterator[Roles]:
    names = Roles(*(f"{name}_{database.name}" for name in ("app", "app_a", "maint", "batch")))
    with database.connect() as session:
        session.execute(f"CREATE ROLE {names.application}")
        for name in (names.login, names.maintainer, names.other):
            session.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
        session.execute(f"GRANT {names.application} TO {names.login}")
        session.execute(f"GRANT pg_monitor, pg_signal_backend TO {names.maintainer}")
        session.execute("CREATE TABLE orders (id int PRIMARY KEY)")
        session.execute("INSERT INTO orders SELECT generate_series(1, 20)")
        session.execute("GRANT ALL ON orders TO PUBLIC")
    yield names
    with database.connect() as session:
        ours = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = ANY (%s)"
        session.execute(ours, [[names.login, names.maintainer, names.other]])
        for name in (names.login, names.maintainer, names.other, names.application):
            session.execute(f"DROP ROLE {name}")


def look(database: Any, roles: Roles, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    login = database.login(options.pop("user", roles.maintainer), PASSWORD)
    return run_module(db_sessions.main, check_mode,
                      **{"application_roles": [roles.application], **NOW, **login, **options})  # fmt: skip


@contextlib.contextmanager
def open_transaction(database: Any, user: str, name: str = "web", statement: str = "SELECT 1") -> Iterator[Any]:
    """Leave a transaction open, old enough for the limits of these tests."""
    with (
        contextlib.suppress(psycopg.Error),
        database.connect(user=user, password=PASSWORD, application_name=name) as session,
    ):
        session.execute("BEGIN")
        session.execute(statement)
        wait_for_age(database, session.info.backend_pid)
        yield session


@contextlib.contextmanager
def running(database: Any, user: str, statement: str, name: str = "api") -> Iterator[dict[str, Any]]:
    """Let a session run a statement in a thread; the mapping tells its pid and later how it ended."""
    session = database.connect(user=user, password=PASSWORD, application_name=name)
    state: dict[str, Any] = {"pid": session.info.backend_pid}

    def run() -> None:
        try:
            session.execute(statement)
        except psycopg.Error as error:
            state["error"] = error.sqlstate

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    wait_for_age(database, state["pid"])
    yield state
    with database.connect() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [state["pid"]])
    thread.join(5)
    session.close()


def wait_for_age(database: Any, pid: int) -> None:
    age = "SELECT 1 AS old FROM pg_stat_activity WHERE pid = %s AND state_change < now() - interval '200 ms'"
    with database.connect() as admin:
        wait_until(lambda: admin.execute(age, [pid]).fetchone())


def is_alive(database: Any, pid: int) -> bool:
    with database.connect() as admin:
        return admin.execute("SELECT 1 AS it FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone() is not None


def of(result: dict[str, Any], pid: int) -> dict[str, Any]:
    return next(session for session in result["sessions"] if session["pid"] == pid)


def test_an_idle_transaction_that_blocks_is_ended_under_terminate_and_only_then(database, roles):
    update = "UPDATE public.orders SET id = id WHERE id = 1"
    with (
        open_transaction(database, roles.login, statement=update) as holder,
        running(database, roles.other, "UPDATE public.orders SET id = id") as waiter,
    ):
        pid = holder.info.backend_pid
        for policy in ("off", "cancel"):
            kept = of(look(database, roles, policy=policy), pid)
            assert (kept["action"], kept["blocks"]) == ("report", 1)
        assert is_alive(database, pid)
        rehearsed = look(database, roles, check_mode=True, policy="terminate")
        assert rehearsed["changed"]
        assert of(rehearsed, pid)["action"] == "terminate"
        assert is_alive(database, pid)
        done = look(database, roles, policy="terminate")
        assert done["changed"]
        assert of(done, pid)["outcome"] == "terminated"
        assert "blocks 1 session" in of(done, pid)["reason"]
        assert str(pid) in done["diff"]["before"]
        assert not is_alive(database, pid)
        assert of(done, waiter["pid"])["outcome"] == "none"


def test_a_long_query_is_cancelled_and_its_session_lives_on(database, roles):
    with running(database, roles.login, "SELECT pg_sleep(60)") as query:
        done = look(database, roles, policy="cancel")
        assert of(done, query["pid"])["outcome"] == "cancelled"
        wait_until(lambda: query.get("error"))
        assert query["error"] == "57014"
        assert is_alive(database, query["pid"])


def test_a_query_that_resists_its_cancel_is_ended_only_past_the_last_limit_and_under_terminate(database, roles):
    with running(database, roles.login, STUBBORN) as query:
        pid, short = query["pid"], {"cancel_wait_seconds": 0.6}
        kept = look(database, roles, policy="cancel", end_minutes=0.003, **short)
        assert (of(kept, pid)["outcome"], kept["changed"]) == ("not_ended", False)
        young = look(database, roles, policy="terminate", **short)
        assert of(young, pid)["outcome"] == "not_ended"
        assert any(found["where"] == f"session {pid}" for found in young["findings"])
        assert is_alive(database, pid)
        done = look(database, roles, policy="terminate", end_minutes=0.003, **short)
        assert of(done, pid)["outcome"] == "terminated"
        assert not is_alive(database, pid)


@pytest.mark.parametrize(
    ("name", "statement"),
    [
        ("hasivu-ops/other-run", "SELECT pg_sleep(60)"),
        ("pg_dump", "SELECT pg_sleep(60)"),
        ("prisma-migrate", "SELECT pg_sleep(60)"),
        ("psql", "/* nightly */ COPY (SELECT pg_sleep(60)) TO STDOUT"),
        ("psql", "CREATE TEMPORARY TABLE t AS SELECT FROM pg_sleep(60)"),
    ],
)
def test_work_that_somebody_answers_for_is_left_to_its_owner(database, roles, name, statement):
    with running(database, roles.login, statement, name) as query:
        done = look(database, roles, policy="terminate", end_minutes=0.003)
        assert of(done, query["pid"])["action"] == "page_owner"
        assert is_alive(database, query["pid"])
        assert not done["changed"]
        assert [found["severity"] for found in done["findings"] if str(query["pid"]) in found["where"]][:1] == [
            "advice"
        ]


def test_superusers_and_strangers_are_never_ended(database, roles):
    with database.connect() as superuser, open_transaction(database, roles.other) as stranger:
        superuser.execute("BEGIN")
        superuser.execute("SELECT 1")
        wait_for_age(database, superuser.info.backend_pid)
        done = look(database, roles, policy="terminate", end_minutes=0.003)
        assert of(done, superuser.info.backend_pid)["kind"] == "protected"
        assert of(done, stranger.info.backend_pid)["action"] == "page_owner"
        assert is_alive(database, stranger.info.backend_pid)
        assert superuser.execute("SELECT 1 AS it").fetchone() == {"it": 1}


@pytest.mark.parametrize("statement", [CANCEL, TERMINATE], ids=["cancel", "terminate"])
@pytest.mark.parametrize(
    ("column", "other"),
    [
        ("backend_start", "2026-01-01T00:00:00Z"),
        ("user", "postgres"),
        ("state", "active"),
        ("state_change", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_pid_that_has_gone_to_another_session_is_not_hit(database, roles, statement, column, other):
    seen = """SELECT pid, backend_start, usename AS user, state, state_change FROM pg_stat_activity WHERE pid = %s"""
    with open_transaction(database, roles.login) as session, database.connect() as admin:
        judged = admin.execute(seen, [session.info.backend_pid]).fetchone()
        assert admin.execute(statement, {**judged, column: other}).fetchall() == []
        assert session.execute("SELECT 1 AS it").fetchone() == {"it": 1}


def test_a_role_that_may_not_end_a_session_says_so(database, roles):
    with database.connect() as admin:
        admin.execute(f"REVOKE pg_signal_backend FROM {roles.maintainer}")
    with running(database, roles.login, "SELECT pg_sleep(60)") as query:
        done = look(database, roles, policy="terminate")
        assert of(done, query["pid"])["outcome"] == "not_permitted"
        assert not of(done, query["pid"])["permitted"]
        assert "pg_signal_backend" in str(done["findings"])


def test_sessions_that_cannot_be_seen_are_a_finding(database, roles):
    with database.connect() as admin:
        admin.execute(f"REVOKE pg_monitor FROM {roles.maintainer}")
    with open_transaction(database, roles.login):
        assert any("cannot be seen" in found["what"] for found in look(database, roles)["findings"])


def test_text_of_queries_is_never_returned(database, roles):
    with running(database, roles.login, "SELECT pg_sleep(60), 'asha@example.in'") as query:
        done = look(database, roles)
        assert of(done, query["pid"])["command"] == "SELECT"
        assert "asha" not in str(done)


def test_whatever_holds_back_dead_rows_is_named(database, roles):
    with database.connect() as admin:
        admin.execute("BEGIN")
        admin.execute("INSERT INTO public.orders VALUES (99)")
        admin.execute(f"PREPARE TRANSACTION 'forgotten {database.name}'")
        admin.execute(f"SELECT pg_create_physical_replication_slot('slot_{database.name}', true)")
        try:
            done = look(database, roles, holder_minutes=0)
        finally:
            admin.execute(f"ROLLBACK PREPARED 'forgotten {database.name}'")
            admin.execute(f"SELECT pg_drop_replication_slot('slot_{database.name}')")
        assert done["horizon_limited"]
        held = {holder["id"]: holder for holder in done["holders"]}
        assert held[f"forgotten {database.name}"]["scope"] == "tables"
        assert (held[f"slot_{database.name}"]["limits"], held[f"slot_{database.name}"]["scope"]) == (True, "wal")
        assert not look(database, roles)["horizon_limited"]


def test_a_stop_breaks_off_the_wait_and_can_be_resumed(database, roles, tmp_path):
    stop_file = tmp_path / "stop"
    stop_file.write_text("an operator pressed Ctrl-C")
    with running(database, roles.login, STUBBORN) as query:
        options = {"policy": "terminate", "end_minutes": 0.003, "stop_file": str(stop_file)}
        done = look(database, roles, **options)
        assert done["stop"] == "resumable"
        assert is_alive(database, query["pid"])


def test_the_diagnosis_of_the_provider_is_asked_where_there_is_one(database, roles, tmp_path):
    folder = tmp_path / "extension"
    folder.mkdir()
    (folder / "rds_tools.control").write_text("default_version = '1.0'\nrelocatable = true\n")
    (folder / "rds_tools--1.0.sql").write_text(
        "CREATE FUNCTION postgres_get_av_diag() RETURNS TABLE (blocker text, autovacuum_lag bigint) LANGUAGE sql "
        "AS $$ SELECT 'Active statement', 12::bigint $$;"
    )
    assert look(database, roles)["diagnosis"] == []
    with database.connect() as admin:
        admin.execute("SELECT set_config('extension_control_path', %s, false)", [f"$system:{tmp_path}"])
        admin.execute("CREATE SCHEMA diagnosis")
        admin.execute("CREATE EXTENSION rds_tools SCHEMA diagnosis")
        assert look(database, roles)["diagnosis"] == []
        admin.execute(f"GRANT USAGE ON SCHEMA diagnosis TO {roles.maintainer}")
        assert look(database, roles)["diagnosis"] == [{"blocker": "Active statement", "autovacuum_lag": 12}]
        admin.execute("DROP SCHEMA diagnosis CASCADE")
