"""The kinds of object that the API server knows, and what is particular about each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Resource:
    """One kind of object and how the API server treats it."""

    group: str
    version: str
    name: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    status: bool = False
    scale: bool = False
    generation: bool = False
    unconditional_update: bool = True
    create_on_update: bool = False
    default_propagation: str = "Background"
    verbs: tuple[str, ...] = ALL_VERBS
    more: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """Return group and version as objects carry them."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """Return the name that error messages use."""
        return f"{self.name}.{self.group}" if self.group else self.name

    @property
    def model(self) -> str:
        """Return the name of the client library's model of this kind."""
        if self.name == "events":
            return "CoreV1Event"
        return f"{self.version.capitalize()}{self.kind}"

    @property
    def prefix(self) -> str:
        """Return the path below which the API of this group and version lies."""
        return f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"


RBAC = "rbac.authorization.k8s.io"
REVIEW = ("create",)

RESOURCES = (
    Resource("", "v1", "namespaces", "Namespace", namespaced=False, short_names=("ns",), status=True),
    Resource("", "v1", "nodes", "Node", namespaced=False, short_names=("no",), status=True),
    Resource("", "v1", "configmaps", "ConfigMap", short_names=("cm",)),
    Resource("", "v1", "secrets", "Secret"),
    Resource("", "v1", "serviceaccounts", "ServiceAccount", short_names=("sa",)),
    Resource("", "v1", "services", "Service", short_names=("svc",), categories=("all",), status=True, more=("proxy",)),
    Resource(
        "",
        "v1",
        "pods",
        "Pod",
        short_names=("po",),
        categories=("all",),
        status=True,
        generation=True,
        more=("exec", "log", "proxy"),
    ),
    Resource("", "v1", "events", "Event", short_names=("ev",)),
    Resource("", "v1", "resourcequotas", "ResourceQuota", short_names=("quota",), status=True),
    Resource(
        "apps",
        "v1",
        "deployments",
        "Deployment",
        short_names=("deploy",),
        categories=("all",),
        status=True,
        scale=True,
        generation=True,
    ),
    Resource(
        "apps",
        "v1",
        "replicasets",
        "ReplicaSet",
        short_names=("rs",),
        categories=("all",),
        status=True,
        scale=True,
        generation=True,
    ),
    Resource(
        "autoscaling",
        "v2",
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        short_names=("hpa",),
        categories=("all",),
        status=True,
    ),
    Resource(
        "batch",
        "v1",
        "jobs",
        "Job",
        categories=("all",),
        status=True,
        generation=True,
        default_propagation="Orphan",
    ),
    Resource(
        "batch",
        "v1",
        "cronjobs",
        "CronJob",
        short_names=("cj",),
        categories=("all",),
        status=True,
        generation=True,
    ),
    Resource("coordination.k8s.io", "v1", "leases", "Lease", unconditional_update=False, create_on_update=True),
    Resource("networking.k8s.io", "v1", "ingresses", "Ingress", short_names=("ing",), status=True, generation=True),
    Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", short_names=("netpol",), generation=True),
    Resource(
        "policy",
        "v1",
        "poddisruptionbudgets",
        "PodDisruptionBudget",
        short_names=("pdb",),
        status=True,
        generation=True,
        unconditional_update=False,
    ),
    Resource(RBAC, "v1", "roles", "Role"),
    Resource(RBAC, "v1", "rolebindings", "RoleBinding"),
    Resource(RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False),
    Resource(RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    Resource("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False, verbs=REVIEW),
    Resource(
        "authorization.k8s.io",
        "v1",
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
        namespaced=False,
        verbs=REVIEW,
    ),
)

BY_NAME = {resource.name: resource for resource in RESOURCES}
BY_PATH = {(resource.group, resource.version, resource.name): resource for resource in RESOURCES}
BY_KIND = {(resource.api_version, resource.kind): resource for resource in RESOURCES}

NOT_EMULATED = frozenset(
    {
        ("", "v1", "bindings"),
        ("", "v1", "componentstatuses"),
        ("", "v1", "endpoints"),
        ("", "v1", "limitranges"),
        ("", "v1", "persistentvolumeclaims"),
        ("", "v1", "persistentvolumes"),
        ("", "v1", "podtemplates"),
        ("", "v1", "replicationcontrollers"),
        ("apps", "v1", "controllerrevisions"),
        ("apps", "v1", "daemonsets"),
        ("apps", "v1", "statefulsets"),
        ("autoscaling", "v1", "horizontalpodautoscalers"),
        ("authentication.k8s.io", "v1", "tokenreviews"),
        ("authorization.k8s.io", "v1", "localsubjectaccessreviews"),
        ("authorization.k8s.io", "v1", "selfsubjectrulesreviews"),
        ("authorization.k8s.io", "v1", "subjectaccessreviews"),
        ("networking.k8s.io", "v1", "ingressclasses"),
    }
)


def group_versions() -> list[tuple[str, str]]:
    """Return each group and version served, in the order of the table."""
    return list(dict.fromkeys((resource.group, resource.version) for resource in RESOURCES))
