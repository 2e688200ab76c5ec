"""Horizontal pod autoscalers: within their bounds, by load, and at rest while nothing runs."""

from __future__ import annotations

import math

from hasivu_play.sandbox.kubernetes.controllers.cluster import Cluster, condition
from hasivu_play.sandbox.kubernetes.resources import Object

TOLERANCE = 0.1
TARGETS = {"Deployment": "deployments", "ReplicaSet": "replicasets"}
DEFAULT_TARGET = 80


def reconcile_autoscalers(cluster: Cluster) -> None:
    """Set the replicas that each autoscaler wants."""
    for autoscaler in cluster.all("horizontalpodautoscalers"):
        reference = autoscaler["spec"]["scaleTargetRef"]
        name = TARGETS.get(reference.get("kind", ""))
        target = cluster.get(name, autoscaler["metadata"]["namespace"], reference["name"]) if name else None
        status = _missing(autoscaler) if target is None or name is None else _scale(cluster, autoscaler, name, target)
        cluster.save("horizontalpodautoscalers", {**autoscaler, "status": status})


def _missing(autoscaler: Object) -> Object:
    message = "the HPA controller was unable to get the target's current scale: not found"
    before = autoscaler.get("status", {})
    return {"currentReplicas": 0, "desiredReplicas": 0} | {
        "conditions": [condition(before, "AbleToScale", False, "FailedGetScale", message)]
    }


def _scale(cluster: Cluster, autoscaler: Object, name: str, target: Object) -> Object:
    current = target["spec"]["replicas"]
    if current == 0:
        return _at_rest(autoscaler)
    wanted, limited = _wanted(cluster, autoscaler, current)
    if wanted != current:
        metadata = {**target["metadata"], "generation": target["metadata"]["generation"] + 1}
        scaled = {**target, "metadata": metadata, "spec": {**target["spec"], "replicas": wanted}}
        cluster.save(name, scaled, "scale")
        cluster.event(autoscaler, "SuccessfulRescale", f"New size: {wanted}; reason: {limited or 'cpu utilization'}")
    return _status(autoscaler, target, wanted, limited, _utilisation(cluster, autoscaler, current))


def _at_rest(autoscaler: Object) -> Object:
    before = autoscaler.get("status", {})
    message = "scaling is disabled since the replica count of the target is zero"
    able = condition(before, "AbleToScale", True, "SucceededGetScale", "the HPA controller was able to get the scale")
    resting = condition(before, "ScalingActive", False, "ScalingDisabled", message)
    return {"currentReplicas": 0, "desiredReplicas": 0, "conditions": [able, resting]}


def _target_percent(autoscaler: Object) -> int:
    for metric in autoscaler["spec"]["metrics"]:
        if metric.get("resource", {}).get("name") == "cpu":
            return int(metric["resource"]["target"].get("averageUtilization", DEFAULT_TARGET))
    return DEFAULT_TARGET


def _utilisation(cluster: Cluster, autoscaler: Object, replicas: int) -> int:
    """Return the percentage of its request that a pod uses: as wanted, unless a fault sets the load."""
    load = cluster.faults.read().get("load")
    return _target_percent(autoscaler) if load is None else round(100 * float(load) / replicas)


def _wanted(cluster: Cluster, autoscaler: Object, current: int) -> tuple[int, str]:
    ratio = _utilisation(cluster, autoscaler, current) / _target_percent(autoscaler)
    wanted = current if abs(ratio - 1) <= TOLERANCE else math.ceil(current * ratio)
    spec = autoscaler["spec"]
    if wanted < spec["minReplicas"]:
        return spec["minReplicas"], "TooFewReplicas"
    if wanted > spec["maxReplicas"]:
        return spec["maxReplicas"], "TooManyReplicas"
    return wanted, ""


def _status(autoscaler: Object, target: Object, wanted: int, limited: str, utilisation: int) -> Object:
    before = autoscaler.get("status", {})
    bound = "the desired replica count is outside the bounds" if limited else "the desired count is within the range"
    return {
        "currentReplicas": target.get("status", {}).get("replicas", 0),
        "desiredReplicas": wanted,
        "currentMetrics": [
            {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": utilisation}}}
        ],
        "conditions": [
            condition(before, "AbleToScale", True, "ReadyForNewScale", "recommended size matches current size"),
            condition(
                before, "ScalingActive", True, "ValidMetricFound", "the HPA was able to calculate a replica count"
            ),
            condition(before, "ScalingLimited", bool(limited), limited or "DesiredWithinRange", bound),
        ],
    }
