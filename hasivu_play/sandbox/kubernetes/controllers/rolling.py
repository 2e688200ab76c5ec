"""How a deployment moves pods from old replica sets to the present one without too many or too few."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hasivu_play.sandbox.kubernetes.controllers.cluster import Cluster
from hasivu_play.sandbox.kubernetes.resources import Object

REVISION = "deployment.kubernetes.io/revision"


def revision_of(content: Object) -> int:
    """Return the revision that an annotation names."""
    return int(content["metadata"].get("annotations", {}).get(REVISION, 0))


def bounds(deployment: Object) -> tuple[int, int]:
    """Return how many pods may be too many and how many may be missing during a roll."""
    rolling = deployment["spec"]["strategy"].get("rollingUpdate")
    if rolling is None:
        return 0, deployment["spec"]["replicas"]
    wanted = deployment["spec"]["replicas"]
    surge = _share(rolling["maxSurge"], wanted, math.ceil)
    missing = _share(rolling["maxUnavailable"], wanted, math.floor)
    return surge, missing if surge or missing else 1


def _share(value: Any, whole: int, round_to: Callable[[float], int]) -> int:
    if isinstance(value, str) and value.endswith("%"):
        return int(round_to(int(value[:-1]) * whole / 100))
    return int(value)


def scale(cluster: Cluster, deployment: Object, sets: list[Object], current: Object | None) -> None:
    """Take one step of a scaling or of a roll."""
    if current is None:
        current = max(sets, key=revision_of, default=None)
        if current is None:
            return
    current = next(one for one in sets if one["metadata"]["name"] == current["metadata"]["name"])
    old = [one for one in sets if one is not current and (one["spec"]["replicas"] or pod_count(one))]
    wanted = deployment["spec"]["replicas"]
    if deployment["spec"].get("paused") and any(one["spec"]["replicas"] for one in old):
        return
    if deployment["spec"]["strategy"]["type"] == "Recreate" and old:
        for one in old:
            _set_replicas(cluster, deployment, one, 0)
        return
    _roll(cluster, deployment, current, old, wanted)


def pod_count(replica_set: Object) -> int:
    """Return how many pods a replica set has."""
    return int(replica_set.get("status", {}).get("replicas", 0))


def _available(replica_set: Object) -> int:
    return int(replica_set.get("status", {}).get("availableReplicas", 0))


def _roll(cluster: Cluster, deployment: Object, current: Object, old: list[Object], wanted: int) -> None:
    surge, missing = bounds(deployment)
    replicas = current["spec"]["replicas"]
    others = sum(one["spec"]["replicas"] for one in old)
    if replicas > wanted or not others:
        _set_replicas(cluster, deployment, current, wanted)
        return
    room = wanted + surge - replicas - others
    if replicas < wanted and room > 0:
        _set_replicas(cluster, deployment, current, min(wanted, replicas + room))
        return
    unready = replicas - min(_available(current), replicas)
    spare = replicas + others - (wanted - missing) - unready
    _shrink(cluster, deployment, old, spare, wanted - missing - _available(current))


def _shrink(cluster: Cluster, deployment: Object, old: list[Object], spare: int, least: int) -> None:
    """Take away old pods: those that do not serve first, then as many that serve as may be missing."""
    for one in sorted(old, key=revision_of):
        sick = min(max(0, one["spec"]["replicas"] - _available(one)), max(0, spare))
        spare -= sick
        surplus = sum(min(_available(other), other["spec"]["replicas"]) for other in old) - max(0, least)
        serving = min(one["spec"]["replicas"] - sick, max(0, spare), max(0, surplus))
        if sick or serving:
            _set_replicas(cluster, deployment, one, one["spec"]["replicas"] - sick - serving)
            return


def _set_replicas(cluster: Cluster, deployment: Object, replica_set: Object, replicas: int) -> None:
    before = replica_set["spec"]["replicas"]
    if before == replicas:
        return
    metadata = {**replica_set["metadata"], "generation": replica_set["metadata"]["generation"] + 1}
    spec = {**replica_set["spec"], "replicas": replicas}
    cluster.save("replicasets", {**replica_set, "metadata": metadata, "spec": spec})
    word = "up" if replicas > before else "down"
    name = replica_set["metadata"]["name"]
    cluster.event(deployment, "ScalingReplicaSet", f"Scaled {word} replica set {name} from {before} to {replicas}")
