"""PagerDuty: incidents, who is on call, and events (https://developer.pagerduty.com/api-reference)."""

from __future__ import annotations

import hmac
import secrets
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from hasivu_play.sandbox.companions import pagerduty_account as account
from hasivu_play.sandbox.companions.incidents import Incidents
from hasivu_play.sandbox.companions.pagerduty_errors import invalid_input, not_found, word_error
from hasivu_play.sandbox.companions.pagerduty_events import enqueue
from hasivu_play.sandbox.companions.pagerduty_query import page, select_incidents
from hasivu_play.sandbox.companions.service import ApiError, Service
from hasivu_play.sandbox.companions.store import Store
from hasivu_play.sandbox.http_part import ensure_credential, json_object, json_response, layout_of, read_faults

NAME = "pagerduty"
ENQUEUE = f"/{NAME}/v2/enqueue"


def build(directory: Path) -> web.Application:
    """Return PagerDuty as an application."""
    layout = layout_of(directory)
    token = ensure_credential(layout, "pagerduty_token")
    routing_key = ensure_credential(layout, "pagerduty_routing_key", lambda: secrets.token_hex(16))
    endpoints = Endpoints(Incidents(Store(directory / "pagerduty.json", [])), directory)
    routes = [
        web.get("/incidents", endpoints.list_incidents),
        web.post("/incidents", endpoints.create_incident),
        web.get("/incidents/{id}", endpoints.get_incident),
        web.put("/incidents/{id}", endpoints.update_incident),
        web.get("/oncalls", partial(list_all, "oncalls", account.ON_CALLS)),
        web.get("/priorities", partial(list_all, "priorities", account.PRIORITIES)),
        web.get("/services", partial(list_all, "services", account.SERVICES)),
        web.post("/v2/enqueue", partial(enqueue, endpoints.incidents, routing_key)),
    ]
    return Service(NAME, routes, partial(authenticate, token), word_error).build(directory)


def authenticate(token: str, request: web.Request) -> None:
    """Check the token of a request; an event carries its routing key instead."""
    given = request.headers.get("Authorization", "")
    if request.path != ENQUEUE and not hmac.compare_digest(given.encode(), f"Token token={token}".encode()):
        raise ApiError(401, word_error(401, "Authentication failed"))


async def list_all(name: str, entries: list[dict[str, Any]], request: web.Request) -> web.Response:
    """Answer a list that takes no filter but paging."""
    return json_response(page(name, entries, request.query, filters=frozenset()))


class Endpoints:
    """The endpoints that read and change incidents."""

    def __init__(self, incidents: Incidents, directory: Path) -> None:
        """Keep the incidents, and the folder whose faults may open one."""
        self._incidents = incidents
        self._directory = directory

    @property
    def incidents(self) -> Incidents:
        """Return the incidents, in step with the fault `open_incident`."""
        self._incidents.follow_fault(read_faults(self._directory).get("open_incident"))
        return self._incidents

    async def list_incidents(self, request: web.Request) -> web.Response:
        """Answer `GET /incidents`."""
        return json_response(select_incidents(self.incidents.all(), request.query))

    async def get_incident(self, request: web.Request) -> web.Response:
        """Answer `GET /incidents/{id}`."""
        return json_response({"incident": self._find(request)})

    async def create_incident(self, request: web.Request) -> web.Response:
        """Answer `POST /incidents`."""
        content = await self._incident_of(request)
        account.require_user(request.headers.get("From"))
        return json_response({"incident": self.incidents.create(content)}, 201)

    async def update_incident(self, request: web.Request) -> web.Response:
        """Answer `PUT /incidents/{id}`."""
        content = await self._incident_of(request)
        account.require_user(request.headers.get("From"))
        return json_response({"incident": self.incidents.update(self._find(request), content)})

    def _find(self, request: web.Request) -> dict[str, Any]:
        incident = self.incidents.find("id", request.match_info["id"])
        if incident is None:
            raise not_found()
        return incident

    async def _incident_of(self, request: web.Request) -> dict[str, Any]:
        content = (await json_object(request) or {}).get("incident")
        if not isinstance(content, dict):
            raise invalid_input("params must be a Hash")
        return content
