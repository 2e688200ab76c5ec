"""The parts of the sandbox: which there are, and what the inventory and the status say of each."""

from __future__ import annotations

import http
import json
from typing import Any

from hasivu_play.sandbox import probes
from hasivu_play.sandbox.edge_part import Edge
from hasivu_play.sandbox.http_server import HttpServer
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.part import Part
from hasivu_play.sandbox.ports import ports
from hasivu_play.sandbox.postgresql_part import Postgresql, restored
from hasivu_play.sandbox.valkey import Valkey

ACCOUNT = {"account_id": "204867531290", "region": "ap-south-1", "dr_region": "ap-south-2"}
NAMESPACE = "hasivu"


class Aws(HttpServer):
    """The part `aws`."""

    def endpoint(self) -> dict[str, Any]:
        """Return address, account and regions."""
        return {"url": self.url(), **ACCOUNT}

    def details(self) -> dict[str, Any]:
        """Return the shared credentials file that the AWS libraries read."""
        return {"credentials_file": str(self.layout.credential("aws"))}


class Kubernetes(HttpServer):
    """The part `kubernetes`."""

    def endpoint(self) -> dict[str, Any]:
        """Return address, identity and the namespace of the platform."""
        return {"url": self.url(), "cluster_uid": self.cluster_uid(), "namespace": NAMESPACE}

    def details(self) -> dict[str, Any]:
        """Return the kubeconfig, which holds the token."""
        return {"kubeconfig": str(self.layout.credential("kubeconfig"))}

    def cluster_uid(self) -> str:
        """Return the UID of the namespace kube-system, or nothing before the cluster exists."""
        if not self.running():
            return ""
        headers = {"Authorization": f"Bearer {self.token()}", "User-Agent": "hasivu-play/sandbox"}
        status, body = probes.get(self.port, "/api/v1/namespaces/kube-system", headers)
        if status != http.HTTPStatus.OK:
            raise self.failure(f"answered {status} when asked who it is")
        return str(json.loads(body)["metadata"]["uid"])

    def token(self) -> str:
        """Return the bearer token of the first user of the kubeconfig."""
        import yaml

        return str(yaml.safe_load(self.layout.read_credential("kubeconfig"))["users"][0]["user"]["token"])


class Companions(HttpServer):
    """The part `companions`."""

    def endpoint(self) -> dict[str, Any]:
        """Return the address of each companion."""
        return {f"{name}_url": f"{self.url()}/{name}" for name in ("pagerduty", "razorpay", "grafana", "advisories")}


CLASSES: dict[str, type[Part]] = {
    "postgresql": Postgresql,
    "redis": Valkey,
    "aws": Aws,
    "kubernetes": Kubernetes,
    "companions": Companions,
    "edge": Edge,
    "application": HttpServer,
}
# The application reads its database address and credentials from Kubernetes: it starts when the others are filled.
LAST = "application"


def parts(layout: Layout) -> list[Part]:
    """Return the parts of a sandbox, in the order in which a person would name them; restored databases come last."""
    chosen = ports(layout, CLASSES)
    return [*(kind(layout, name, chosen[name]) for name, kind in CLASSES.items()), *restored(layout)]


def part(layout: Layout, name: str) -> Part:
    """Return one part."""
    return next(candidate for candidate in parts(layout) if candidate.name == name)
