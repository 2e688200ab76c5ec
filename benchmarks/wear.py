"""The same wear before every repetition, so that each way of maintenance finds the same work."""

from __future__ import annotations

from benchmarks.miniature import Miniature

# A third of the rows of six tables; a row that is rewritten as it is leaves a dead one.
WORN = ("orders", "payments", "rfid_cards", "deliveries", "notifications", "user_sessions")
REWRITE = "UPDATE {table} SET {column} = {column} WHERE ctid IN (SELECT ctid FROM {table} TABLESAMPLE BERNOULLI (30))"
FIRST_COLUMN = "SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1"


def wear(world: Miniature) -> None:
    """Rewrite rows of the seeded database, and write everything to disk so that nobody inherits that work."""
    with world.session(world.postgresql["database"]) as session:
        for table in WORN:
            (column,) = session.execute(FIRST_COLUMN, [table]).fetchone() or ("",)
            session.execute(REWRITE.format(table=table, column=column))
        session.execute("CHECKPOINT")
