"""Which lists of which types are merged by key, and which mappings are replaced whole.

The API's own OpenAPI document says so with `x-kubernetes-list-map-keys`, `x-kubernetes-patch-merge-key` and
`x-kubernetes-map-type: atomic`; the client library leaves these marks out, so they stand here.
"""

from __future__ import annotations

from typing import Any

from hasivu_play.sandbox.kubernetes.schema import Type

CONDITIONS = (
    "V1DeploymentStatus",
    "V1ReplicaSetStatus",
    "V1PodStatus",
    "V1JobStatus",
    "V1NodeStatus",
    "V1NamespaceStatus",
    "V1ServiceStatus",
    "V1PodDisruptionBudgetStatus",
    "V2HorizontalPodAutoscalerStatus",
)

LIST_KEYS: dict[tuple[str, str], tuple[str, ...]] = {
    ("V1ObjectMeta", "ownerReferences"): ("uid",),
    ("V1PodSpec", "containers"): ("name",),
    ("V1PodSpec", "initContainers"): ("name",),
    ("V1PodSpec", "ephemeralContainers"): ("name",),
    ("V1PodSpec", "volumes"): ("name",),
    ("V1PodSpec", "imagePullSecrets"): ("name",),
    ("V1PodSpec", "hostAliases"): ("ip",),
    ("V1PodSpec", "resourceClaims"): ("name",),
    ("V1PodSpec", "schedulingGates"): ("name",),
    ("V1PodSpec", "topologySpreadConstraints"): ("topologyKey", "whenUnsatisfiable"),
    ("V1Container", "env"): ("name",),
    ("V1Container", "ports"): ("containerPort", "protocol"),
    ("V1Container", "volumeMounts"): ("mountPath",),
    ("V1Container", "volumeDevices"): ("devicePath",),
    ("V1ServiceSpec", "ports"): ("port", "protocol"),
    ("V1ServiceAccount", "secrets"): ("name",),
    ("V1ServiceAccount", "imagePullSecrets"): ("name",),
    ("V1PodStatus", "podIPs"): ("ip",),
    ("V1PodStatus", "hostIPs"): ("ip",),
    ("V1NodeStatus", "addresses"): ("type",),
    **{(model, "conditions"): ("type",) for model in CONDITIONS},
}
SETS = {("V1ObjectMeta", "finalizers")}
ATOMIC_MODELS = {
    "V1LabelSelector",
    "V1ObjectReference",
    "V1LocalObjectReference",
    "V1SecretKeySelector",
    "V1ConfigMapKeySelector",
    "V1ObjectFieldSelector",
    "V1ResourceFieldSelector",
    "V1NodeSelector",
    "V1NodeSelectorTerm",
    "V1TypedLocalObjectReference",
    "V1RoleRef",
    "V2CrossVersionObjectReference",
}
ATOMIC_FIELDS = {("V1PodSpec", "nodeSelector"), ("V1ServiceSpec", "selector")}


def list_keys(model: str, field: str) -> tuple[str, ...]:
    """Return the keys by which a list is merged; none means that it is replaced whole."""
    return LIST_KEYS.get((model, field), ())


def is_atomic(model: str, field: str, kind: Type) -> bool:
    """Tell whether a mapping is replaced whole by server-side apply."""
    return kind.name in ATOMIC_MODELS or kind.name == "object" or (model, field) in ATOMIC_FIELDS


def item_key(keys: tuple[str, ...], item: Any) -> tuple[Any, ...]:
    """Return the values that identify an item of a keyed list; a port without protocol is TCP."""
    return tuple(item.get(key, "TCP" if key == "protocol" else None) for key in keys)
