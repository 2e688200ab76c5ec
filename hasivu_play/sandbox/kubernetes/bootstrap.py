"""What a cluster has before anybody uses it: system namespaces and nodes."""

from __future__ import annotations

import uuid
from pathlib import Path

from hasivu_play.sandbox.kubernetes.ownership import now
from hasivu_play.sandbox.kubernetes.registry import Options, Registry
from hasivu_play.sandbox.kubernetes.resources import BY_NAME, Object
from hasivu_play.sandbox.layout import write_private

NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
NODES = {
    "ip-10-0-1-10.ap-south-1.compute.internal": "10.0.1.10",
    "ip-10-0-2-10.ap-south-1.compute.internal": "10.0.2.10",
}
CAPACITY = {"cpu": "4", "memory": "16Gi", "pods": "58"}
SYSTEM = Options("kube-apiserver")


def bootstrap(registry: Registry, directory: Path) -> None:
    """Make what is missing; the uid of kube-system, by which a cluster is known, outlives its objects."""
    for name in NAMESPACES:
        uid = _cluster_uid(directory) if name == "kube-system" else str(uuid.uuid4())
        _make(registry, "namespaces", {"metadata": {"name": name}}, uid)
    for zone, (name, address) in zip("ab", NODES.items(), strict=True):
        _make(registry, "nodes", _node(name, f"ap-south-1{zone}"), str(uuid.uuid4()), _node_status(address))


def _cluster_uid(directory: Path) -> str:
    path = directory / "cluster_uid"
    if not path.exists():
        write_private(path, str(uuid.uuid4()))
    return path.read_text(encoding="utf-8")


def _make(registry: Registry, name: str, content: Object, uid: str, status: Object | None = None) -> None:
    resource = BY_NAME[name]
    if registry.store.get(resource, "", content["metadata"]["name"]):
        return
    draft = registry.create(resource, "", content, Options(SYSTEM.manager, dry_run=True)).content
    made = {**draft, "metadata": {**draft["metadata"], "uid": uid}}
    registry.store.put(resource, {**made, "status": status} if status else made)


def _node(name: str, zone: str) -> Object:
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "m6i.xlarge",
        "topology.kubernetes.io/region": "ap-south-1",
        "topology.kubernetes.io/zone": zone,
    }
    return {"metadata": {"name": name, "labels": labels}, "spec": {"providerID": f"aws:///{zone}/{name}"}}


def _node_status(address: str) -> Object:
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": now()}
    return {
        "capacity": CAPACITY,
        "allocatable": CAPACITY,
        "conditions": [{**ready, "message": "kubelet is posting ready status"}],
        "addresses": [{"type": "InternalIP", "address": address}],
    }
