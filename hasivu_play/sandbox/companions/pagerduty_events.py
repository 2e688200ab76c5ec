"""PagerDuty's Events API v2: what monitoring sends (https://developer.pagerduty.com/docs/events-api-v2-overview)."""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from aiohttp import web

from hasivu_play.sandbox.companions import pagerduty_account as account
from hasivu_play.sandbox.companions.incidents import Incidents
from hasivu_play.sandbox.companions.service import ApiError
from hasivu_play.sandbox.http_part import json_object, json_response

STATUS_AFTER = {"acknowledge": "acknowledged", "resolve": "resolved"}
SEVERITIES = ("critical", "error", "warning", "info")


async def enqueue(incidents: Incidents, routing_key: str, request: web.Request) -> web.Response:
    """Answer `POST /v2/enqueue`."""
    event = await json_object(request) or {}
    errors = find_errors(event, routing_key)
    if errors:
        raise ApiError(400, {"status": "invalid event", "message": "Event object is invalid", "errors": errors})
    key = event.get("dedup_key") or secrets.token_hex(16)
    apply(incidents, event, key)
    return json_response({"status": "success", "message": "Event processed", "dedup_key": key}, 202)


def find_errors(event: dict[str, Any], routing_key: str) -> list[str]:
    """Return what is wrong with an event."""
    given, action = str(event.get("routing_key") or ""), event.get("event_action")
    if len(given) != len(routing_key):
        return [f"Length of 'routing_key' is incorrect (should be {len(routing_key)} characters)"]
    if not hmac.compare_digest(given.encode(), routing_key.encode()):
        return ["Invalid routing key"]
    if action == "trigger":
        return find_payload_errors(event.get("payload"))
    if action not in STATUS_AFTER:
        return ["'event_action' must be one of [trigger acknowledge resolve]"]
    return [] if event.get("dedup_key") else ["'dedup_key' is missing or blank"]


def find_payload_errors(payload: object) -> list[str]:
    """Return what is wrong with the payload of a trigger."""
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    missing = [name for name in ("summary", "source", "severity") if not payload.get(name)]
    if missing:
        return [f"'payload.{name}' is missing or blank" for name in missing]
    known = payload["severity"] in SEVERITIES
    return [] if known else [f"'payload.severity' is invalid (must be one of {', '.join(SEVERITIES)})"]


def apply(incidents: Incidents, event: dict[str, Any], key: str) -> None:
    """Open, acknowledge or resolve the incident of an event; an event that finds none is taken and dropped."""
    incident = incidents.find_open(key)
    if event["event_action"] in STATUS_AFTER:
        if incident:
            incidents.update(incident, {"status": STATUS_AFTER[event["event_action"]]})
    elif incident is None:
        urgency = "low" if event["payload"]["severity"] in ("warning", "info") else "high"
        service = {"id": account.SERVICES[0]["id"]}
        title = event["payload"]["summary"]
        incidents.create({"title": title, "service": service, "urgency": urgency, "incident_key": key})
