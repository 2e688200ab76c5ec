# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A write as the application would make it, and taken back: the proof that a login can work."""

from __future__ import annotations

from typing import Any

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # The caller says so before anything of it is used.
    psycopg = None

A_COLUMN = """
SELECT attname FROM pg_attribute
 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity <> 'a'
 ORDER BY attnum LIMIT 1
"""
# One row that nobody holds now is set to what it is.
WRITE = """
UPDATE {table} SET {column} = {column}
 WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} LIMIT 1 FOR UPDATE SKIP LOCKED))
"""


def write_and_take_back(connection: psycopg.Connection[dict[str, Any]], table: str) -> int:
    """Update a row in a transaction that is rolled back, and return how many rows it was.

    Raises:
        psycopg.Error: The login may not, or the table is not there.
    """
    (column,) = connection.execute(A_COLUMN, [table]).fetchall()
    names = {"table": sql.Identifier(*table.split(".")), "column": sql.Identifier(column["attname"])}
    with connection.transaction(force_rollback=True):
        return connection.execute(sql.SQL(WRITE).format(**names)).rowcount
