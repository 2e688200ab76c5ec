"""Replica sets: as many pods as wanted."""

from __future__ import annotations

from hasivu_play.sandbox.kubernetes.controllers.cluster import Cluster, age, is_leaving, is_ready, without_zeros
from hasivu_play.sandbox.kubernetes.deletion import DeleteOptions, delete
from hasivu_play.sandbox.kubernetes.resources import BY_NAME, Object

FINISHED = ("Succeeded", "Failed")


def reconcile_replica_sets(cluster: Cluster) -> None:
    """Make or delete the pods that each replica set has too few or too many."""
    for replica_set in cluster.all("replicasets"):
        if not is_leaving(replica_set):
            pods = active_pods(cluster, replica_set)
            _make(cluster, replica_set, replica_set["spec"]["replicas"] - len(pods))
            _delete(cluster, pods, len(pods) - replica_set["spec"]["replicas"])
            cluster.save("replicasets", {**replica_set, "status": _status(cluster, replica_set)})


def active_pods(cluster: Cluster, owner: Object) -> list[Object]:
    """Return the pods of an owner that count: neither leaving nor finished."""
    pods = cluster.owned("pods", owner)
    return [pod for pod in pods if not is_leaving(pod) and pod["status"].get("phase") not in FINISHED]


def _make(cluster: Cluster, replica_set: Object, missing: int) -> None:
    for _ in range(missing):
        make_pod(cluster, replica_set, replica_set["spec"]["template"])


def make_pod(cluster: Cluster, owner: Object, template: Object) -> Object:
    """Make a pod from a template; the kubelet takes it from there."""
    metadata = {**template["metadata"], "generateName": f"{owner['metadata']['name']}-"}
    content = {"metadata": metadata, "spec": template["spec"], "status": {"phase": "Pending"}}
    return cluster.create("pods", owner, content)


def _delete(cluster: Cluster, pods: list[Object], surplus: int) -> None:
    if surplus > 0:
        for pod in sorted(pods, key=_worth)[:surplus]:
            delete(cluster.store, BY_NAME["pods"], pod, DeleteOptions())


def _worth(pod: Object) -> tuple[bool, bool, int]:
    """Order pods so that those come first whose loss hurts least: unscheduled, unready, young."""
    return "nodeName" in pod["spec"], is_ready(pod), -int(pod["metadata"]["resourceVersion"])


def _status(cluster: Cluster, replica_set: Object) -> Object:
    pods = active_pods(cluster, replica_set)
    ready = [pod for pod in pods if is_ready(pod)]
    seconds = replica_set["spec"].get("minReadySeconds", 0)
    available = [pod for pod in ready if not seconds or _ready_seconds(pod) >= seconds]
    counts = {
        "fullyLabeledReplicas": len(pods),
        "readyReplicas": len(ready),
        "availableReplicas": len(available),
    }
    generation = replica_set["metadata"]["generation"]
    return {"replicas": len(pods), **without_zeros(counts), "observedGeneration": generation}


def _ready_seconds(pod: Object) -> float:
    moments = [one["lastTransitionTime"] for one in pod["status"]["conditions"] if one["type"] == "Ready"]
    return age(moments[0]).total_seconds()
