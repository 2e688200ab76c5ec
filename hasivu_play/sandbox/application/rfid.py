"""RFID: a child shows a card at a reader, and gets lunch when the card is known and active."""

from __future__ import annotations

from typing import Any

from hasivu_play.sandbox.application.errors import RequestError
from hasivu_play.sandbox.application.pool import Connection

VERIFY = """
WITH card AS (SELECT id, student_id, active FROM rfid_cards WHERE uid = %(card_uid)s),
seen AS (UPDATE rfid_cards SET last_seen_at = now() WHERE id = (SELECT id FROM card)),
event AS (INSERT INTO rfid_events (card_id, reader_id, accepted) SELECT id, %(reader_id)s, active FROM card)
SELECT student_id, active FROM card
"""


async def verify(connection: Connection, content: dict[str, Any]) -> dict[str, Any]:
    """Return whether a card is accepted, and whose it is; every reading of a known card is kept."""
    card, reader = content.get("card_uid"), content.get("reader_id")
    if not isinstance(card, str) or type(reader) is not int or not 0 < reader < 2**31:
        raise RequestError(400, "card_uid must be text and reader_id a positive whole number.")
    cursor = await connection.execute(VERIFY, {"card_uid": card, "reader_id": reader})
    row = await cursor.fetchone()
    if row is None:
        raise RequestError(404, "This card is not known.")
    return {"accepted": row[1], "student_id": row[0]}
