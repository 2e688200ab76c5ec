"""The companions as one application: a prefix for each, and their health."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from hasivu_play.sandbox.companions import advisories, grafana, pagerduty, razorpay
from hasivu_play.sandbox.http_part import HEALTH_PATH, json_response


def build(directory: Path) -> web.Application:
    """Return the application that keeps its state in a folder."""
    application = web.Application()
    application.router.add_get(HEALTH_PATH, healthy)
    for companion in (pagerduty, razorpay, grafana, advisories):
        application.add_subapp(f"/{companion.NAME}", companion.build(directory))
    return application


async def healthy(request: web.Request) -> web.Response:
    """Answer as soon as the process listens."""
    return json_response({"status": "ok"})
