"""The Kubernetes API as pods meet it: their own existence, their ConfigMap and their Secret."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from aiohttp import ClientError, ClientResponseError, ClientSession, ClientTimeout

NAMESPACE = "hasivu"
CONFIGURATION = "configmaps/hasivu-config"
CREDENTIALS = "secrets/hasivu-database"
WATCH_SECONDS = 300
NOT_FOUND = 404
USER_AGENT = "hasivu-application"


class ClusterError(Exception):
    """Raised when the Kubernetes API cannot be asked or does not have what pods need."""


@dataclass(frozen=True)
class Pod:
    """What matters of a pod: its name, the Deployment that it belongs to, and whether it takes requests."""

    name: str
    deployment: str
    ready: bool


@dataclass(frozen=True)
class Access:
    """Address of the Kubernetes API, and the token that it asks for."""

    server: str
    token: str


def read_kubeconfig(path: Path) -> Access:
    """Return the access that the current context of a kubeconfig gives."""
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        context = named(config["contexts"], config["current-context"])["context"]
        server = named(config["clusters"], context["cluster"])["cluster"]["server"]
        return Access(server, named(config["users"], context["user"])["user"]["token"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, StopIteration):
        raise ClusterError(f"{path.name} gives no access to Kubernetes.") from None


def named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the entry of a kubeconfig list that has this name."""
    return next(entry for entry in entries if entry["name"] == name)


def describe(pod: dict[str, Any]) -> Pod:
    """Return what matters of a pod; one that is being deleted takes no more requests."""
    metadata = pod["metadata"]
    owner = (metadata.get("ownerReferences") or [{"name": metadata["name"]}])[0]["name"]
    deployment = owner.removesuffix("-" + metadata.get("labels", {}).get("pod-template-hash", ""))
    conditions = {entry["type"]: entry["status"] for entry in pod.get("status", {}).get("conditions", [])}
    ready = conditions.get("Ready") == "True" and "deletionTimestamp" not in metadata
    return Pod(metadata["name"], deployment, ready)


class Cluster:
    """The Kubernetes API, asked anew by each call with what the kubeconfig then says."""

    def __init__(self, kubeconfig: Path) -> None:
        """Keep where the kubeconfig is."""
        self._kubeconfig = kubeconfig

    async def list_pods(self) -> tuple[dict[str, Pod], str]:
        """Return the pods of the namespace, and the resource version to watch from."""
        answer = await self._get("pods")
        pods = [describe(pod) for pod in answer["items"]]
        return {pod.name: pod for pod in pods}, answer["metadata"]["resourceVersion"]

    async def watch_pods(self, resource_version: str) -> AsyncIterator[tuple[str, Pod]]:
        """Yield each change of a pod until the watch ends or is too old."""
        query = {"watch": "true", "resourceVersion": resource_version, "timeoutSeconds": str(WATCH_SECONDS)}
        timeout = ClientTimeout(total=None, sock_connect=2, sock_read=WATCH_SECONDS + 30)
        async with self._session(timeout) as session, session.get(path_of("pods"), params=query) as response:
            response.raise_for_status()
            async for line in response.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return
                yield event["type"], describe(event["object"])

    async def read_settings(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the values of the ConfigMap and of the Secret, as a starting pod gets them."""
        config = await self._get(CONFIGURATION)
        secret = await self._get(CREDENTIALS)
        return config.get("data", {}), decoded(secret)

    async def read_secret(self, name: str) -> dict[str, str]:
        """Return the values of a Secret that a pod can do without; none where it does not exist."""
        try:
            secret = await self._get(f"secrets/{name}")
        except ClusterError as error:
            if isinstance(error.__cause__, ClientResponseError) and error.__cause__.status == NOT_FOUND:
                return {}
            raise
        return decoded(secret)

    async def _get(self, path: str) -> dict[str, Any]:
        """Return one object or list of the namespace."""
        try:
            async with self._session(ClientTimeout(total=5)) as session, session.get(path_of(path)) as response:
                response.raise_for_status()
                answer: dict[str, Any] = await response.json()
        except (ClientError, TimeoutError) as error:
            raise ClusterError(f"The Kubernetes API did not give {path}: {error}") from error
        return answer

    def _session(self, timeout: ClientTimeout) -> ClientSession:
        """Return a session of HTTP requests that carry the token."""
        access = read_kubeconfig(self._kubeconfig)
        headers = {"Authorization": f"Bearer {access.token}", "User-Agent": USER_AGENT}
        return ClientSession(access.server, headers=headers, timeout=timeout)


def decoded(secret: dict[str, Any]) -> dict[str, str]:
    """Return the values of a Secret as the API gave it."""
    return {key: base64.b64decode(value).decode() for key, value in secret.get("data", {}).items()}


def path_of(path: str) -> str:
    """Return the path of something in the namespace of the application."""
    return f"/api/v1/namespaces/{NAMESPACE}/{path}"
