"""db_index_info on a real server: what it advises, and what it must never advise."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.modules import db_index_info
from throwaway import run_module

SCHEMA = """
CREATE TABLE schools (id int PRIMARY KEY, name text);
CREATE TABLE orders (id int PRIMARY KEY, school int REFERENCES schools, student int REFERENCES schools,
                     code int UNIQUE, state text, total int);
INSERT INTO schools VALUES (1, 'one');
INSERT INTO orders SELECT n, 1, 1, n, 'paid', n FROM generate_series(1, 1000) n;
CREATE INDEX by_student ON orders (student);
CREATE INDEX by_total ON orders (total);
CREATE INDEX by_total_again ON orders (total);
CREATE INDEX by_total_down ON orders (total DESC);
CREATE INDEX by_total_of_paid ON orders (total) WHERE state = 'paid';
CREATE INDEX by_code ON orders (code);
CREATE INDEX by_state ON orders (state);
CREATE INDEX by_state_total ON orders (state, total);
CREATE INDEX by_lower ON orders (lower(state));
CREATE INDEX by_lower_again ON orders ( lower( state ) );
CREATE TABLE events (at int, school int) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10);
CREATE INDEX events_by_school ON events (school);
CREATE INDEX half ON ONLY events (at);
"""


def examine(database: Any, **options: Any) -> dict[str, Any]:
    login = database.login(options.pop("user", "postgres"), options.pop("password", None))
    return run_module(db_index_info.main, **login, **options)


def names(entries: list[dict[str, Any]]) -> set[str]:
    return {entry["index"].removeprefix("public.") for entry in entries}


def test_every_kind_is_found_and_what_is_needed_is_spared(database):
    with database.connect() as session:
        session.execute(SCHEMA)
        for statement in ("ANALYZE", "SELECT count(*) FROM orders WHERE total = 5"):
            session.execute(statement)
        result = examine(database, unused_days=0)
    assert names(result["duplicates"]) == {"by_total_again", "by_lower_again"}
    assert names(result["redundant"]) == {"by_code", "by_state"}
    assert names(result["invalid"]) == {"half"}
    assert {entry["constraint"] for entry in result["missing_fk"]} == {"orders_school_fkey"}
    assert "by_student" not in names(result["unused"])
    assert names(result["unused"]) >= {"by_total_down", "by_total_of_paid", "by_state_total", "events_by_school"}
    assert not {"orders_pkey", "orders_code_key", "events_1_school_idx", "by_total_again"} & names(result["unused"])
    assert "CREATE INDEX by_lower_again" in str(result["findings"])
    assert {found["severity"] for found in result["findings"]} == {"advice"}


def test_a_long_list_is_cut_and_says_so(database):
    with database.connect() as session:
        session.execute(SCHEMA)
        whole, cut = examine(database, unused_days=0), examine(database, unused_days=0, limit=1)
    assert len(whole["unused"]) > 1
    assert whole["notes"] == []
    assert len(cut["unused"]) == 1
    assert f"{len(whole['unused']) - 1} more of unused are not listed" in cut["notes"][0] + cut["notes"][-1]


def test_young_statistics_call_nothing_unused_and_say_so(database):
    with database.connect() as session:
        session.execute(SCHEMA)
    result = examine(database)
    assert result["unused"] == []
    assert not result["statistics"]["old_enough"]
    assert any("too short a time" in note for note in result["notes"])


def test_bloat_is_estimated_and_confirmed_by_measurement(database):
    with database.connect() as session:
        session.execute("CREATE EXTENSION pgstattuple")
        session.execute("CREATE TABLE bloated (id int PRIMARY KEY, note text) WITH (fillfactor = 100)")
        session.execute("CREATE TABLE tight (id int PRIMARY KEY, note text)")
        for table in ("bloated", "tight"):
            session.execute(f"INSERT INTO {table} SELECT n, 'note ' || n FROM generate_series(1, 30000) n")
        session.execute("DELETE FROM bloated WHERE id % 10 <> 0 AND id < 29000")
        session.execute("VACUUM (ANALYZE, TRUNCATE FALSE) bloated, tight")
        result = examine(database, bloat_min_bytes=100_000)
        estimated = examine(database, bloat_min_bytes=100_000, confirm=0)
        measured = session.execute("SELECT free_space + dead_tuple_len AS bytes FROM pgstattuple('bloated')").fetchone()
    entries = {entry["name"]: entry for entry in result["bloat"]}
    assert set(entries) == {"public.bloated", "public.bloated_pkey"}
    assert all(entry["confirmed_bytes"] is not None for entry in entries.values())
    table = entries["public.bloated"]
    assert abs(table["estimated_bytes"] - measured["bytes"]) < 0.2 * table["bytes"]
    assert {entry["confirmed_bytes"] for entry in estimated["bloat"]} == {None}
    assert "estimated" in estimated["bloat"][0]["reason"]


def test_a_role_without_rights_learns_that_bloat_is_unknown(database, role):
    with database.connect() as session:
        session.execute("CREATE TABLE secret (id int)")
        session.execute("INSERT INTO secret SELECT generate_series(1, 10000)")
        session.execute("VACUUM (ANALYZE) secret")
    result = examine(database, bloat_min_bytes=100_000, user=role.name, password=role.password)
    assert result["bloat"] == []
    assert any("bloat is unknown" in note for note in result["notes"])


def test_it_waits_for_nobody_who_alters_a_table_and_writes_nothing(database):
    with database.connect() as session, database.connect() as ddl:
        session.execute(SCHEMA)
        session.execute("ANALYZE")
        ddl.execute("BEGIN")
        ddl.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        session.execute("CHECKPOINT")
        lsn = session.execute("SELECT pg_current_wal_lsn()::text AS lsn").fetchone()["lsn"]
        result = examine(database, unused_days=0)
        assert result["duplicates"]
        # A reader may prune a page of a catalog; what has a transaction would be ours.
        assert [line for line in database.server.wal_since(lsn) if "tx:          0," not in line] == []
