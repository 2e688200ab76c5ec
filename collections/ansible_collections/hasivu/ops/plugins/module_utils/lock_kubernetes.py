# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Locks as Leases of Kubernetes (coordination.k8s.io/v1), written against their resourceVersion."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import Cluster, KubernetesError, path_of
from ansible_collections.hasivu.ops.plugins.module_utils.lock import ConflictError, Lock, StoreUnavailableError

API_VERSION = "coordination.k8s.io/v1"
NOT_FOUND = 404
CONFLICT = 409
PROCEDURE = "play.hasivu.edu.in/procedure"
OPERATOR = "play.hasivu.edu.in/operator"


class LeaseStore:
    """Keeps each lock as a Lease in one namespace."""

    name = "kubernetes"

    def __init__(self, kubeconfig: str, context: str | None, namespace: str) -> None:
        """Remember the cluster; nothing is asked yet."""
        self._cluster = (kubeconfig, context)
        self._namespace = namespace
        self._opened: Cluster | None = None

    def read(self, resource: str) -> tuple[Lock | None, Any]:
        """Return the lock of a resource and the Lease that it stands in."""
        try:
            lease = self._request("GET", path_of(API_VERSION, "leases", self._namespace, lease_name(resource)))
        except KubernetesError as error:
            if error.status == NOT_FOUND:
                return None, None
            raise StoreUnavailableError(str(error)) from error
        return lock_of(lease), lease

    def write(self, resource: str, lock: Lock, version: Any) -> None:
        """Create the Lease, or replace the one that was read."""
        lease = lease_of(resource, lock, version)
        path = path_of(API_VERSION, "leases", self._namespace, lease_name(resource) if version else None)
        try:
            self._request("PUT" if version else "POST", path, lease)
        except KubernetesError as error:
            if error.status in (CONFLICT, NOT_FOUND):
                raise ConflictError(str(error)) from error
            raise StoreUnavailableError(str(error)) from error

    def forget(self) -> None:
        """Let the next request read the kubeconfig."""
        self._opened = None

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        self._opened = self._opened or Cluster(*self._cluster)
        return self._opened.request(method, path, body)


def lease_name(resource: str) -> str:
    """Return the name of the Lease of a resource such as `database/hasivu-production`."""
    return f"hasivu-ops-{resource.replace('/', '-').lower()}"


def lease_of(resource: str, lock: Lock, previous: dict[str, Any] | None) -> dict[str, Any]:
    """Return the Lease that says what the lock says."""
    metadata: dict[str, Any] = {"name": lease_name(resource)}
    if previous:
        metadata["resourceVersion"] = previous["metadata"]["resourceVersion"]
    metadata["annotations"] = {PROCEDURE: lock.procedure, OPERATOR: lock.operator}
    return {
        "apiVersion": API_VERSION,
        "kind": "Lease",
        "metadata": metadata,
        "spec": {
            "holderIdentity": lock.holder,
            "leaseDurationSeconds": lock.seconds,
            "acquireTime": micro_time(lock.acquired),
            "renewTime": micro_time(lock.renewed),
            "leaseTransitions": lock.transitions,
        },
    }


def lock_of(lease: dict[str, Any]) -> Lock:
    """Return the lock that a Lease says, whoever wrote the Lease."""
    spec = lease.get("spec", {})
    annotations = lease["metadata"].get("annotations") or {}
    created = lease["metadata"]["creationTimestamp"]
    return Lock(
        holder=spec.get("holderIdentity") or "",
        procedure=annotations.get(PROCEDURE, "unknown procedure"),
        operator=annotations.get(OPERATOR, "unknown operator"),
        acquired=datetime.fromisoformat(spec.get("acquireTime") or created),
        renewed=datetime.fromisoformat(spec.get("renewTime") or created),
        seconds=spec.get("leaseDurationSeconds") or 1,
        transitions=spec.get("leaseTransitions") or 0,
    )


def micro_time(moment: datetime) -> str:
    """Return a time as the MicroTime of Kubernetes."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
