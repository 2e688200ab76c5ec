"""The work of cron jobs: what the pod of a Job does once, with the settings of its start."""

from __future__ import annotations

import psycopg

from hasivu_play.sandbox.application.pool import CONNECT_SECONDS

ROLLOVER = "hasivu-menu-rollover"
# The day after the last menu of each school gets the dishes of that menu.
ROLL_OVER = """
WITH last AS (
    SELECT DISTINCT ON (school_id) id, school_id, serve_on FROM menus ORDER BY school_id, serve_on DESC
), made AS (
    INSERT INTO menus (school_id, serve_on) SELECT school_id, serve_on + 1 FROM last
    ON CONFLICT DO NOTHING RETURNING id, school_id
)
INSERT INTO menu_entries (menu_id, menu_item_id, portions)
SELECT made.id, menu_item_id, portions
  FROM made JOIN last USING (school_id) JOIN menu_entries ON menu_id = last.id
"""


def plays(job: str) -> bool:
    """Tell whether the pods of a Job are played here."""
    return job.startswith(f"{ROLLOVER}-")


async def run(conninfo: str) -> None:
    """Do the work of the job once.

    Raises:
        psycopg.Error: The database does not serve.
    """
    async with await psycopg.AsyncConnection.connect(conninfo, connect_timeout=CONNECT_SECONDS) as connection:
        await connection.execute(ROLL_OVER)
