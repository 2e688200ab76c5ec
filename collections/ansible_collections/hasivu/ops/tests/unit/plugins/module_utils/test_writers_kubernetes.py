"""What scales Deployments is read and set by path, with an API server that only remembers."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import KubernetesError
from ansible_collections.hasivu.ops.plugins.module_utils.writer_capture import from_cluster, selects
from ansible_collections.hasivu.ops.plugins.module_utils.writer_findings import findings_of, missing
from ansible_collections.hasivu.ops.plugins.module_utils.writer_kubernetes import Autoscalers, ScaledObjects
from ansible_collections.hasivu.ops.plugins.module_utils.writer_marks import marks_of

MARKS = marks_of({"secrets": ["database"]})


class FakeCluster:
    """An API server with a few collections; the others do not exist."""

    def __init__(self, **collections: list[dict[str, Any]]) -> None:
        self.collections = collections
        self.patches: list[tuple[str, Any]] = []

    def request(self, method: str, path: str, body: Any = None, query: Any = None, content: str = "") -> Any:
        *_, plural, name = ["", "", *path.split("/")]
        if plural in self.collections and method == "GET":
            return next(one for one in self.collections[plural] if one["metadata"]["name"] == name)
        if method == "PATCH":
            self.patches.append((path, body))
            return {**body, "changed": True}
        if name not in self.collections:
            raise KubernetesError("404: the server could not find the requested resource", 404)
        return {"apiVersion": "v1", "kind": "AnyList", "items": self.collections[name], "metadata": {}}


def thing(name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": "7", **metadata}, "spec": spec}


def deployment(name: str, **metadata: Any) -> dict[str, Any]:
    pod = {"containers": [{"envFrom": [{"secretRef": {"name": "database"}}]}]}
    template = {"metadata": {"labels": {"app": name}}, "spec": pod}
    return thing(name, {"replicas": 2, "template": template}, **metadata)


def autoscaler(name: str, least: int, **spec: Any) -> dict[str, Any]:
    reference = {"kind": "Deployment", "name": name}
    return thing(name, {"scaleTargetRef": reference, "minReplicas": least, "maxReplicas": 9, **spec})


def test_an_autoscaler_that_may_go_to_nothing_and_what_keda_scales_are_captured() -> None:
    policy = {"behavior": {"scaleUp": {"selectPolicy": "Min"}}}
    scaled = thing("queue-worker", {"scaleTargetRef": {"name": "worker"}}, annotations={})
    other = thing("other", {"scaleTargetRef": {"name": "another"}})
    cluster = FakeCluster(
        deployments=[deployment("web"), deployment("api"), deployment("worker")],
        horizontalpodautoscalers=[autoscaler("web", 0, **policy), autoscaler("api", 2), autoscaler("elsewhere", 0)],
        scaledobjects=[scaled, other],
        poddisruptionbudgets=[thing("web", {"selector": {"matchLabels": {"app": "web"}}, "minAvailable": 1})],
    )
    found = from_cluster(cluster, "hasivu", MARKS, {"deployments": ["worker"]})
    assert list(found["deployments"]) == ["worker", "web", "api"]
    assert found["deployments"]["web"]["budgets"] == {"web": {"minAvailable": 1}}
    assert found["deployments"]["api"]["autoscaler"] == {"name": "api", "least": 2, "most": 9}
    assert {name: one["value"] for name, one in found["autoscalers"].items()} == {"web": "Min"}
    assert {name: one["value"] for name, one in found["scaled_objects"].items()} == {"queue-worker": None}
    assert found["cron_jobs"] == {}


def test_scaling_up_is_switched_off_and_put_back() -> None:
    cluster = FakeCluster(horizontalpodautoscalers=[autoscaler("web", 0)])
    api = Autoscalers(cluster, "hasivu")
    assert api.read("web") is None
    api.write("web", "Disabled")
    api.write("web", None)
    sent = [body["spec"]["behavior"]["scaleUp"]["selectPolicy"] for _, body in cluster.patches]
    assert sent == ["Disabled", None]
    assert {body["metadata"]["resourceVersion"] for _, body in cluster.patches} == {"7"}


def test_who_changed_an_object_last_is_not_who_tells_its_status_and_within_a_second_not_we() -> None:
    noted = [
        {"manager": "hasivu-ops", "time": "2026-11-26T06:30:02Z"},
        {"manager": "argocd", "time": "2026-11-26T06:30:02Z"},
        {"manager": "flux", "time": "2026-11-26T06:30:01Z"},
        {"manager": "kube-controller-manager", "time": "2026-11-26T06:30:03Z", "subresource": "status"},
    ]
    cluster = FakeCluster(horizontalpodautoscalers=[thing("web", {}, managedFields=noted), thing("api", {})])
    api = Autoscalers(cluster, "hasivu")
    assert [api.author("web"), api.author("api")] == ["argocd", "somebody"]


def test_keda_is_paused_at_nothing_and_let_go() -> None:
    paused = {"autoscaling.keda.sh/paused-replicas": "0"}
    cluster = FakeCluster(scaledobjects=[thing("worker", {}, annotations=paused)])
    api = ScaledObjects(cluster, "hasivu")
    assert api.read("worker") == "0"
    api.write("worker", None)
    ((path, body),) = cluster.patches
    assert path.startswith("/apis/keda.sh/v1alpha1/")
    assert body["metadata"]["annotations"] == {"autoscaling.keda.sh/paused-replicas": None}


def test_a_deployment_that_is_kept_elsewhere_is_a_finding_and_so_are_sessions_that_were_not_read() -> None:
    kept = deployment("web", labels={"argocd.argoproj.io/instance": "hasivu"})
    found = from_cluster(FakeCluster(deployments=[kept]), "hasivu", MARKS, {})
    assert [one["key"] for one in findings_of(found, sampled=True)] == ["writer-kept-elsewhere"]
    assert [one["severity"] for one in findings_of(found, sampled=False)] == ["medium", "high"]
    assert missing(found, {"deployments": ["web", "api"], "functions": ["orders"]}) == [
        "deployments/api",
        "functions/orders",
    ]


def test_an_empty_selector_selects_nothing() -> None:
    assert not selects({}, {"app": "web"})
    assert not selects({"matchLabels": {"app": "web", "tier": "a"}}, {"app": "web"})
