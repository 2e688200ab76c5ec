"""Menus: what a school serves on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from psycopg.rows import dict_row

from hasivu_play.sandbox.application.pool import Connection

ON_DAY = """
SELECT menu_items.id, name, category, vegetarian, calories, price_paise, portions
FROM menus
JOIN menu_entries ON menu_id = menus.id
JOIN menu_items ON menu_items.id = menu_item_id
WHERE school_id = %s AND serve_on = %s AND published
ORDER BY menu_items.id
"""


Menu = dict[str, Any]


async def read(connection: Connection, school_id: int, day: date) -> Menu:
    """Return the menu of a school on a day; without one it has no items."""
    cursor = connection.cursor(row_factory=dict_row)
    await cursor.execute(ON_DAY, (school_id, day))
    return {"school_id": school_id, "date": day.isoformat(), "items": await cursor.fetchall()}
