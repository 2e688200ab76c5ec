"""The status of a deployment: what runs, whether it is enough, whether the roll still advances."""

from __future__ import annotations

from datetime import timedelta

from hasivu_play.sandbox.kubernetes.controllers.cluster import age, condition, without_zeros
from hasivu_play.sandbox.kubernetes.controllers.rolling import bounds
from hasivu_play.sandbox.kubernetes.ownership import now
from hasivu_play.sandbox.kubernetes.resources import Object

COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")


def deployment_status(deployment: Object, sets: list[Object], current: str) -> Object:
    """Return the status of a deployment with these replica sets, of which one has the present template."""
    before = deployment.get("status", {})
    counts = _counts(sets, current)
    wanted = sum(one["spec"]["replicas"] for one in sets)
    status = {
        "observedGeneration": deployment["metadata"]["generation"],
        **without_zeros(counts),
        **without_zeros({"unavailableReplicas": max(0, wanted - counts["availableReplicas"])}),
    }
    available, progressing = _availability(deployment, before, counts), _progress(deployment, before, counts, current)
    return {**status, "conditions": [available, progressing]}


def _counts(sets: list[Object], current: str) -> dict[str, int]:
    def total(key: str, among: list[Object]) -> int:
        return sum(one.get("status", {}).get(key, 0) for one in among)

    updated = [one for one in sets if one["metadata"]["name"] == current]
    return {
        "replicas": total("replicas", sets),
        "updatedReplicas": total("replicas", updated),
        "readyReplicas": total("readyReplicas", sets),
        "availableReplicas": total("availableReplicas", sets),
    }


def _availability(deployment: Object, before: Object, counts: dict[str, int]) -> Object:
    least = deployment["spec"]["replicas"] - bounds(deployment)[1]
    if counts["availableReplicas"] >= least:
        reason, message = "MinimumReplicasAvailable", "Deployment has minimum availability."
    else:
        reason, message = "MinimumReplicasUnavailable", "Deployment does not have minimum availability."
    return _timed(before, condition(before, "Available", counts["availableReplicas"] >= least, reason, message))


def _progress(deployment: Object, before: Object, counts: dict[str, int], current: str) -> Object:
    old: Object | None = next((one for one in before.get("conditions", []) if one["type"] == "Progressing"), None)
    wanted, name = deployment["spec"]["replicas"], current or deployment["metadata"]["name"]
    done = all(counts[key] == wanted for key in COUNTS)
    if done:
        message = f'ReplicaSet "{name}" has successfully progressed.'
        return _timed(before, condition(before, "Progressing", True, "NewReplicaSetAvailable", message))
    moved = any(counts[key] != before.get(key, 0) for key in COUNTS)
    moved = moved or before.get("observedGeneration") != deployment["metadata"]["generation"]
    if old and not moved and old["reason"] == "NewReplicaSetAvailable":
        return old
    limit = timedelta(seconds=deployment["spec"]["progressDeadlineSeconds"])
    if old and not moved and (old["status"] == "False" or age(old["lastUpdateTime"]) > limit):
        message = f'ReplicaSet "{name}" has timed out progressing.'
        return _timed(before, condition(before, "Progressing", False, "ProgressDeadlineExceeded", message))
    fresh = condition(before, "Progressing", True, "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
    return {**fresh, "lastUpdateTime": now()} if moved or not old else _timed(before, fresh)


def _timed(before: Object, fresh: Object) -> Object:
    """Return a condition with the time of its last change of any kind."""
    old: Object = next((one for one in before.get("conditions", []) if one["type"] == fresh["type"]), {})
    same = all(old.get(key) == fresh[key] for key in ("status", "reason", "message"))
    return {**fresh, "lastUpdateTime": old["lastUpdateTime"] if same else now()}
