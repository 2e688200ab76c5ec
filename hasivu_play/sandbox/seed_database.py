"""The seeded database: schools, orders, payments and cards, after a week without maintenance."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import Any

import psycopg
from psycopg import sql

from hasivu_play.sandbox.credentials import DATABASE_ROLES
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.postgresql import Cluster

DATABASE = "hasivu_sandbox"
OWNER = "hasivu_app"
# One stage after another; the sequences of a stage run beside each other, each in a session of its own.
STAGES = (
    (
        ("load_orders.sql", "constraints_orders.sql"),
        ("load_items.sql", "constraints_items.sql"),
        ("load_platform.sql", "constraints_platform.sql"),
    ),
    (("references.sql",), ("views.sql", "habits.sql")),
    (("wear_orders.sql",), ("wear_platform.sql",)),
    (("tidy.sql",), ("burn_transactions.sql",)),
)
CLOSED_PARTITIONS = """
    SELECT format('VACUUM (ANALYZE) %I', relid::regclass::text) FROM pg_partition_tree('rfid_events')
    WHERE isleaf AND relid::regclass::text < 'rfid_events_' || to_char(now() - interval '1 month', 'YYYY_MM')
"""

Connection = psycopg.Connection[tuple[Any, ...]]


def seed_database(cluster: Cluster, layout: Layout) -> None:
    """Fill a fresh cluster that was started for loading."""
    with cluster.connect() as connection:
        run_script(connection, "roles.sql")
        set_passwords(connection, layout)
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER hasivu_admin").format(sql.Identifier(DATABASE)))
    with cluster.connect(DATABASE) as connection:
        run_script(connection, "database.sql")
    run_as_owner(cluster, ["schema.sql"])
    for stage in STAGES:
        run_stage(cluster, stage)
    tidy_partitions(cluster)
    leave_invalid_index(cluster)


def run_stage(cluster: Cluster, sequences: Sequence[Sequence[str]]) -> None:
    """Run the sequences of a stage beside each other and wait for the last."""
    with ThreadPoolExecutor(len(sequences)) as sessions:
        for finished in [sessions.submit(run_as_owner, cluster, scripts) for scripts in sequences]:
            finished.result()


def run_as_owner(cluster: Cluster, scripts: Sequence[str]) -> None:
    """Run scripts one after another as the role that owns what they create."""
    with cluster.connect(DATABASE) as connection:
        connection.execute(sql.SQL("SET role TO {}").format(sql.Identifier(OWNER)))
        for script in scripts:
            run_script(connection, script)


def run_script(connection: Connection, name: str) -> None:
    """Run a file of SQL statements, in one transaction if they are several."""
    script = resources.files("hasivu_play.sandbox").joinpath("sql", name).read_bytes()
    connection.execute(script)


def set_passwords(connection: Connection, layout: Layout) -> None:
    """Give each role its password as a SCRAM verifier, which no log of the server and no statistics hold."""
    connection.execute("SET pg_stat_statements.track_utility TO off")
    for role in DATABASE_ROLES:
        password = layout.read_credential(f"database_{role}")
        verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
        connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier.decode()))
        )


def tidy_partitions(cluster: Cluster) -> None:
    """Vacuum the partitions of months that are over; the newer ones and the parent stay as they are."""
    with cluster.connect(DATABASE) as connection:
        for (statement,) in connection.execute(CLOSED_PARTITIONS).fetchall():
            connection.execute(statement)


def leave_invalid_index(cluster: Cluster) -> None:
    """Fail to build a unique index over telephone numbers that stand twice, as somebody once did."""
    with cluster.connect(DATABASE) as connection:
        connection.execute(sql.SQL("SET role TO {}").format(sql.Identifier(OWNER)))
        try:
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY guardians_phone_key ON guardians (phone)")
        except psycopg.errors.UniqueViolation:
            return
