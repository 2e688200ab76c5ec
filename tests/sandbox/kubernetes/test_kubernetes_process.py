"""The server as a process: its start, its token, its journal, its log, its faults, its end."""

from __future__ import annotations

import json
import signal
import stat
import threading
import urllib.error
import urllib.request
from typing import Any

import pytest
from kubernetes import client, watch


def call(emulator: Any, path: str, token: str | None = None, method: str = "GET") -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(emulator.url + path, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_refuses_a_request_without_the_token(emulator: Any) -> None:
    for token in (None, "wrong"):
        status, body = call(emulator, "/api/v1/namespaces", token)
        assert (status, body["kind"], body["reason"]) == (401, "Status", "Unauthorized")


def test_answers_version_in_strings_only(emulator: Any) -> None:
    _, version = call(emulator, "/version")
    assert all(isinstance(value, str) for value in version.values())


def test_says_not_found_for_a_path_that_kubernetes_does_not_have(emulator: Any) -> None:
    status, body = call(emulator, "/apis/example.com/v1/namespaces/hasivu/things", emulator.token)
    assert (status, body["reason"], body["status"]) == (404, "NotFound", "Failure")


def test_says_loudly_what_it_does_not_emulate(emulator: Any) -> None:
    status, body = call(emulator, "/apis/apps/v1/namespaces/hasivu/statefulsets", emulator.token)
    assert (status, body["reason"]) == (501, "NotImplemented")
    assert "does not emulate statefulsets" in body["message"]
    assert call(emulator, "/api/v1/namespaces/hasivu/pods/x/eviction", emulator.token, "POST")[0] == 501
    assert call(emulator, "/api/v1/namespaces", emulator.token, "PUT")[0] == 405


def test_kubeconfig_is_private_and_keeps_its_token(fresh: Any) -> None:
    fresh.start()
    token = fresh.token
    assert stat.S_IMODE(fresh.kubeconfig.stat().st_mode) == 0o600
    fresh.stop()
    fresh.start()
    assert fresh.token == token


def test_objects_outlive_a_kill(fresh: Any) -> None:
    fresh.start()
    core = client.CoreV1Api(fresh.api())
    uid = core.read_namespace("kube-system").metadata.uid
    made = core.create_namespaced_config_map("default", {"metadata": {"name": "kept"}, "data": {"a": "1"}})
    core.create_namespaced_config_map("default", {"metadata": {"name": "gone"}})
    core.delete_namespaced_config_map("gone", "default")
    fresh.stop(signal.SIGKILL)
    journal = fresh.directory / "objects.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"version": 999, "kind": "ADD')
    fresh.start()
    kept = core.read_namespaced_config_map("kept", "default")
    assert (kept.data, kept.metadata.uid) == ({"a": "1"}, made.metadata.uid)
    assert kept.metadata.resource_version == made.metadata.resource_version
    assert [one.metadata.name for one in core.list_namespaced_config_map("default").items] == ["kept"]
    assert core.read_namespace("kube-system").metadata.uid == uid


def test_stops_while_a_watch_is_open(fresh: Any) -> None:
    fresh.start()
    core = client.CoreV1Api(fresh.api())
    seen = threading.Event()

    def look() -> None:
        try:
            for _ in watch.Watch().stream(core.list_namespace, timeout_seconds=600):
                seen.set()
        except Exception:
            return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    assert seen.wait(60)
    fresh.stop()
    assert fresh.process.returncode == 0


def test_logs_what_was_asked_and_whether_it_changes_anything(emulator: Any, namespace: str) -> None:
    before = len(emulator.requests())
    connection = emulator.api()
    core, coordination = client.CoreV1Api(connection), client.CoordinationV1Api(connection)
    apps = client.AppsV1Api(connection)
    core.list_namespaced_pod("hasivu")
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "a"}}, dry_run="All")
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "a"}})
    core.delete_namespaced_config_map("a", namespace, dry_run="All")
    core.delete_namespaced_config_map("a", namespace)
    apps.patch_namespaced_deployment_scale("hasivu-api", "hasivu", {"spec": {"replicas": 2}})
    with pytest.raises(client.ApiException):
        coordination.read_namespaced_lease("none", namespace)
    logged = [(one["action"], one["changing"], one["status"]) for one in emulator.requests()[before:]]
    assert logged == [
        ("list pods", False, 200),
        ("create configmaps", False, 201),
        ("create configmaps", True, 201),
        ("delete configmaps", False, 200),
        ("delete configmaps", True, 200),
        ("patch deployments/scale", True, 200),
        ("get leases", False, 404),
    ]
    assert {one["client"] for one in emulator.requests()[before:]} == {"kubernetes-test"}
    assert {one["service"] for one in emulator.requests()[before:]} == {"kubernetes"}


def test_the_token_and_secrets_are_not_in_log_or_requests(emulator: Any) -> None:
    for name in ("server.log", "requests.jsonl"):
        content = (emulator.directory / name).read_text()
        assert emulator.token not in content
        assert "a-password" not in content


def test_a_fault_takes_the_api_down_and_up_again(emulator: Any, core: client.CoreV1Api) -> None:
    emulator.faults(down=True)
    with pytest.raises(client.ApiException) as error:
        core.read_namespace("hasivu")
    assert error.value.status == 503
    assert emulator.is_healthy()
    emulator.no_faults()
    assert core.read_namespace("hasivu").status.phase == "Active"


def test_a_fault_makes_every_update_of_leases_stale(emulator: Any, namespace: str) -> None:
    leases = client.CoordinationV1Api(emulator.api())
    leases.create_namespaced_lease(namespace, {"metadata": {"name": "database"}, "spec": {"holderIdentity": "a"}})
    emulator.faults(conflict="leases")
    lease = leases.read_namespaced_lease("database", namespace)
    with pytest.raises(client.ApiException) as error:
        leases.replace_namespaced_lease("database", namespace, lease)
    assert error.value.status == 409
    emulator.no_faults()
    leases.replace_namespaced_lease("database", namespace, lease)
