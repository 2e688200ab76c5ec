# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The writers of the database that Kubernetes runs, as they are; nothing of it is a secret."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import Cluster
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes_change import Object, annotations_of, manager_of
from ansible_collections.hasivu.ops.plugins.module_utils.rollout import template_version
from ansible_collections.hasivu.ops.plugins.module_utils.writer_kubernetes import (
    PAUSED,
    Autoscalers,
    CronJobs,
    Deployments,
    Jobs,
    Objects,
    Pods,
    ScaledObjects,
    is_at_work,
)
from ansible_collections.hasivu.ops.plugins.module_utils.writer_marks import (
    Marks,
    pod_mark,
)

Captured = dict[str, dict[str, dict[str, Any]]]


class Budgets(Objects):
    """PodDisruptionBudgets, which are read only."""

    api_version, plural = "policy/v1", "poddisruptionbudgets"


class ReplicaSets(Objects):
    """ReplicaSets, which are read only."""

    api_version, plural = "apps/v1", "replicasets"


def from_cluster(cluster: Cluster, namespace: str, marks: Marks, declared: dict[str, list[str]]) -> Captured:
    """Return the Deployments and CronJobs that write, with what scales and protects them.

    Raises:
        WriterError: The API server refuses, or does not answer.
    """
    autoscalers, budgets = Autoscalers(cluster, namespace).all(), Budgets(cluster, namespace).all()
    scaled = ScaledObjects(cluster, namespace).all()
    deployments = {
        name: deployment_entry(found, why, autoscalers, budgets)
        for name, found, why in known(
            Deployments(cluster, namespace).all(), template_of, marks, declared, "deployments"
        )
    }
    cron_jobs = known(CronJobs(cluster, namespace).all(), job_template_of, marks, declared, "cron_jobs")
    return {
        "deployments": deployments,
        "cron_jobs": {name: entry(found, bool(found["spec"].get("suspend")), why) for name, found, why in cron_jobs},
        "autoscalers": {
            name_of(one): entry(one, policy_of(one), "may scale up from nothing")
            for one in autoscalers
            if one["spec"].get("minReplicas") == 0 and target(one) in deployments
        },
        "scaled_objects": {
            name_of(one): entry(one, annotations_of(one).get(PAUSED), "is scaled by KEDA")
            for one in scaled
            if one["spec"]["scaleTargetRef"].get("name") in deployments
        },
    }


def entry(found: Object, value: Any, why: str) -> dict[str, Any]:
    """Return what is captured of an object: which one it is, its setting, and why it is captured."""
    return {**identity(found), "value": value, "why": why}


def known(
    objects: list[Object], template: Callable[[Object], Object], marks: Marks, declared: dict[str, list[str]], kind: str
) -> list[tuple[str, Object, str]]:
    """Return the objects that write, declared ones in their order first, each with the reason."""
    order = declared.get(kind) or []
    found = {name_of(one): (one, pod_mark(template(one), marks)) for one in objects}
    names = [name for name in order if name in found]
    names += [name for name, (_, mark) in found.items() if mark and name not in order]
    return [(name, found[name][0], found[name][1] or "declared in the inventory") for name in names]


def deployment_entry(found: Object, why: str, autoscalers: list[Object], budgets: list[Object]) -> dict[str, Any]:
    """Return everything of a Deployment that putting it back needs or a reader wants to compare."""
    own = [one for one in autoscalers if target(one) == name_of(found)]
    labels = found["spec"]["template"]["metadata"].get("labels") or {}
    return {
        **entry(found, found["spec"]["replicas"], why),
        "template": digest_of(found),
        "version": template_version(found),
        "manager": manager_of(found),
        "autoscaler": {"name": name_of(own[0]), **bounds_of(own[0])} if own else None,
        "budgets": {
            name_of(one): {key: one["spec"][key] for key in ("minAvailable", "maxUnavailable") if key in one["spec"]}
            for one in budgets
            if selects(one["spec"].get("selector") or {}, labels)
        },
    }


def strangers(cluster: Cluster, namespace: str, marks: Marks, captured: Captured) -> list[dict[str, str]]:
    """Return the pods that read the database's settings and belong to no captured writer.

    They are of a kind that is not stopped here, such as a StatefulSet, or of a Job that somebody began by hand.

    Raises:
        WriterError: The API server refuses, or does not answer.
    """
    owners = {one["uid"] for kind in ("deployments", "cron_jobs") for one in captured[kind].values()}
    middle = {
        found["metadata"]["uid"]
        for objects in (ReplicaSets(cluster, namespace).all(), Jobs(cluster, namespace).all())
        for found in objects
        if owner_of(found).get("uid") in owners
    }
    return [
        {"pod": name_of(pod), "owner": f"{owner_of(pod).get('kind', 'nobody')} {owner_of(pod).get('name', '')}".strip()}
        for pod in Pods(cluster, namespace).all()
        if is_at_work(pod) and pod_mark(pod["spec"], marks) and owner_of(pod).get("uid") not in middle
    ]


def addresses(cluster: Cluster, namespace: str, found: Object) -> list[str]:
    """Return the addresses of the pods of a Deployment."""
    return [
        address for pod in Deployments(cluster, namespace).pods(found) if (address := pod["status"].get("podIP", ""))
    ]


def owner_of(content: Object) -> Object:
    """Return the object that another belongs to, or nothing."""
    return next(iter(content["metadata"].get("ownerReferences") or []), {})


def identity(content: Object) -> dict[str, Any]:
    """Return which very object was seen, in which version."""
    return {"uid": content["metadata"]["uid"], "resource_version": content["metadata"]["resourceVersion"]}


def digest_of(deployment: Object) -> str:
    """Return a digest of what a Deployment is told to be, but for its number of replicas."""
    spec = {key: value for key, value in deployment["spec"].items() if key != "replicas"}
    return hashlib.sha256(json.dumps(spec, sort_keys=True).encode()).hexdigest()


def bounds_of(autoscaler: Object) -> dict[str, int]:
    """Return between how many replicas an autoscaler keeps."""
    return {"least": autoscaler["spec"].get("minReplicas", 1), "most": autoscaler["spec"]["maxReplicas"]}


def policy_of(autoscaler: Object) -> str | None:
    """Return the policy by which an autoscaler scales up, or nothing where it is the default."""
    found: str | None = ((autoscaler["spec"].get("behavior") or {}).get("scaleUp") or {}).get("selectPolicy")
    return found


def target(scaler: Object) -> str:
    """Return the Deployment that an autoscaler scales, or nothing."""
    reference = scaler["spec"]["scaleTargetRef"]
    return str(reference["name"]) if reference.get("kind") == "Deployment" else ""


def selects(selector: Object, labels: dict[str, str]) -> bool:
    """Tell whether the labels that a selector names are all there."""
    wanted = selector.get("matchLabels") or {}
    return bool(wanted) and all(labels.get(name) == value for name, value in wanted.items())


def name_of(content: Object) -> str:
    """Return the name of an object."""
    return str(content["metadata"]["name"])


def template_of(deployment: Object) -> Object:
    """Return the specification of the pods of a Deployment."""
    found: Object = deployment["spec"]["template"]["spec"]
    return found


def job_template_of(cron_job: Object) -> Object:
    """Return the specification of the pods of a CronJob."""
    found: Object = cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found
