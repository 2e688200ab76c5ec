"""The list of procedures, as `hasivu-play list` prints it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hasivu_play.console import aligned
from hasivu_play.header import read_header
from hasivu_play.project import Project
from hasivu_play.schedule import describe, next_time

TITLES = ("ID", "TITLE", "RISK", "NEXT", "MANUAL")


def catalogue(project: Project, now: datetime | None = None) -> list[dict[str, Any]]:
    """Return id, title, risk, next time and manual section of every procedure."""
    moment = now or datetime.now(UTC)
    return [entry(project, procedure, moment) for procedure in project.procedures()]


def entry(project: Project, procedure: str, now: datetime) -> dict[str, Any]:
    """Return one line of the list."""
    header = read_header(project.playbook(procedure))
    following = next_time(header.schedule, now)
    return {
        "id": header.id,
        "title": header.title,
        "risk": header.risk,
        "next": following.isoformat() if following else None,
        "next_in_words": describe(header.schedule, now),
        "source": header.source,
        "point_of_no_return": header.point_of_no_return,
    }


def as_table(entries: list[dict[str, Any]]) -> str:
    """Return the list as columns."""
    columns = ("id", "title", "risk", "next_in_words", "source")
    return aligned([TITLES, *([str(item[column]) for column in columns] for item in entries)])
