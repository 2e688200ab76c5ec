"""Lists of PagerDuty: filters, order and pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dateutil.parser import isoparse
from multidict import MultiMapping

from hasivu_play.sandbox.companions.pagerduty_errors import invalid_input, word_error
from hasivu_play.sandbox.companions.service import ApiError

PAGING = frozenset({"limit", "offset", "total"})
FILTERS = frozenset(
    {"statuses[]", "urgencies[]", "service_ids[]", "since", "until", "date_range", "incident_key", "sort_by"}
)
STATUSES = ("triggered", "acknowledged", "resolved")
SORTABLE = ("incident_number", "created_at", "resolved_at", "urgency")
DEFAULT_LIMIT = 25
MOST_PER_PAGE = 100
DEFAULT_RANGE = timedelta(days=30)  # without since or date_range=all, PagerDuty shows one month


def select_incidents(incidents: list[dict[str, Any]], query: MultiMapping[str]) -> dict[str, Any]:
    """Return the page of incidents that a query asks for."""
    if set(query.getall("statuses[]", [])) - set(STATUSES):
        raise invalid_input("Status must be a list of triggered, acknowledged, or resolved.")
    begin, end = read_range(query)
    found = [
        incident
        for incident in incidents
        if begin <= isoparse(incident["created_at"]) <= end and matches(incident, query)
    ]
    return page("incidents", sort(found, query), query, FILTERS)


def matches(incident: dict[str, Any], query: MultiMapping[str]) -> bool:
    """Say whether an incident passes the filters; one that is not given lets all pass."""
    values = {
        "statuses[]": incident["status"],
        "urgencies[]": incident["urgency"],
        "service_ids[]": incident["service"]["id"],
        "incident_key": incident["incident_key"],
    }
    return all(name not in query or value in query.getall(name) for name, value in values.items())


def read_range(query: MultiMapping[str]) -> tuple[datetime, datetime]:
    """Return the range of creation times that a query asks for."""
    if query.get("date_range") == "all":
        return datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    now = datetime.now(UTC)
    return read_time(query, "since", now - DEFAULT_RANGE), read_time(query, "until", now)


def read_time(query: Mapping[str, str], name: str, default: datetime) -> datetime:
    """Return a time of a query; one without an offset is UTC."""
    if name not in query:
        return default
    try:
        moment = isoparse(query[name])
    except ValueError:
        raise invalid_input(f"{name} is not a valid ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def sort(incidents: list[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the incidents in the order asked for, else by number."""
    field, _, direction = query.get("sort_by", "incident_number:asc").partition(":")
    if field not in SORTABLE or direction not in ("", "asc", "desc"):
        raise invalid_input(f"sort_by must be one of {', '.join(SORTABLE)}, with :asc or :desc")
    return sorted(incidents, key=lambda incident: incident[field] or "", reverse=direction == "desc")


def page(name: str, entries: list[dict[str, Any]], query: Mapping[str, str], filters: frozenset[str]) -> dict[str, Any]:
    """Return one page of a list, with what a client needs to ask for the next."""
    for parameter in query:
        if parameter not in PAGING | filters:
            raise ApiError(501, word_error(501, f"The sandbox does not emulate the parameter {parameter} of {name}."))
    limit, offset = read_number(query, "limit", DEFAULT_LIMIT), read_number(query, "offset", 0)
    if not 1 <= limit <= MOST_PER_PAGE:
        raise invalid_input(f"Limit must be between 1 and {MOST_PER_PAGE}")
    total = len(entries) if query.get("total") == "true" else None
    more = offset + limit < len(entries)
    return {name: entries[offset : offset + limit], "limit": limit, "offset": offset, "total": total, "more": more}


def read_number(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a number of a query."""
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise invalid_input(f"{name.capitalize()} must be a number")
    return int(text)
