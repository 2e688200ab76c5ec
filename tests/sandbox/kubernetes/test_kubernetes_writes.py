"""Writing objects: versions, conflicts, the four patches, defaults, validation, dry runs, deletion.

What real Kubernetes answers is described in the API conventions (sig-architecture/api-conventions.md), in
https://kubernetes.io/docs/reference/using-api/api-concepts/ and .../server-side-apply/.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from kubernetes import client
from kubernetes.dynamic import DynamicClient

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"


def config_map(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def deployment(name: str, image: str = "nginx:1.27", replicas: int = 1) -> dict[str, Any]:
    containers = [{"name": "one", "image": image}, {"name": "sidecar", "image": "envoy:1.30"}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}},
        },
    }


def status_of(error: pytest.ExceptionInfo[client.ApiException]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(error.value.body)
    assert content["kind"] == "Status"
    return content


@pytest.fixture
def dynamic(emulator: Any) -> DynamicClient:
    return DynamicClient(emulator.api())


def test_a_name_is_taken_once(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, config_map("a"))
    with pytest.raises(client.ApiException) as error:
        core.create_namespaced_config_map(namespace, config_map("a"))
    assert (error.value.status, status_of(error)["reason"]) == (409, "AlreadyExists")


def test_nothing_is_made_in_a_namespace_that_is_not_there(core: client.CoreV1Api) -> None:
    with pytest.raises(client.ApiException) as error:
        core.create_namespaced_config_map("nowhere", config_map("a"))
    assert status_of(error)["message"] == 'namespaces "nowhere" not found'


def test_an_update_of_an_old_version_is_a_conflict(core: client.CoreV1Api, namespace: str) -> None:
    old = core.create_namespaced_config_map(namespace, config_map("a", key="1"))
    core.patch_namespaced_config_map("a", namespace, {"data": {"key": "2"}})
    with pytest.raises(client.ApiException) as error:
        core.replace_namespaced_config_map("a", namespace, old)
    assert (error.value.status, status_of(error)["reason"]) == (409, "Conflict")
    stale = {"metadata": {"resourceVersion": old.metadata.resource_version}, "data": {"key": "3"}}
    with pytest.raises(client.ApiException) as error:
        core.patch_namespaced_config_map("a", namespace, stale)
    assert error.value.status == 409
    assert core.read_namespaced_config_map("a", namespace).data == {"key": "2"}


def test_an_update_that_changes_nothing_is_no_new_version(core: client.CoreV1Api, namespace: str) -> None:
    made = core.create_namespaced_config_map(namespace, config_map("a", key="1"))
    again = core.patch_namespaced_config_map("a", namespace, {"data": {"key": "1"}})
    assert again.metadata.resource_version == made.metadata.resource_version


def test_strategic_merge_keeps_the_other_container(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web"))
    change = [{"name": "one", "env": [{"name": "LOG_LEVEL", "value": "debug"}]}]
    patch = {"spec": {"template": {"spec": {"containers": change}}}}
    containers = apps.patch_namespaced_deployment("web", namespace, patch).spec.template.spec.containers
    assert [(one.name, one.image) for one in containers] == [("one", "nginx:1.27"), ("sidecar", "envoy:1.30")]
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "one", "$patch": "delete"}]}}}}
    containers = apps.patch_namespaced_deployment("web", namespace, patch).spec.template.spec.containers
    assert [one.name for one in containers] == ["sidecar"]


def test_merge_patch_replaces_lists_and_drops_nulls(dynamic: DynamicClient, namespace: str) -> None:
    maps = dynamic.resources.get(api_version="v1", kind="ConfigMap")
    maps.create(config_map("a", x="1", y="2"), namespace=namespace)
    patched = maps.patch({"data": {"x": None, "z": "3"}}, name="a", namespace=namespace, content_type=MERGE)
    assert patched.data.to_dict() == {"y": "2", "z": "3"}


def test_json_patch_is_applied_whole_or_not_at_all(dynamic: DynamicClient, namespace: str) -> None:
    maps = dynamic.resources.get(api_version="v1", kind="ConfigMap")
    maps.create(config_map("a", x="1"), namespace=namespace)
    refused = [
        {"op": "replace", "path": "/data/x", "value": "2"},
        {"op": "test", "path": "/data/x", "value": "9"},
    ]
    with pytest.raises(client.ApiException) as error:
        maps.patch(refused, name="a", namespace=namespace, content_type=JSON_PATCH)
    assert error.value.status == 422
    assert maps.get(name="a", namespace=namespace).data.x == "1"
    patched = maps.patch(refused[:1], name="a", namespace=namespace, content_type=JSON_PATCH)
    assert patched.data.x == "2"


def apply(dynamic: DynamicClient, namespace: str, manager: str, body: dict[str, Any], force: bool = False) -> Any:
    kind = dynamic.resources.get(api_version=body["apiVersion"], kind=body["kind"])
    return kind.server_side_apply(
        body=body, name=body["metadata"]["name"], namespace=namespace, field_manager=manager, force_conflicts=force
    )


def test_server_side_apply_surfaces_the_field_that_another_owns(dynamic: DynamicClient, namespace: str) -> None:
    apply(dynamic, namespace, "hasivu-ops", config_map("a", x="1", y="1"))
    with pytest.raises(client.ApiException) as error:
        apply(dynamic, namespace, "gitops", config_map("a", x="2"))
    cause = status_of(error)["details"]["causes"][0]
    assert (error.value.status, cause["reason"], cause["field"]) == (409, "FieldManagerConflict", ".data.x")
    assert 'conflict with "hasivu-ops"' in cause["message"]
    assert apply(dynamic, namespace, "gitops", config_map("a", x="2"), force=True).data.to_dict() == {
        "x": "2",
        "y": "1",
    }


def test_server_side_apply_drops_what_its_manager_no_longer_wants(dynamic: DynamicClient, namespace: str) -> None:
    apply(dynamic, namespace, "hasivu-ops", config_map("a", x="1", y="1"))
    apply(dynamic, namespace, "gitops", config_map("a", z="1"))
    assert apply(dynamic, namespace, "hasivu-ops", config_map("a", x="1")).data.to_dict() == {"x": "1", "z": "1"}


def test_server_side_apply_removes_a_container_of_its_own(dynamic: DynamicClient, namespace: str) -> None:
    body = deployment("web")
    apply(dynamic, namespace, "hasivu-ops", body)
    body["spec"]["template"]["spec"]["containers"].pop()
    result = apply(dynamic, namespace, "hasivu-ops", body)
    assert [one.name for one in result.spec.template.spec.containers] == ["one"]


def test_server_side_apply_again_changes_nothing(dynamic: DynamicClient, namespace: str) -> None:
    first = apply(dynamic, namespace, "hasivu-ops", config_map("a", x="1"))
    again = apply(dynamic, namespace, "hasivu-ops", config_map("a", x="1"))
    assert again.metadata.resourceVersion == first.metadata.resourceVersion


def test_scaling_by_another_conflicts_with_an_apply_of_replicas(dynamic: DynamicClient, namespace: str) -> None:
    apply(dynamic, namespace, "hasivu-ops", deployment("web", replicas=1))
    scaler = client.AppsV1Api(dynamic.client)
    scaler.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 2}}, field_manager="person")
    with pytest.raises(client.ApiException) as error:
        apply(dynamic, namespace, "hasivu-ops", deployment("web", replicas=3))
    assert status_of(error)["details"]["causes"][0]["field"] == ".spec.replicas"


def test_unknown_fields_are_refused_or_warned_of(core: client.CoreV1Api, namespace: str) -> None:
    body = {**config_map("a"), "dataa": {"x": "1"}}
    with pytest.raises(client.ApiException) as error:
        core.create_namespaced_config_map(namespace, body, field_validation="Strict")
    assert status_of(error)["message"] == 'strict decoding error: unknown field "dataa"'
    _, _, headers = core.create_namespaced_config_map_with_http_info(namespace, body)
    assert headers["Warning"] == '299 - "unknown field \\"dataa\\""'


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"selector": {"matchLabels": {"app": "other"}}}, "spec.template.metadata.labels"),
        ({"replicas": -1}, "spec.replicas"),
        ({"template": {"metadata": {"labels": {"app": "web"}}, "spec": {}}}, "spec.template.spec.containers"),
    ],
)
def test_refuses_a_deployment_that_cannot_be(
    apps: client.AppsV1Api, namespace: str, change: dict[str, Any], field: str
) -> None:
    body = deployment("web")
    body["spec"] |= change
    with pytest.raises(client.ApiException) as error:
        apps.create_namespaced_deployment(namespace, body)
    assert error.value.status == 422
    assert status_of(error)["details"]["causes"][0]["field"] == field


def test_refuses_a_value_of_the_wrong_type(core: client.CoreV1Api, namespace: str) -> None:
    with pytest.raises(client.ApiException) as error:
        core.create_namespaced_config_map(namespace, {"metadata": {"name": "a"}, "data": {"port": 5432}})
    assert error.value.status == 400
    assert "cannot unmarshal number" in status_of(error)["message"]


def test_fills_in_what_kubernetes_fills_in(apps: client.AppsV1Api, namespace: str) -> None:
    made = apps.create_namespaced_deployment(namespace, deployment("web"))
    pod, container = made.spec.template.spec, made.spec.template.spec.containers[0]
    assert (pod.restart_policy, pod.dns_policy, pod.termination_grace_period_seconds) == ("Always", "ClusterFirst", 30)
    assert (container.image_pull_policy, container.termination_message_path) == ("IfNotPresent", "/dev/termination-log")
    assert made.spec.strategy.rolling_update.max_surge == "25%"
    assert made.metadata.generation == 1


def test_generation_counts_changes_of_the_spec_only(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web"))
    labelled = apps.patch_namespaced_deployment("web", namespace, {"metadata": {"labels": {"x": "y"}}})
    assert labelled.metadata.generation == 1
    scaled = apps.patch_namespaced_deployment("web", namespace, {"spec": {"replicas": 2}})
    assert scaled.metadata.generation == 2


def test_a_dry_run_checks_everything_and_keeps_nothing(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, config_map("a", key="1"), dry_run="All")
    assert core.list_namespaced_config_map(namespace).items == []
    core.create_namespaced_config_map(namespace, config_map("a", key="1"))
    shown = core.patch_namespaced_config_map("a", namespace, {"data": {"key": "2"}}, dry_run="All")
    assert shown.data == {"key": "2"}
    core.delete_namespaced_config_map("a", namespace, dry_run="All")
    assert core.read_namespaced_config_map("a", namespace).data == {"key": "1"}
    with pytest.raises(client.ApiException) as error:
        core.create_namespaced_config_map(namespace, config_map("a"), dry_run="All")
    assert error.value.status == 409


def lease(holder: str, moment: str) -> dict[str, Any]:
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 60, "acquireTime": moment, "renewTime": moment}
    return {"metadata": {"name": "database"}, "spec": spec}


def test_a_lease_has_one_holder(emulator: Any, namespace: str) -> None:
    leases = client.CoordinationV1Api(emulator.api())
    moment = datetime(2026, 11, 23, 20, 30, 0, 5, tzinfo=UTC).isoformat()
    leases.create_namespaced_lease(namespace, lease("a", moment))
    one, other = (leases.read_namespaced_lease("database", namespace) for _ in range(2))
    one.spec.holder_identity, other.spec.holder_identity = "b", "c"
    taken = leases.replace_namespaced_lease("database", namespace, one)
    with pytest.raises(client.ApiException) as error:
        leases.replace_namespaced_lease("database", namespace, other)
    assert error.value.status == 409
    assert taken.spec.renew_time == datetime(2026, 11, 23, 20, 30, 0, 5, tzinfo=UTC)
    assert leases.read_namespaced_lease("database", namespace).spec.holder_identity == "b"


def test_a_lease_is_never_replaced_without_a_version(emulator: Any, namespace: str) -> None:
    leases = client.CoordinationV1Api(emulator.api())
    moment = "2026-11-23T20:30:00.000000Z"
    leases.replace_namespaced_lease("database", namespace, lease("a", moment))
    with pytest.raises(client.ApiException) as error:
        leases.replace_namespaced_lease("database", namespace, lease("b", moment))
    assert error.value.status == 422
    assert "metadata.resourceVersion" in status_of(error)["message"]


def test_a_lease_takes_times_with_six_digits_only(emulator: Any, namespace: str) -> None:
    leases = client.CoordinationV1Api(emulator.api())
    with pytest.raises(client.ApiException) as error:
        leases.create_namespaced_lease(namespace, lease("a", "2026-11-23T20:30:00Z"))
    assert error.value.status == 400
    assert "2006-01-02T15:04:05.000000Z07:00" in status_of(error)["message"]


def test_deletes_only_what_the_preconditions_name(core: client.CoreV1Api, namespace: str) -> None:
    core.create_namespaced_config_map(namespace, config_map("a"))
    body = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="another"))
    with pytest.raises(client.ApiException) as error:
        core.delete_namespaced_config_map("a", namespace, body=body)
    assert error.value.status == 409
    assert core.delete_namespaced_config_map("a", namespace).status == "Success"


def test_a_finalizer_holds_an_object_until_it_is_taken_away(core: client.CoreV1Api, namespace: str) -> None:
    body = config_map("a")
    body["metadata"]["finalizers"] = ["hasivu.edu.in/hold"]
    core.create_namespaced_config_map(namespace, body)
    core.delete_namespaced_config_map("a", namespace)
    assert core.read_namespaced_config_map("a", namespace).metadata.deletion_timestamp
    patch = [{"op": "remove", "path": "/metadata/finalizers"}]
    core.patch_namespaced_config_map("a", namespace, patch)
    with pytest.raises(client.ApiException) as error:
        core.read_namespaced_config_map("a", namespace)
    assert error.value.status == 404


def test_a_tls_secret_needs_certificate_and_key(core: client.CoreV1Api, namespace: str) -> None:
    """https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets"""
    secret = {"metadata": {"name": "tls"}, "type": "kubernetes.io/tls", "stringData": {"tls.crt": "a"}}
    with pytest.raises(client.ApiException) as error:
        core.create_namespaced_secret(namespace, secret)
    assert error.value.status == 422
    assert "data[tls.key]: Required value" in status_of(error)["message"]
    core.create_namespaced_secret(namespace, {**secret, "stringData": {"tls.crt": "a", "tls.key": "b"}})


def test_a_secret_is_kept_in_base64(core: client.CoreV1Api, namespace: str) -> None:
    made = core.create_namespaced_secret(namespace, {"metadata": {"name": "a"}, "stringData": {"password": "x"}})
    assert (made.data, made.string_data, made.type) == ({"password": "eA=="}, None, "Opaque")
    with pytest.raises(client.ApiException) as error:
        core.create_namespaced_secret(namespace, {"metadata": {"name": "b"}, "data": {"password": "not base64"}})
    assert error.value.status == 422


def test_a_scale_carries_a_version_like_any_object(apps: client.AppsV1Api, namespace: str) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web"))
    scale = apps.read_namespaced_deployment_scale("web", namespace)
    assert (scale.kind, scale.spec.replicas, scale.status.selector) == ("Scale", 1, "app=web")
    apps.patch_namespaced_deployment("web", namespace, {"metadata": {"labels": {"x": "y"}}})
    scale.spec.replicas = 3
    with pytest.raises(client.ApiException) as error:
        apps.replace_namespaced_deployment_scale("web", namespace, scale)
    assert error.value.status == 409
