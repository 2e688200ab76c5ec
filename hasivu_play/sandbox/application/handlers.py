"""The HTTP endpoints of the application."""

from __future__ import annotations

import hmac
from datetime import date
from pathlib import Path
from typing import Any

from aiohttp import web

from hasivu_play.sandbox.application import deep_health, metrics, orders, reports, rfid, traffic
from hasivu_play.sandbox.application.errors import RequestError
from hasivu_play.sandbox.application.fleet import API, POOL_SIZES, WEB
from hasivu_play.sandbox.application.shop import Shop
from hasivu_play.sandbox.http_part import json_object, json_response


class Handlers:
    """One method for each endpoint."""

    def __init__(self, shop: Shop, generator: traffic.Traffic, admin_token: str, directory: Path) -> None:
        """Keep what the endpoints work with."""
        self._shop = shop
        self._traffic = generator
        self._admin_token = admin_token
        self._reports = reports.Reports(directory / "reports")
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """Return the endpoints with their paths."""
        return [
            web.get("/health", self.health),
            web.get("/health/deep/{deployment}", self.deep_health),
            web.get("/ready", self.ready),
            web.get("/metrics", self.metrics),
            web.get("/stats", self.stats),
            web.get("/menus/{school:[0-9]{1,9}}", self.menu),
            web.post("/orders", self.place_order),
            web.get("/orders/{id:[0-9]{1,18}}", self.order),
            web.post("/rfid/verify", self.verify_card),
            web.post("/reports/daily-summary", self.daily_summary),
            web.post("/_traffic", self.set_traffic),
        ]

    async def health(self, request: web.Request) -> web.Response:
        """Answer whether every Deployment has a pod that takes requests."""
        pods = {deployment: len(self._shop.fleet.workers(deployment)) for deployment in POOL_SIZES}
        healthy = all(pods.values())
        return json_response({"status": "ok" if healthy else "unavailable", "pods": pods}, 200 if healthy else 503)

    async def deep_health(self, request: web.Request) -> web.Response:
        """Answer whether every pod of a Deployment can read and write; what it writes is taken back."""
        workers = self._shop.fleet.workers(request.match_info["deployment"])
        pods = [await deep_health.examine(worker) for worker in workers]
        works = bool(pods) and all(pod["works"] for pod in pods)
        return json_response({"status": "ok" if works else "unavailable", "pods": pods}, 200 if works else 503)

    async def ready(self, request: web.Request) -> web.Response:
        """Answer whether the database serves every pod, and each Deployment has one."""
        pods = await self._shop.check()
        ready = all(set(pods.get(deployment, {}).values()) == {"ok"} for deployment in POOL_SIZES)
        return json_response({"status": "ready" if ready else "not ready", "pods": pods}, 200 if ready else 503)

    async def metrics(self, request: web.Request) -> web.Response:
        """Answer the metrics of all pods."""
        text = self._shop.metrics.render(self._shop.fleet.workers())
        return web.Response(text=text, headers={"Content-Type": metrics.CONTENT_TYPE})

    async def stats(self, request: web.Request) -> web.Response:
        """Answer what the built-in traffic did."""
        return json_response(self._traffic.stats())

    async def menu(self, request: web.Request) -> web.Response:
        """Answer the menu of a school, today or on `date`."""
        try:
            day = date.fromisoformat(request.query.get("date", reports.today().isoformat()))
        except ValueError:
            raise RequestError(400, "date must be a day as YYYY-MM-DD.") from None
        return json_response(await self._shop.menu(int(request.match_info["school"]), day))

    async def place_order(self, request: web.Request) -> web.Response:
        """Place an order, once for each Idempotency-Key."""
        order = orders.read_order(await body(request))
        number = await self._shop.place_order(order, request.headers.get("Idempotency-Key"))
        return json_response({"id": number}, 201)

    async def order(self, request: web.Request) -> web.Response:
        """Answer an order."""
        async with self._shop.connection(WEB) as connection:
            return json_response(await orders.read(connection, int(request.match_info["id"])))

    async def verify_card(self, request: web.Request) -> web.Response:
        """Answer whether a card is accepted."""
        content = await body(request)
        async with self._shop.connection(API) as connection:
            return json_response(await rfid.verify(connection, content))

    async def daily_summary(self, request: web.Request) -> web.Response:
        """Make the report of a day for an administrator, once for each Idempotency-Key."""
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._admin_token}".encode()):
            raise RequestError(401, "An administrator's bearer token is needed.")
        question = reports.read_question(await body(request))
        key = request.headers.get("Idempotency-Key")
        report = self._reports.find(key, question) if key else None
        if report is None:
            async with self._shop.connection(API) as connection:
                report = await reports.summarize(connection, question)
            await self._shop.archive(report)
            if key:
                self._reports.keep(key, report)
        return json_response(report)

    async def set_traffic(self, request: web.Request) -> web.Response:
        """Set how many orders the built-in traffic places each second."""
        content = await body(request)
        return json_response({"per_second": traffic.set_rate(self._directory, content.get("per_second"))})


async def body(request: web.Request) -> dict[str, Any]:
    """Return the JSON object that a request carries."""
    content = await json_object(request)
    if content is None:
        raise RequestError(400, "The body must be a JSON object.")
    return content
