"""A database of 300 tables of which 30 need work, beside the seeded one in the same server."""

from __future__ import annotations

from benchmarks import traffic
from benchmarks.clock import tell
from benchmarks.miniature import Miniature

NAME = "hasivu_wide"
OWNER = "hasivu_app"
TABLES, WORN, ROWS = 300, 30, 40_000
EXTENSIONS = ("pg_stat_statements", "pgstattuple")
# A table as an ordering platform has them: keys, a state, sums, times, a text, two indexes.
TABLE = """
CREATE TABLE wide_{number} AS
SELECT i AS id, i % 97 AS school, i % 4999 AS student, i % 7 AS state, (i % 5000) / 100.0 AS amount,
       timestamptz '2026-01-01' + i * interval '1 minute' AS created_at,
       timestamptz '2026-01-02' + i * interval '1 minute' AS updated_at, md5(i::text) AS reference
  FROM generate_series(1, {rows}) AS i;
ALTER TABLE wide_{number} ADD PRIMARY KEY (id);
CREATE INDEX ON wide_{number} (student, created_at);
"""
REWRITE = "UPDATE wide_{number} SET state = state + 1 WHERE id % 10 < 4"


def create(world: Miniature) -> None:
    """Make the database, its tables and those of the concurrent traffic, all of them tidy."""
    tell(f"  making {TABLES} tables")
    with world.session("postgres") as session:
        session.execute(f"CREATE DATABASE {NAME} OWNER {OWNER}")
    with world.session(NAME) as session:
        for extension in EXTENSIONS:
            session.execute(f"CREATE EXTENSION {extension}")
        session.execute(f"SET role TO {OWNER}")
        session.execute("SET synchronous_commit TO off")
        for number in range(TABLES):
            session.execute(TABLE.format(number=number, rows=ROWS))
    traffic.create_tables(world, NAME)
    with world.session(NAME) as session:
        session.execute("VACUUM (ANALYZE)")


def wear(world: Miniature) -> None:
    """Leave dead rows in every tenth table, and write everything to disk so that nobody inherits that work."""
    with world.session(NAME) as session:
        for number in range(0, TABLES, TABLES // WORN):
            session.execute(REWRITE.format(number=number))
        session.execute("CHECKPOINT")


def check_vacuumed(world: Miniature) -> None:
    """Make sure that a run did the work of the worn tables, for skipping it would be fast as well."""
    with world.session(NAME) as session:
        (dead,) = session.execute("SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables "
                                  "WHERE relname LIKE 'wide%'").fetchone() or (0,)  # fmt: skip
    assert dead < TABLES, f"{dead} dead rows are left, so the work that was timed was not done"
