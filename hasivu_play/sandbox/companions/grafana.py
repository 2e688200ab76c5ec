"""Grafana: health, dashboards by uid, annotations (https://grafana.com/docs/grafana/latest/developer-resources/api-reference)."""

from __future__ import annotations

import hmac
import secrets
import time
from functools import partial
from pathlib import Path
from typing import Any

from aiohttp import web

from hasivu_play.sandbox.companions.dashboards import DASHBOARDS
from hasivu_play.sandbox.companions.service import ApiError, Service
from hasivu_play.sandbox.companions.store import Store
from hasivu_play.sandbox.http_part import ensure_credential, json_object, json_response, layout_of

NAME = "grafana"
HEALTH = {"database": "ok", "version": "12.4.2", "commit": "sandbox"}
DEFAULT_LIMIT = 100


def build(directory: Path) -> web.Application:
    """Return Grafana as an application."""
    token = ensure_credential(layout_of(directory), "grafana_token", lambda: f"glsa_{secrets.token_urlsafe(24)}")
    annotations = Store(directory / "grafana.json", [])
    routes = [
        web.get("/api/health", get_health),
        web.get("/api/dashboards/uid/{uid}", get_dashboard),
        web.get("/api/annotations", partial(list_annotations, annotations)),
        web.post("/api/annotations", partial(add_annotation, annotations)),
    ]
    return Service(NAME, routes, partial(authenticate, token), word_error).build(directory)


def authenticate(token: str, request: web.Request) -> None:
    """Check the service account token of a request; the health of Grafana is public."""
    given = request.headers.get("Authorization", "")
    if request.path == f"/{NAME}/api/health":
        return
    if not given:
        raise ApiError(401, word_error(401, "Unauthorized"))
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        raise ApiError(401, word_error(401, "Invalid API key"))


def word_error(status: int, message: str) -> dict[str, Any]:
    """Return the body of an error."""
    return {"message": message}


async def get_health(request: web.Request) -> web.Response:
    """Answer `GET /api/health`."""
    return json_response(HEALTH)


async def get_dashboard(request: web.Request) -> web.Response:
    """Answer `GET /api/dashboards/uid/{uid}`."""
    uid = request.match_info["uid"]
    if uid not in DASHBOARDS:
        raise ApiError(404, word_error(404, "Dashboard not found"))
    meta = {"type": "db", "canSave": False, "canEdit": False, "slug": uid, "url": f"/d/{uid}/{uid}", "version": 1}
    return json_response({"meta": meta, "dashboard": DASHBOARDS[uid]})


async def list_annotations(store: Store, request: web.Request) -> web.Response:
    """Answer `GET /api/annotations`: newest first, all tags asked for, within `from` and `to` in milliseconds."""
    for name in request.query:
        if name not in {"from", "to", "tags", "limit"}:
            raise ApiError(501, word_error(501, f"The sandbox does not emulate the annotation filter {name}."))
    begin, end = number(request, "from", 0), number(request, "to", 2**63)
    tags = set(request.query.getall("tags", []))
    found = [entry for entry in reversed(store.records) if begin <= entry["time"] <= end and tags <= set(entry["tags"])]
    return json_response(found[: number(request, "limit", DEFAULT_LIMIT)])


def number(request: web.Request, name: str, default: int) -> int:
    """Return a number of a query."""
    text = request.query.get(name, str(default))
    if not text.isascii() or not text.isdigit():
        raise ApiError(400, word_error(400, f"{name} is not a number"))
    return int(text)


async def add_annotation(store: Store, request: web.Request) -> web.Response:
    """Answer `POST /api/annotations`."""
    content = await json_object(request)
    if content is None:
        raise ApiError(400, word_error(400, "bad request data"))
    if not content.get("text") or not isinstance(content.get("tags", []), list):
        raise ApiError(400, word_error(400, "Failed to save annotation"))
    store.add(annotation(len(store.records) + 1, content))
    return json_response({"message": "Annotation added", "id": len(store.records)})


def annotation(identity: int, content: dict[str, Any]) -> dict[str, Any]:
    """Return an annotation as Grafana lists it."""
    moment = content.get("time") or int(time.time() * 1000)
    return {
        "id": identity,
        "dashboardUID": content.get("dashboardUID", ""),
        "panelId": content.get("panelId", 0),
        "time": moment,
        "timeEnd": content.get("timeEnd") or moment,
        "tags": content.get("tags", []),
        "text": content["text"],
    }
