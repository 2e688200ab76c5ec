"""What goes when its owner or its namespace goes, and the service account that each namespace has."""

from __future__ import annotations

import uuid

from hasivu_play.sandbox.kubernetes.controllers.cluster import Cluster
from hasivu_play.sandbox.kubernetes.deletion import FOREGROUND, DeleteOptions, delete
from hasivu_play.sandbox.kubernetes.ownership import now
from hasivu_play.sandbox.kubernetes.resources import BY_NAME, RESOURCES, Object, Resource

STORED = tuple(resource for resource in RESOURCES if "get" in resource.verbs)
OWNERS = tuple(resource for resource in STORED if resource.name not in ("events", "leases"))


def collect_garbage(cluster: Cluster) -> None:
    """Delete what lost its owner, and let go what waited for its dependents."""
    alive = {content["metadata"]["uid"] for resource in OWNERS for content in cluster.store.all(resource)}
    for resource in STORED:
        for content in cluster.store.all(resource):
            references = content["metadata"].get("ownerReferences", [])
            if references and not any(reference["uid"] in alive for reference in references):
                _delete(cluster, resource, content)
            elif FOREGROUND in content["metadata"].get("finalizers", []):
                _finish_foreground(cluster, resource, content)


def _delete(cluster: Cluster, resource: Resource, content: Object) -> None:
    if "deletionTimestamp" not in content["metadata"]:
        delete(cluster.store, resource, content, DeleteOptions("Background"))


def _finish_foreground(cluster: Cluster, resource: Resource, owner: Object) -> None:
    uid = owner["metadata"]["uid"]
    dependents = [
        (kind, content)
        for kind in STORED
        for content in cluster.store.all(kind, owner["metadata"].get("namespace", ""))
        if any(reference["uid"] == uid for reference in content["metadata"].get("ownerReferences", []))
    ]
    for kind, content in dependents:
        if "deletionTimestamp" not in content["metadata"]:
            delete(cluster.store, kind, content, DeleteOptions("Foreground"))
    if not dependents:
        release(cluster, resource, owner)


def release(cluster: Cluster, resource: Resource, owner: Object) -> None:
    """Take the finalizer away; an object that waits for nothing else is gone."""
    finalizers = [one for one in owner["metadata"]["finalizers"] if one != FOREGROUND]
    if finalizers:
        cluster.store.put(resource, {**owner, "metadata": {**owner["metadata"], "finalizers": finalizers}})
    else:
        cluster.store.remove(resource, owner)


def reconcile_namespaces(cluster: Cluster) -> None:
    """Empty the namespaces that are being deleted, and give every other its service account."""
    for namespace in cluster.all("namespaces"):
        if namespace["status"]["phase"] == "Terminating":
            _empty(cluster, namespace)
        elif cluster.get("serviceaccounts", namespace["metadata"]["name"], "default") is None:
            _give_service_account(cluster, namespace["metadata"]["name"])


def _empty(cluster: Cluster, namespace: Object) -> None:
    name, left = namespace["metadata"]["name"], False
    for resource in STORED:
        for content in cluster.store.all(resource, name) if resource.namespaced else []:
            left = left or bool(content["metadata"].get("finalizers"))
            if not content["metadata"].get("finalizers"):
                cluster.store.remove(resource, content)
    if not left:
        cluster.store.remove(BY_NAME["namespaces"], namespace)


def _give_service_account(cluster: Cluster, namespace: str) -> None:
    metadata = {"name": "default", "namespace": namespace, "uid": str(uuid.uuid4()), "creationTimestamp": now()}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
    cluster.store.put(BY_NAME["serviceaccounts"], account)
