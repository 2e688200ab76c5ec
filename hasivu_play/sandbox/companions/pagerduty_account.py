"""The account at PagerDuty: users, services, priorities and who is on call."""

from __future__ import annotations

from typing import Any

from hasivu_play.sandbox.companions.service import ApiError


def named(kind: str, identity: str, name: str, **more: object) -> dict[str, Any]:
    """Return an object of the account as PagerDuty describes each: id, type, summary and links."""
    path = kind.removesuffix("y") + "ies" if kind.endswith("y") else f"{kind}s"
    link = f"https://api.pagerduty.com/{path}/{identity}"
    return {"id": identity, "type": kind, "summary": name, "self": link, "html_url": None, "name": name, **more}


def reference(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the reference to an object, as other objects hold it."""
    kept = {key: entry[key] for key in ("id", "summary", "self", "html_url")}
    return {**kept, "type": f"{entry['type']}_reference"}


USERS = [
    named("user", "PHSVU01", "Priya Nair", email="oncall@hasivu.edu.in"),
    named("user", "PHSVU02", "HASIVU Operations", email="ops@hasivu.edu.in"),
]
ESCALATION_POLICY = named("escalation_policy", "PHSVE01", "HASIVU Production")
SCHEDULE = named("schedule", "PHSVC01", "HASIVU Primary")
SERVICES = [
    named("service", "PHSVS01", "HASIVU Platform", status="active", escalation_policy=reference(ESCALATION_POLICY)),
    named("service", "PHSVS02", "HASIVU Database", status="active", escalation_policy=reference(ESCALATION_POLICY)),
]
PRIORITIES = [named("priority", f"PHSVP0{level}", f"P{level}", description="") for level in range(4)]
ON_CALLS = [
    {
        "user": reference(USERS[0]),
        "schedule": reference(SCHEDULE),
        "escalation_policy": reference(ESCALATION_POLICY),
        "escalation_level": 1,
        "start": "2026-01-05T03:30:00Z",
        "end": None,
    }
]


def require_user(email: str | None) -> dict[str, Any]:
    """Return the user of a `From` header, which every changing call must carry."""
    if not email:
        message = 'You must specify a user\'s email address in the "From" header to perform this action'
        raise ApiError(400, {"error": {"message": message, "code": 2016}})
    for user in USERS:
        if user["email"] == email:
            return user
    raise ApiError(400, {"error": {"message": "Requester User Not Found", "code": 1008, "errors": []}})


def lookup(entries: list[dict[str, Any]], field: str, value: object) -> dict[str, Any] | None:
    """Return the entry with this value in this field."""
    return next((entry for entry in entries if entry[field] == value), None)


def referred(entries: list[dict[str, Any]], given: object) -> dict[str, Any] | None:
    """Return the entry that a reference names by its id."""
    return lookup(entries, "id", given.get("id")) if isinstance(given, dict) else None
