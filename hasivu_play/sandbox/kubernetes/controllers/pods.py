"""The scheduler and the kubelet: pods get a node, start, fail, end and go."""

from __future__ import annotations

import time
from typing import Any

from hasivu_play.sandbox.kubernetes.controllers.cluster import Cluster, controller_of, is_leaving
from hasivu_play.sandbox.kubernetes.controllers.images import CRASH, MISSING, fate
from hasivu_play.sandbox.kubernetes.controllers.pod_status import (
    configuration_status,
    crashing_status,
    finished_status,
    pulling_status,
    running_status,
    starting_status,
    unschedulable_status,
)
from hasivu_play.sandbox.kubernetes.resources import Object

START_SECONDS = 0.2
STOP_SECONDS = 0.2
JOB_SECONDS = 0.3
FINISHED = ("Succeeded", "Failed")


class Kubelet:
    """Moves pods through their lives; how long each has been in its present part of it is kept in memory only."""

    def __init__(self) -> None:
        """Know no pod yet."""
        self._since: dict[tuple[str, str], float] = {}
        self.next_due: float | None = None

    def reconcile(self, cluster: Cluster) -> None:
        """Take every pod one step further, and remember when the next step is due."""
        self.next_due = None
        pods = cluster.all("pods")
        alive = {pod["metadata"]["uid"] for pod in pods}
        self._since = {key: moment for key, moment in self._since.items() if key[0] in alive}
        for pod in pods:
            self._step(cluster, pod)

    def _elapsed(self, pod: Object, stage: str) -> float:
        started = self._since.setdefault((pod["metadata"]["uid"], stage), time.monotonic())
        return time.monotonic() - started

    def _is_over(self, pod: Object, stage: str, seconds: float) -> bool:
        left = seconds - self._elapsed(pod, stage)
        if left > 0:
            self.next_due = min(left, self.next_due) if self.next_due is not None else left
        return left <= 0

    def _step(self, cluster: Cluster, pod: Object) -> None:
        if is_leaving(pod):
            if self._is_over(pod, "stop", cluster.seconds("pod_stop_seconds", STOP_SECONDS)):
                cluster.remove("pods", pod)
        elif pod["status"].get("phase") not in FINISHED:
            node = pod["spec"].get("nodeName") or self._node(cluster)
            if not node:
                cluster.save("pods", {**pod, "status": unschedulable_status(pod)})
                return
            pod = {**pod, "spec": {**pod["spec"], "nodeName": node}}
            cluster.save("pods", {**pod, "status": self._status(cluster, pod)})

    def _node(self, cluster: Cluster) -> str:
        if cluster.faults.read().get("unschedulable"):
            return ""
        pods = [pod["spec"].get("nodeName") for pod in cluster.all("pods")]
        nodes = [node for node in cluster.all("nodes") if not node.get("spec", {}).get("unschedulable")]
        names = [node["metadata"]["name"] for node in nodes]
        return min(names, key=pods.count, default="")

    def _status(self, cluster: Cluster, pod: Object) -> Object:
        fates = {fate(container["image"], cluster.faults.read()) for container in pod["spec"]["containers"]}
        if pod["status"].get("phase") != "Running":  # what runs has its image and what it refers to, and has started
            if MISSING in fates:
                waited = self._is_over(pod, "pull", 1.0)
                return pulling_status(pod, "ImagePullBackOff" if waited else "ErrImagePull")
            if problem := missing_reference(cluster, pod):
                return configuration_status(pod, problem)
            if not self._is_over(pod, "start", cluster.seconds("pod_start_seconds", START_SECONDS)):
                return starting_status(pod)
        is_job = controller_of(pod).get("kind") == "Job" or pod["spec"]["restartPolicy"] != "Always"
        if is_job and self._is_over(pod, "run", cluster.seconds("job_seconds", JOB_SECONDS)):
            return finished_status(pod, succeeded=CRASH not in fates)
        if CRASH in fates and not is_job:
            return crashing_status(pod, 1 + int(self._elapsed(pod, "crash") // 10))
        return running_status(pod)


def missing_reference(cluster: Cluster, pod: Object) -> str:
    """Return what a pod's environment refers to and does not find."""
    namespace = pod["metadata"]["namespace"]
    for container in pod["spec"]["containers"]:
        for name, reference in _references(container):
            if reference.get("optional"):
                continue
            kind = name.removesuffix("s")
            found = cluster.get(name, namespace, reference.get("name", ""))
            if found is None:
                return f'{kind} "{reference.get("name", "")}" not found'
            if "key" in reference and reference["key"] not in found.get("data", {}):
                return f"couldn't find key {reference['key']} in {kind} {namespace}/{reference['name']}"
    return ""


def _references(container: Object) -> list[tuple[str, dict[str, Any]]]:
    sources = [variable.get("valueFrom", {}) for variable in container.get("env", [])]
    pairs = [("configmaps", "configMapKeyRef"), ("secrets", "secretKeyRef")]
    found = [(name, source[key]) for source in sources for name, key in pairs if key in source]
    whole = [("configmaps", "configMapRef"), ("secrets", "secretRef")]
    return found + [
        (name, source[key]) for source in container.get("envFrom", []) for name, key in whole if key in source
    ]
