# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of each critical table against the old database or a stored fingerprint: how many rows, how new the newest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import table_name
from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import Check, unknown

try:
    import psycopg
    from psycopg import sql
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

NEWEST_BEFORE = "SELECT max({created}) AS newest FROM {table} WHERE {created} <= %s"


def instant(text: str) -> datetime:
    """Return an instant of RFC 3339; one without a zone is none.

    Raises:
        ValueError: It is no instant.
    """
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if found.tzinfo is None:
        raise ValueError(f"{text} has no zone; write it in UTC, such as 2026-03-01T05:30:00Z")
    return found.astimezone(UTC)


def newest_before(
    connection: psycopg.Connection[dict[str, Any]], table: dict[str, Any], restore_time: datetime
) -> datetime | None:
    """Return when the newest row up to the restore point was made.

    Raises:
        psycopg.Error: The server does not answer, or lacks the table.
    """
    names = {"created": sql.Identifier(table["created"]), "table": table_name(table["name"])}
    (found,) = connection.execute(sql.SQL(NEWEST_BEFORE).format(**names), [restore_time]).fetchall()
    newest: datetime | None = found["newest"]
    return newest


def newest_check(
    table: dict[str, Any], figures: dict[str, Any], restore_time: datetime, before: datetime | None
) -> Check:
    """Check that the newest row is not later than the restore point, and not much earlier.

    Args:
        table: The table as the inventory has it.
        figures: Its rows and bounds on the restored server.
        restore_time: The restore point.
        before: The newest row up to that point in the old database, where it can be read.
    """
    name, what = f"newest:{table['name']}", f"The newest row of {table['name']} is from just before the restore point"
    if figures["newest"] is None:
        return Check(name, None if before is None else False, what, f"{table['name']} has no row with a time.")
    newest = instant(figures["newest"])
    if newest > restore_time:
        return Check(name, False, what, f"It is from {told(newest)}, after the restore point {told(restore_time)}.")
    if newest == before:
        return Check(name, True, what, f"It is from {told(newest)}, as in the old database.")
    gap = table.get("gap_minutes")
    if gap is None:
        return unknown(name, what, f"It is from {told(newest)}; nothing tells whether that is near enough.")
    near = restore_time - newest <= timedelta(minutes=gap)
    return Check(name, near, what, f"It is from {told(newest)}; up to {gap} minutes before that are usual.")


def told(moment: datetime) -> str:
    """Return an instant as a person reads it."""
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def count_check(table: dict[str, Any], figures: dict[str, Any], reference: dict[str, Any] | None) -> Check:
    """Check the number of rows against a stored fingerprint, give or take the usual growth."""
    name, what = f"count:{table['name']}", f"{table['name']} holds about as many rows as when its fingerprint was taken"
    before = ((reference or {}).get("tables") or {}).get(table["name"])
    if before is None:
        return unknown(name, what, f"It holds {figures['rows']} rows; there is neither old database nor fingerprint.")
    band = table.get("growth") or 0.0
    least, most = before["rows"] * (1 - band), before["rows"] * (1 + band)
    detail = f"It holds {figures['rows']} rows; {before['rows']} give or take {band:.0%} are expected."
    return Check(name, least <= figures["rows"] <= most and (figures["rows"] > 0 or not before["rows"]), what, detail)
