# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a Deployment must be rolled, and how far its roll is, told from its status and its pods."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes_change import VERSION

Object = dict[str, Any]

HOPELESS = {
    "ImagePullBackOff": "its image cannot be pulled",
    "ErrImagePull": "its image cannot be pulled",
    "InvalidImageName": "its image has no valid name",
    "CrashLoopBackOff": "its container ends again and again",
    "CreateContainerConfigError": "its ConfigMap or Secret is not there",
}


def template_version(deployment: Object) -> str:
    """Return the version of the secret that the pod template names, or nothing."""
    annotations = deployment["spec"]["template"]["metadata"].get("annotations") or {}
    return str(annotations.get(VERSION, ""))


def needs_roll(deployment: Object, pods: list[Object], version: str, since: str) -> bool:
    """Tell whether pods may still hold what the Secret held before an instant; no instant means that it never changed.

    Times of pods have whole seconds, so a pod of the very second counts as old.
    """
    if template_version(deployment) == version or not since:
        return False
    moment = datetime.fromisoformat(since).replace(microsecond=0)
    return any(datetime.fromisoformat(pod["metadata"]["creationTimestamp"]) <= moment for pod in pods)


def is_complete(deployment: Object) -> bool:
    """Tell whether every wanted pod is of the present template and serves, and no other is left."""
    wanted, status = deployment["spec"]["replicas"], deployment.get("status", {})
    counts = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return status.get("observedGeneration", 0) >= deployment["metadata"]["generation"] and counts == [wanted] * 3


def problem_of(deployment: Object, pods: list[Object]) -> str:
    """Return why a roll will not end by itself, or nothing."""
    if deployment["spec"].get("paused"):
        return "it is paused"
    conditions = deployment.get("status", {}).get("conditions", [])
    if deployment.get("status", {}).get("observedGeneration", 0) >= deployment["metadata"]["generation"] and any(
        one["type"] == "Progressing" and one.get("reason") == "ProgressDeadlineExceeded" for one in conditions
    ):
        return "it made no progress within its deadline"
    return next(filter(None, map(pod_problem, pods)), "")


def pod_problem(pod: Object) -> str:
    """Return why a pod will not come up by itself, or nothing."""
    for container in pod.get("status", {}).get("containerStatuses", []):
        reason = container.get("state", {}).get("waiting", {}).get("reason", "")
        if reason in HOPELESS:
            return f"pod {pod['metadata']['name']} does not start, for {HOPELESS[reason]} ({reason})"
    return ""


def progress_of(deployment: Object) -> str:
    """Say in a few words how far a roll is."""
    status, wanted = deployment.get("status", {}), deployment["spec"]["replicas"]
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    return f"{updated} of {wanted} pods are new, {available} serve"


def selector_of(deployment: Object) -> str:
    """Return the labels of a Deployment's pods as a query takes them."""
    labels = deployment["spec"]["selector"].get("matchLabels", {})
    return ",".join(f"{name}={value}" for name, value in labels.items())
