"""What the API server fills in, so that a template read back and written again is no new revision."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hasivu_play.sandbox.kubernetes.pod_defaults import fill, fill_pod_spec
from hasivu_play.sandbox.kubernetes.resources import Object, Resource


def with_defaults(resource: Resource, content: Object) -> Object:
    """Return an object with every field that Kubernetes would have set."""
    result = deepcopy(content)
    filler = FILLERS.get(resource.name)
    if filler:
        filler(result)
    return result


def _fill_pod(pod: Object) -> None:
    spec = pod.setdefault("spec", {})
    fill(spec, {"serviceAccountName": "default", "enableServiceLinks": True})
    fill_pod_spec(spec)


def _fill_template(owner: Object) -> None:
    template = owner.setdefault("spec", {}).setdefault("template", {})
    template.setdefault("metadata", {})
    fill_pod_spec(template.setdefault("spec", {}))


def _fill_deployment(deployment: Object) -> None:
    _fill_template(deployment)
    spec = deployment["spec"]
    fill(
        spec,
        {
            "replicas": 1,
            "strategy": {"type": "RollingUpdate"},
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": 600,
        },
    )
    fill(spec["strategy"], {"type": "RollingUpdate"})
    if spec["strategy"]["type"] == "RollingUpdate":
        rolling = spec["strategy"].setdefault("rollingUpdate", {})
        fill(rolling, {"maxUnavailable": "25%", "maxSurge": "25%"})


def _fill_replica_set(replica_set: Object) -> None:
    _fill_template(replica_set)
    fill(replica_set["spec"], {"replicas": 1})


def _fill_service(service: Object) -> None:
    spec = service.setdefault("spec", {})
    fill(
        spec,
        {
            "type": "ClusterIP",
            "sessionAffinity": "None",
            "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"],
            "ipFamilyPolicy": "SingleStack",
        },
    )
    fill(spec, {"clusterIP": address(10, 96, service["metadata"].get("uid", ""))})
    fill(spec, {"clusterIPs": [spec["clusterIP"]]})
    for port in spec.get("ports", []):
        fill(port, {"protocol": "TCP"})
        fill(port, {"targetPort": port.get("port")})


def address(first: int, second: int, seed: str) -> str:
    """Return an address of a network that is always the same for the same seed."""
    digest = hashlib.sha256(seed.encode()).digest()
    return f"{first}.{second}.{digest[0]}.{digest[1] % 254 + 1}"


def _fill_job(job: Object) -> None:
    _fill_template(job)
    spec, metadata = job["spec"], job["metadata"]
    fill(
        spec,
        {
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 6,
            "completionMode": "NonIndexed",
            "suspend": False,
            "podReplacementPolicy": "TerminatingOrFailed",
        },
    )
    if uid := metadata.get("uid"):
        labels = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": metadata["name"]}
        fill(spec["template"]["metadata"].setdefault("labels", {}), labels)
        fill(spec, {"selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}})


def _fill_cron_job(cron_job: Object) -> None:
    spec = cron_job.setdefault("spec", {})
    fill(
        spec,
        {
            "concurrencyPolicy": "Allow",
            "suspend": False,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 1,
            "jobTemplate": {},
        },
    )
    spec["jobTemplate"].setdefault("metadata", {})
    _fill_template(spec["jobTemplate"])


def _fill_autoscaler(autoscaler: Object) -> None:
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}
    fill(autoscaler.setdefault("spec", {}), {"minReplicas": 1, "metrics": [{"type": "Resource", "resource": cpu}]})


def _fill_secret(secret: Object) -> None:
    fill(secret, {"type": "Opaque"})
    for key, value in secret.pop("stringData", {}).items():
        secret.setdefault("data", {})[key] = b64encode(value.encode()).decode()


def _fill_namespace(namespace: Object) -> None:
    labels = namespace["metadata"].setdefault("labels", {})
    labels["kubernetes.io/metadata.name"] = namespace["metadata"]["name"]
    fill(namespace, {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}})


def _fill_role_binding(binding: Object) -> None:
    fill(binding.setdefault("roleRef", {}), {"apiGroup": "rbac.authorization.k8s.io"})
    for subject in binding.get("subjects", []):
        if subject.get("kind") in ("User", "Group"):
            fill(subject, {"apiGroup": "rbac.authorization.k8s.io"})


FILLERS: dict[str, Callable[[Any], None]] = {
    "pods": _fill_pod,
    "deployments": _fill_deployment,
    "replicasets": _fill_replica_set,
    "services": _fill_service,
    "jobs": _fill_job,
    "cronjobs": _fill_cron_job,
    "horizontalpodautoscalers": _fill_autoscaler,
    "secrets": _fill_secret,
    "namespaces": _fill_namespace,
    "rolebindings": _fill_role_binding,
    "clusterrolebindings": _fill_role_binding,
}
