"""Deployments: replica sets for each revision of the template, and the roll from one to the next."""

from __future__ import annotations

import hashlib
import json

from hasivu_play.sandbox.kubernetes.admission import NAME_ALPHABET
from hasivu_play.sandbox.kubernetes.controllers.cluster import Cluster, is_leaving
from hasivu_play.sandbox.kubernetes.controllers.deployment_status import deployment_status
from hasivu_play.sandbox.kubernetes.controllers.rolling import REVISION, bounds, pod_count, revision_of, scale
from hasivu_play.sandbox.kubernetes.resources import Object

REVISION_HISTORY = "deployment.kubernetes.io/revision-history"
HASH = "pod-template-hash"
UNCOPIED = (REVISION, REVISION_HISTORY, "kubectl.kubernetes.io/last-applied-configuration")


def reconcile_deployments(cluster: Cluster) -> None:
    """Take every deployment one step further."""
    for deployment in cluster.all("deployments"):
        if not is_leaving(deployment):
            _reconcile(cluster, deployment)


def _reconcile(cluster: Cluster, deployment: Object) -> None:
    sets = cluster.owned("replicasets", deployment)
    current = next((one for one in sets if _template(one) == _plain(deployment["spec"]["template"])), None)
    if not deployment["spec"].get("paused"):
        current = _make_current(cluster, deployment, sets, current)
        deployment = _annotate(cluster, deployment, current)
    sets = cluster.owned("replicasets", deployment)
    scale(cluster, deployment, sets, current)
    sets = cluster.owned("replicasets", deployment)
    _forget_old(cluster, deployment, sets, current)
    status = deployment_status(deployment, sets, current["metadata"]["name"] if current else "")
    cluster.save("deployments", {**deployment, "status": status})


def _template(replica_set: Object) -> Object:
    return _plain(replica_set["spec"]["template"])


def _plain(template: Object) -> Object:
    """Return a template without the hash that tells the pods of replica sets apart."""
    metadata = template.get("metadata", {})
    labels = {key: value for key, value in metadata.get("labels", {}).items() if key != HASH}
    return {**template, "metadata": {**metadata, "labels": labels}}


def _make_current(cluster: Cluster, deployment: Object, sets: list[Object], current: Object | None) -> Object:
    newest = max((revision_of(one) for one in sets), default=0)
    if current is None:
        return _create_set(cluster, deployment, newest + 1)
    revision, annotations = revision_of(current), dict(current["metadata"].get("annotations", {}))
    if revision < newest:
        history = [annotations[REVISION_HISTORY]] if REVISION_HISTORY in annotations else []
        annotations |= {REVISION: str(newest + 1), REVISION_HISTORY: ",".join([*history, str(revision)])}
    annotations |= _copied_annotations(deployment)
    return cluster.save("replicasets", {**current, "metadata": {**current["metadata"], "annotations": annotations}})


def _create_set(cluster: Cluster, deployment: Object, revision: int) -> Object:
    template, name = deployment["spec"]["template"], deployment["metadata"]["name"]
    digest = template_hash(template)
    labels = {**template["metadata"].get("labels", {}), HASH: digest}
    selector = deployment["spec"]["selector"]
    selector = {**selector, "matchLabels": {**selector.get("matchLabels", {}), HASH: digest}}
    spec = {
        "replicas": 0,
        "selector": selector,
        "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
    }
    if seconds := deployment["spec"].get("minReadySeconds"):
        spec["minReadySeconds"] = seconds
    annotations = {**_copied_annotations(deployment), REVISION: str(revision)}
    metadata = {"name": f"{name}-{digest}", "labels": labels, "annotations": annotations}
    return cluster.create("replicasets", deployment, {"metadata": metadata, "spec": spec})


def template_hash(template: Object) -> str:
    """Return the short name of a template."""
    digest = hashlib.sha256(json.dumps(_plain(template), sort_keys=True).encode()).digest()
    return "".join(NAME_ALPHABET[byte % len(NAME_ALPHABET)] for byte in digest[:10])


def _copied_annotations(deployment: Object) -> dict[str, str]:
    annotations: dict[str, str] = deployment["metadata"].get("annotations", {})
    copied = {key: value for key, value in annotations.items() if key not in UNCOPIED}
    wanted = deployment["spec"]["replicas"]
    return {
        **copied,
        "deployment.kubernetes.io/desired-replicas": str(wanted),
        "deployment.kubernetes.io/max-replicas": str(wanted + bounds(deployment)[0]),
    }


def _annotate(cluster: Cluster, deployment: Object, current: Object) -> Object:
    annotations = {**deployment["metadata"].get("annotations", {}), REVISION: str(revision_of(current))}
    return cluster.save(
        "deployments", {**deployment, "metadata": {**deployment["metadata"], "annotations": annotations}}, ""
    )


def _forget_old(cluster: Cluster, deployment: Object, sets: list[Object], current: Object | None) -> None:
    name = current["metadata"]["name"] if current else ""
    idle = [
        one for one in sets if not one["spec"]["replicas"] and not pod_count(one) and one["metadata"]["name"] != name
    ]
    surplus = len(idle) - deployment["spec"]["revisionHistoryLimit"]
    for one in sorted(idle, key=revision_of)[: max(0, surplus)]:
        cluster.remove("replicasets", one)
