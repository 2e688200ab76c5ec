"""The answer of the front door while the platform is closed, as an annotation of its Ingress says."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web

from hasivu_play.sandbox.http_part import json_response
from hasivu_play.sandbox.layout import Layout

ANNOTATION = "hasivu.edu.in/maintenance"
INGRESS = "/apis/networking.k8s.io/v1/namespaces/hasivu/ingresses/hasivu"
KEPT_SECONDS = 0.3
PATIENCE = ClientTimeout(total=2)


class Maintenance:
    """Whether the platform is closed; while Kubernetes is away it stays as it was."""

    def __init__(self, layout: Layout) -> None:
        """Keep where the cluster is found; it is asked with the first request."""
        self._layout = layout
        self._settings: dict[str, Any] = {}
        self._until = 0.0

    async def answer(self, request: web.Request) -> web.Response | None:
        """Return the answer to a request that is not let in, or nothing."""
        settings = await self._read()
        open_paths = settings.get("exempt", [])
        if not settings or any(fnmatchcase(request.path, pattern) for pattern in open_paths):
            return None
        response = json_response({"error": "maintenance", "message": "HASIVU is being mended. Please try again."}, 503)
        response.headers["Retry-After"] = str(settings.get("retry_after", 60))
        return response

    async def _read(self) -> dict[str, Any]:
        if time.monotonic() >= self._until:
            with suppress(OSError, ValueError, KeyError, ClientError, TimeoutError):
                self._settings = await self._ask()
            self._until = time.monotonic() + KEPT_SECONDS
        return self._settings

    async def _ask(self) -> dict[str, Any]:
        config = json.loads(self._layout.read_credential("kubeconfig"))
        server = config["clusters"][0]["cluster"]["server"]
        headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}", "User-Agent": "hasivu-edge"}
        async with (
            ClientSession(server, headers=headers, timeout=PATIENCE) as session,
            session.get(INGRESS) as response,
        ):
            response.raise_for_status()
            annotations = (await response.json())["metadata"].get("annotations") or {}
        found: dict[str, Any] = json.loads(annotations.get(ANNOTATION, "{}"))
        return found
