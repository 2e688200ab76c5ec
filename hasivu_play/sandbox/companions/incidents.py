"""Incidents of PagerDuty: opened, acknowledged, resolved, kept."""

from __future__ import annotations

import hashlib
import json
import secrets
import string
from datetime import UTC, datetime
from typing import Any

from hasivu_play.sandbox.companions import pagerduty_account as account
from hasivu_play.sandbox.companions.pagerduty_errors import arguments_error, invalid_input
from hasivu_play.sandbox.companions.store import Store

URGENCIES = ("high", "low")
NEXT_STATUSES = ("acknowledged", "resolved")
FAULT_KEY = "sandbox-fault-"


def now() -> str:
    """Return the present time as PagerDuty writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Incidents:
    """All incidents of the account."""

    def __init__(self, store: Store) -> None:
        """Keep the store of the incidents."""
        self._store = store

    def all(self) -> list[dict[str, Any]]:
        """Return every incident, oldest first."""
        return self._store.records

    def find(self, field: str, value: str) -> dict[str, Any] | None:
        """Return the newest incident with this value in this field."""
        return account.lookup(self._store.records[::-1], field, value)

    def find_open(self, key: str) -> dict[str, Any] | None:
        """Return the open incident with this deduplication key."""
        incident = self.find("incident_key", key)
        return incident if incident and incident["status"] != "resolved" else None

    def create(self, content: dict[str, Any]) -> dict[str, Any]:
        """Open an incident, as `POST /incidents` and events do."""
        check(content)
        if self.find_open(content.get("incident_key") or ""):
            raise arguments_error("Open incident with matching dedup key already exists on this service")
        incident = new_incident(len(self._store.records) + 1, content)
        self._store.add(incident)
        return incident

    def update(self, incident: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
        """Change the title, the urgency, the priority or the status of an incident."""
        if incident["status"] == "resolved":
            raise invalid_input("Incident Already Resolved")
        check({**content, "title": content.get("title", incident["title"]), "service": incident["service"]})
        incident.update({field: content[field] for field in ("title", "urgency") if field in content})
        if "priority" in content:
            incident["priority"] = priority_of(content)
        if "status" in content:
            set_status(incident, content["status"])
        incident["updated_at"] = now()
        self._store.save()
        return incident

    def follow_fault(self, fault: dict[str, str] | None) -> None:
        """Open the incident that the fault asks for, once, and resolve those of faults that are gone."""
        wanted = fault_key(fault) if fault else ""
        for incident in self._store.records:
            key = incident["incident_key"]
            if key.startswith(FAULT_KEY) and key != wanted:
                self._retire(incident)
        if fault and not self.find("incident_key", wanted):
            self.create(incident_of_fault(fault, wanted))

    def _retire(self, incident: dict[str, Any]) -> None:
        """Resolve the incident of a fault, and free its key for the next fault of the same kind."""
        incident["incident_key"] = incident["id"]
        if incident["status"] != "resolved":
            set_status(incident, "resolved")
        self._store.save()


def fault_key(fault: dict[str, str]) -> str:
    """Return the deduplication key of a fault."""
    return FAULT_KEY + hashlib.sha256(json.dumps(fault, sort_keys=True).encode()).hexdigest()[:12]


def incident_of_fault(fault: dict[str, str], key: str) -> dict[str, Any]:
    """Return what a caller would send to open the incident of a fault."""
    priority = account.lookup(account.PRIORITIES, "name", fault.get("priority", "P1"))
    if priority is None:
        raise invalid_input(f"The fault open_incident names no priority P0 to P3: {fault['priority']}.")
    service = {"id": account.SERVICES[0]["id"]}
    title = fault.get("title", "Orders are failing")
    return {"title": title, "service": service, "priority": priority, "incident_key": key}


def check(content: dict[str, Any]) -> None:
    """Refuse a title, service, urgency, priority or status that PagerDuty would not take."""
    if not content.get("title"):
        raise invalid_input("Title cannot be empty")
    if account.referred(account.SERVICES, content.get("service")) is None:
        raise invalid_input("Service cannot be found")
    if content.get("urgency", "high") not in URGENCIES:
        raise invalid_input("Urgency must be high or low")
    if content.get("priority") and priority_of(content) is None:
        raise invalid_input("Priority cannot be found")
    if content.get("status", "resolved") not in NEXT_STATUSES:
        raise invalid_input("Status must be acknowledged or resolved")


def priority_of(content: dict[str, Any]) -> dict[str, Any] | None:
    """Return the whole priority that an incident refers to."""
    return account.referred(account.PRIORITIES, content.get("priority"))


def set_status(incident: dict[str, Any], status: str) -> None:
    """Move an incident on, with the times that follow."""
    incident["status"] = status
    incident["last_status_change_at"] = now()
    incident["resolved_at"] = now() if status == "resolved" else None


def new_incident(number: int, content: dict[str, Any]) -> dict[str, Any]:
    """Return a triggered incident as PagerDuty describes it."""
    identity = "Q" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(13))
    service = account.referred(account.SERVICES, content["service"]) or {}
    created = now()
    return {
        "id": identity,
        "type": "incident",
        "summary": f"[#{number}] {content['title']}",
        "self": f"https://api.pagerduty.com/incidents/{identity}",
        "html_url": f"https://hasivu.pagerduty.com/incidents/{identity}",
        "incident_number": number,
        "title": content["title"],
        "created_at": created,
        "updated_at": created,
        "status": "triggered",
        "incident_key": content.get("incident_key") or secrets.token_hex(16),
        "service": account.reference(service),
        "assignments": [{"at": created, "assignee": account.reference(account.USERS[0])}],
        "last_status_change_at": created,
        "resolved_at": None,
        "escalation_policy": service["escalation_policy"],
        "teams": [],
        "priority": priority_of(content),
        "urgency": content.get("urgency", "high"),
        "body": content.get("body"),
    }
