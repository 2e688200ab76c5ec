"""db_query_info on a real server: what it returns, and what the server keeps it from doing."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.modules import db_query_info
from throwaway import run_module


def query(database: Any, statement: str, **options: Any) -> dict[str, Any]:
    login = database.login(options.pop("user", "postgres"), options.pop("password", None))
    return run_module(db_query_info.main, **{"query": statement, **login, **options})


VALUES = [
    ("timestamptz '2026-11-23 02:00+05:30'", "2026-11-22T20:30:00Z"),
    ("timestamp '2026-11-23 02:00'", "2026-11-23T02:00:00"),
    ("interval '1 day 1 second'", 86401.0),
    ("12::numeric", 12),
    ("1.25::numeric", 1.25),
    ("'NaN'::float8", "nan"),
    ("'\\x00ff'::bytea", "\\x00ff"),
    ("ARRAY[1.0, NULL, 2.5]", [1, None, 2.5]),
    ("""'{"at": [1, true]}'::jsonb""", {"at": [1, True]}),
    ("inet '10.0.0.1'", "10.0.0.1"),
    ("date '2026-02-01'", "2026-02-01"),
    ("NULL::int", None),
]
FORBIDDEN = [
    "DELETE FROM t",
    "WITH gone AS (DELETE FROM t RETURNING id) SELECT * FROM gone",
    "SELECT 1 AS one; DELETE FROM t",
    "SELECT 1 AS one; COMMIT; SET default_transaction_read_only = off; DELETE FROM t",
    "DO $$ BEGIN PERFORM set_config('default_transaction_read_only', 'off', false); COMMIT; DELETE FROM t; END $$",
    "ANALYZE t",
    "SELECT id FROM t FOR UPDATE",
    "SELECT public.remove()",
    "SELECT nextval('public.numbers')",
]


def test_values_are_safe_for_json(database):
    columns = ", ".join(f"{expression} AS c{number}" for number, (expression, _) in enumerate(VALUES))
    row = query(database, f"SELECT {columns}")["rows"][0]
    assert list(row.values()) == [value for _, value in VALUES]


def test_arguments_are_values_and_never_part_of_the_statement(database):
    text = "x'; DROP TABLE t; --"
    assert query(database, "SELECT %s::text AS it", positional_args=[text])["rows"] == [{"it": text}]
    assert query(database, "SELECT %(it)s::text AS it", named_args={"it": text})["rows"] == [{"it": text}]


def test_nothing_can_be_written_through_it(database):
    with database.connect() as session:
        session.execute("CREATE TABLE t (id int)")
        session.execute("INSERT INTO t VALUES (1)")
        session.execute("CREATE SEQUENCE numbers")
        session.execute("CREATE FUNCTION remove() RETURNS void LANGUAGE sql AS 'DELETE FROM public.t'")
        stops = {text: query(database, text.replace(" t", " public.t")).get("stop") for text in FORBIDDEN}
        assert stops == dict.fromkeys(FORBIDDEN, "bad_input")
        assert session.execute("SELECT count(*) AS rows FROM t").fetchone() == {"rows": 1}
        assert session.execute("SELECT is_called FROM numbers").fetchone() == {"is_called": False}
        analyzed = session.execute("SELECT count(*) AS rows FROM pg_stats WHERE tablename = 't'").fetchone()
        assert analyzed == {"rows": 0}


def test_a_long_answer_is_refused_and_not_shortened(database):
    result = query(database, "SELECT n FROM generate_series(1, 4) n", max_rows=3)
    assert result["stop"] == "bad_input"
    assert "more than 3 rows" in result["msg"]
    assert query(database, "SELECT n FROM generate_series(1, 3) n", max_rows=3)["rowcount"] == 3


def test_two_columns_of_one_name_are_refused(database):
    assert "AS" in query(database, "SELECT 1, 2")["msg"]


def test_a_query_that_takes_too_long_is_ended_by_the_server(database):
    result = query(database, "SELECT pg_sleep(30)::text AS it", timeout_seconds=1)
    assert result["sqlstate"] == "57014"
    assert result["stop"] == "finding"


def test_a_missing_right_is_a_finding_and_a_wrong_name_an_input(database, role):
    with database.connect() as session:
        session.execute("CREATE TABLE private (id int)")
    login = {"user": role.name, "password": role.password}
    assert query(database, "SELECT id FROM public.private", **login)["stop"] == "finding"
    assert query(database, "SELECT id FROM public.nothing", **login)["stop"] == "bad_input"


def test_it_works_the_same_in_check_mode(database):
    result = run_module(db_query_info.main, True, query="SELECT 1 AS one", **database.login())
    assert (result["rows"], result["changed"]) == ([{"one": 1}], False)
