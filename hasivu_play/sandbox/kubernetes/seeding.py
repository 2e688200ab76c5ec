"""The HASIVU platform as it stands in the cluster of a fresh sandbox."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any

from hasivu_play.errors import StoppedError
from hasivu_play.sandbox.credentials import REPORTS_KEY
from hasivu_play.sandbox.edge.certificates import key_file, make_certificates, read_pem
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.repository import deployed_commit

MANIFESTS = [Path(__file__).with_name(name) for name in ("platform.yml", "access.yml")]
NAMESPACE = "hasivu"
OURS = "labelSelector=app.kubernetes.io/part-of=hasivu"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
CLIENT = "hasivu-sandbox-seed"
CONVERGE_SECONDS = 10.0
PATHS = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts",
    "ConfigMap": f"/api/v1/namespaces/{NAMESPACE}/configmaps",
    "Secret": f"/api/v1/namespaces/{NAMESPACE}/secrets",
    "Service": f"/api/v1/namespaces/{NAMESPACE}/services",
    "Deployment": f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments",
    "HorizontalPodAutoscaler": f"/apis/autoscaling/v2/namespaces/{NAMESPACE}/horizontalpodautoscalers",
    "PodDisruptionBudget": f"/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets",
    "CronJob": f"/apis/batch/v1/namespaces/{NAMESPACE}/cronjobs",
    "Ingress": f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/ingresses",
    "ClusterRole": f"{RBAC}/clusterroles",
    "ClusterRoleBinding": f"{RBAC}/clusterrolebindings",
    "Role": f"{RBAC}/namespaces/{NAMESPACE}/roles",
    "RoleBinding": f"{RBAC}/namespaces/{NAMESPACE}/rolebindings",
}


class Client:
    """Speaks to the API server with the sandbox's own kubeconfig."""

    def __init__(self, layout: Layout) -> None:
        """Read address and token."""
        config = json.loads(layout.read_credential("kubeconfig"))
        self._url: str = config["clusters"][0]["cluster"]["server"]
        self._token: str = config["users"][0]["user"]["token"]

    def call(self, method: str, path: str, body: str = "", content_type: str = "application/yaml") -> Any:
        """Make one request and return its answer."""
        headers = {"Authorization": f"Bearer {self._token}", "User-Agent": CLIENT, "Content-Type": content_type}
        # The address is our own loopback address, from a file that only its owner can write.
        request = urllib.request.Request(self._url + path, body.encode() or None, headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return json.loads(response.read())

    def exists(self, path: str) -> bool:
        """Tell whether there is an object."""
        try:
            self.call("GET", path)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return False
            raise
        return True


def seed(layout: Layout) -> None:
    """Put the platform into the cluster, in place of what is there of it, and wait until it runs."""
    client = Client(layout)
    try:
        _remove(client)
        for kind, document in _documents(layout):
            client.call("POST", PATHS[kind], document)
        _wait(lambda: _is_running(client), "the deployments of the platform did not become ready")
    except urllib.error.HTTPError as error:
        message = json.loads(error.read()).get("message", error.reason)
        raise StoppedError(f"Seeding Kubernetes failed: {message} Look into the server.log of that part.") from error


def _remove(client: Client) -> None:
    for kind in ("ClusterRoleBinding", "ClusterRole"):
        client.call("DELETE", f"{PATHS[kind]}?{OURS}")
    path = f"/api/v1/namespaces/{NAMESPACE}"
    if client.exists(path):
        client.call("DELETE", path)
        _wait(lambda: not client.exists(path), f"the namespace {NAMESPACE} did not go")


def _wait(is_reached: Callable[[], bool], failure: str) -> None:
    end = time.monotonic() + CONVERGE_SECONDS
    while not is_reached():
        if time.monotonic() > end:
            raise StoppedError(f"Seeding Kubernetes failed: {failure}. Look into the server.log of that part.")
        time.sleep(0.05)


def _is_running(client: Client) -> bool:
    deployments = client.call("GET", PATHS["Deployment"])["items"]
    return all(one.get("status", {}).get("availableReplicas") == one["spec"]["replicas"] for one in deployments)


def _documents(layout: Layout) -> list[tuple[str, str]]:
    manifests = "\n".join(path.read_text(encoding="utf-8") for path in MANIFESTS)
    text = Template(manifests).substitute(_values(layout))
    documents = [document.strip() for document in text.split("\n---\n")]
    return [(_kind(document), document) for document in documents]


def _kind(document: str) -> str:
    return next(line.removeprefix("kind: ") for line in document.splitlines() if line.startswith("kind: "))


def _values(layout: Layout) -> dict[str, str]:
    """Return what the manifests are filled with, each value written so that YAML reads it as a string."""
    make_certificates(layout)
    endpoints = layout.endpoints()
    cache = endpoints.get("redis", {"host": "127.0.0.1", "port": 6379})
    key = json.loads(layout.read_credential(REPORTS_KEY))
    database = endpoints.get("postgresql", {"host": "127.0.0.1", "port": 5432, "database": "hasivu_sandbox"})
    host, port, name = database["host"], database["port"], database["database"]
    values = {
        "database_host": host,
        "database_port": str(port),
        "database_name": name,
        "database_url": f"postgresql://{host}:{port}/{name}",
        "database_password": layout.read_credential("database_hasivu_app_a"),
        "commit": deployed_commit(layout),
        "app_certificate": "".join(read_pem(layout, "app")),
        "app_key": key_file(layout, "app").read_text(encoding="utf-8"),
        "redis_host": cache["host"],
        "redis_port": str(cache["port"]),
        "redis_token": layout.read_credential("redis"),
        "aws_url": endpoints.get("aws", {}).get("url", ""),
        "reports_key_id": key["access_key_id"],
        "reports_key": key["secret_access_key"],
    }
    return {key: json.dumps(value) for key, value in values.items()}
