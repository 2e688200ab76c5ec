"""Reading objects: lists, selectors, pages, watches, discovery."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from kubernetes import client, watch
from kubernetes.dynamic import DynamicClient


@pytest.fixture
def labelled(core: client.CoreV1Api, namespace: str) -> str:
    for name, tier in (("a", "web"), ("b", "web"), ("c", "api"), ("d", "")):
        labels = {"tier": tier} if tier else {}
        core.create_namespaced_config_map(namespace, {"metadata": {"name": name, "labels": labels}})
    return namespace


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("tier=web", "ab"),
        ("tier==api", "c"),
        ("tier!=web", "cd"),
        ("tier in (web, api)", "abc"),
        ("tier notin (web)", "cd"),
        ("tier", "abc"),
        ("!tier", "d"),
        ("tier,tier!=api", "ab"),
    ],
)
def test_label_selectors(core: client.CoreV1Api, labelled: str, selector: str, names: str) -> None:
    found = core.list_namespaced_config_map(labelled, label_selector=selector)
    assert [one.metadata.name for one in found.items] == list(names)


def test_field_selectors(core: client.CoreV1Api, labelled: str) -> None:
    found = core.list_namespaced_config_map(labelled, field_selector="metadata.name=b")
    assert [one.metadata.name for one in found.items] == ["b"]
    with pytest.raises(client.ApiException) as error:
        core.list_namespaced_config_map(labelled, field_selector="data.x=1")
    assert error.value.status == 400


def test_pages_hold_every_object_once(core: client.CoreV1Api, labelled: str) -> None:
    first = core.list_namespaced_config_map(labelled, limit=3)
    assert first.metadata.remaining_item_count == 1
    rest = core.list_namespaced_config_map(labelled, limit=3, _continue=first.metadata._continue)
    assert [one.metadata.name for one in first.items + rest.items] == ["a", "b", "c", "d"]
    assert rest.metadata._continue is None


def test_a_list_has_a_kind_and_its_items_have_none(emulator: Any) -> None:
    request = urllib.request.Request(
        f"{emulator.url}/apis/apps/v1/deployments", headers={"Authorization": f"Bearer {emulator.token}"}
    )
    with urllib.request.urlopen(request) as response:
        content = json.loads(response.read())
    assert (content["kind"], content["apiVersion"]) == ("DeploymentList", "apps/v1")
    assert content["items"]
    assert all("kind" not in item for item in content["items"])


def test_a_watch_sees_each_change_since_a_version(core: client.CoreV1Api, namespace: str) -> None:
    version = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "a"}})
    core.patch_namespaced_config_map("a", namespace, {"data": {"x": "1"}})
    core.delete_namespaced_config_map("a", namespace)
    stream = watch.Watch().stream(
        core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=1
    )
    assert [event["type"] for event in stream] == ["ADDED", "MODIFIED", "DELETED"]


def test_a_watch_with_a_selector_sees_objects_come_and_leave(core: client.CoreV1Api, namespace: str) -> None:
    version = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "a"}})
    core.patch_namespaced_config_map("a", namespace, {"metadata": {"labels": {"tier": "web"}}})
    core.patch_namespaced_config_map("a", namespace, {"metadata": {"labels": {"tier": "api"}}})
    stream = watch.Watch().stream(
        core.list_namespaced_config_map,
        namespace,
        label_selector="tier=web",
        resource_version=version,
        timeout_seconds=1,
    )
    assert [event["type"] for event in stream] == ["ADDED", "DELETED"]


def test_a_watch_from_before_the_start_of_the_server_is_expired(fresh: Any) -> None:
    fresh.start()
    client.CoreV1Api(fresh.api()).create_namespaced_config_map("default", {"metadata": {"name": "a"}})
    fresh.stop()
    fresh.start()
    path = f"{fresh.url}/api/v1/configmaps?watch=1&resourceVersion=1&timeoutSeconds=1"
    request = urllib.request.Request(path, headers={"Authorization": f"Bearer {fresh.token}"})
    with urllib.request.urlopen(request) as response:
        event = json.loads(response.readline())
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_discovery_finds_every_kind(emulator: Any) -> None:
    resources = DynamicClient(emulator.api()).resources
    for version, kind in (("apps/v1", "Deployment"), ("coordination.k8s.io/v1", "Lease"), ("autoscaling/v2", None)):
        if kind:
            assert resources.get(api_version=version, kind=kind).namespaced
        else:
            assert resources.get(api_version=version, kind="HorizontalPodAutoscaler").subresources["status"]


def test_an_upgrade_of_the_cluster_is_seen_in_its_version(emulator: Any) -> None:
    asked = client.VersionApi(emulator.api())
    file = emulator.directory / "version"
    assert (asked.get_code().minor, asked.get_code().git_version) == ("33", "v1.33.0+hasivu-sandbox")
    file.write_text("35\n")
    try:
        assert asked.get_code().git_version == "v1.35.0+hasivu-sandbox"
    finally:
        file.unlink()


def test_openapi_says_that_a_patch_can_be_rehearsed(emulator: Any) -> None:
    path = f"{emulator.url}/openapi/v3/apis/apps/v1"
    request = urllib.request.Request(path, headers={"Authorization": f"Bearer {emulator.token}"})
    with urllib.request.urlopen(request) as response:
        document = json.loads(response.read())
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert {"dryRun", "fieldManager", "fieldValidation"} <= {one["name"] for one in patch["parameters"]}
    spec = document["components"]["schemas"]["io.k8s.api.V1PodSpec"]["properties"]
    assert spec["containers"]["x-kubernetes-patch-merge-key"] == "name"
