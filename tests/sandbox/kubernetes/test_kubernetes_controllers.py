"""What converges by itself: rollouts, broken images, autoscalers, jobs, owners, namespaces; and the seeded platform."""

from __future__ import annotations

import time
from base64 import b64decode
from collections.abc import Callable
from typing import Any

import pytest
from kubernetes import client, watch
from kubernetes.stream import stream

HASH = "pod-template-hash"
REVISION = "deployment.kubernetes.io/revision"


def deployment(name: str, image: str = "nginx:1.27", replicas: int = 3, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "one", "image": image}]},
            },
            **spec,
        },
    }


def image_patch(image: str) -> dict[str, Any]:
    return {"spec": {"template": {"spec": {"containers": [{"name": "one", "image": image}]}}}}


@pytest.fixture
def until() -> Callable[..., None]:
    def wait(is_reached: Callable[[], bool], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not is_reached():
            assert time.monotonic() < end
            time.sleep(0.05)

    return wait


def has_converged(found: Any) -> bool:
    status, wanted = found.status, found.spec.replicas
    return bool(
        status.observed_generation == found.metadata.generation
        and (status.updated_replicas or 0) == wanted
        and (status.available_replicas or 0) == wanted
        and (status.replicas or 0) == wanted
    )


@pytest.fixture
def rolled(apps: client.AppsV1Api, namespace: str, until: Callable[..., None]) -> Callable[[], Any]:
    def wait() -> Any:
        until(lambda: has_converged(apps.read_namespaced_deployment("web", namespace)))
        return apps.read_namespaced_deployment("web", namespace)

    return wait


def test_a_rollout_never_has_too_few_or_too_many_pods(
    emulator: Any, core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str, rolled: Callable[[], Any]
) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web", replicas=4))
    rolled()
    before = core.list_namespaced_pod(namespace)
    apps.patch_namespaced_deployment("web", namespace, image_patch("nginx:1.28"))
    rolled()
    pods = core.list_namespaced_pod(namespace).items
    assert {pod.spec.containers[0].image for pod in pods if not pod.metadata.deletion_timestamp} == {"nginx:1.28"}
    counts = pods_over_time(core, namespace, before)
    assert max(alive for alive, _ in counts) == 5
    assert min(ready for _, ready in counts) == 3


def pods_over_time(core: client.CoreV1Api, namespace: str, before: Any) -> list[tuple[int, int]]:
    """Return how many pods there were, and how many of them served, after each change since a list."""
    serving = {pod.metadata.name: True for pod in before.items}
    counts = []
    since = before.metadata.resource_version
    for event in watch.Watch().stream(core.list_namespaced_pod, namespace, resource_version=since, timeout_seconds=1):
        pod = event["object"]
        states = {one.type: one.status for one in pod.status.conditions or []}
        serving[pod.metadata.name] = states.get("Ready") == "True"
        if pod.metadata.deletion_timestamp or event["type"] == "DELETED":
            serving.pop(pod.metadata.name)
        counts.append((len(serving), sum(serving.values())))
    return counts


def test_revisions_are_counted_and_a_return_uses_the_old_replica_set(
    apps: client.AppsV1Api, namespace: str, rolled: Callable[[], Any]
) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web"))
    rolled()
    apps.patch_namespaced_deployment("web", namespace, image_patch("nginx:1.28"))
    assert rolled().metadata.annotations[REVISION] == "2"
    first = next(
        one for one in apps.list_namespaced_replica_set(namespace).items if one.metadata.annotations[REVISION] == "1"
    )
    template = first.spec.template
    template.metadata.labels.pop(HASH)
    back = [{"op": "replace", "path": "/spec/template", "value": apps.api_client.sanitize_for_serialization(template)}]
    apps.patch_namespaced_deployment("web", namespace, back)
    assert rolled().metadata.annotations[REVISION] == "3"
    sets = {one.metadata.name: one for one in apps.list_namespaced_replica_set(namespace).items}
    assert len(sets) == 2
    assert sets[first.metadata.name].metadata.annotations[REVISION] == "3"
    assert sets[first.metadata.name].spec.replicas == 3


def test_pods_carry_the_hash_of_their_replica_set(
    core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str, rolled: Callable[[], Any]
) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web"))
    rolled()
    replica_set = apps.list_namespaced_replica_set(namespace).items[0]
    digest = replica_set.metadata.labels[HASH]
    assert replica_set.metadata.name == f"web-{digest}"
    pods = core.list_namespaced_pod(namespace, label_selector=f"{HASH}={digest}").items
    assert len(pods) == 3
    assert all(pod.metadata.owner_references[0].name == replica_set.metadata.name for pod in pods)
    assert all(pod.status.container_statuses[0].image_id.startswith("nginx@sha256:") for pod in pods)


@pytest.mark.parametrize(
    ("image", "reason"), [("nginx:broken", "ImagePullBackOff"), ("nginx:crash", "CrashLoopBackOff")]
)
def test_a_bad_image_never_becomes_ready_and_the_old_pods_stay(
    core: client.CoreV1Api,
    apps: client.AppsV1Api,
    namespace: str,
    rolled: Callable[[], Any],
    until: Callable[..., None],
    image: str,
    reason: str,
) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web", progressDeadlineSeconds=2))
    rolled()
    apps.patch_namespaced_deployment("web", namespace, image_patch(image))

    def reasons() -> set[str]:
        statuses = [one.status.container_statuses or [] for one in core.list_namespaced_pod(namespace).items]
        return {one[0].state.waiting.reason for one in statuses if one and one[0].state.waiting}

    def progress() -> Any:
        conditions = apps.read_namespaced_deployment("web", namespace).status.conditions
        return next(one for one in conditions if one.type == "Progressing")

    until(lambda: reason in reasons())
    until(lambda: progress().reason == "ProgressDeadlineExceeded")
    assert progress().status == "False"
    assert apps.read_namespaced_deployment("web", namespace).status.available_replicas == 3


def test_a_missing_secret_keeps_a_container_from_starting(
    core: client.CoreV1Api,
    apps: client.AppsV1Api,
    namespace: str,
    rolled: Callable[[], Any],
    until: Callable[..., None],
) -> None:
    body = deployment("web", replicas=1)
    reference = {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}}
    body["spec"]["template"]["spec"]["containers"][0]["env"] = [reference]
    apps.create_namespaced_deployment(namespace, body)

    def waiting() -> Any:
        statuses = [one.status.container_statuses for one in core.list_namespaced_pod(namespace).items]
        return statuses[0][0].state.waiting if statuses and statuses[0] else None

    until(lambda: waiting() is not None and waiting().reason == "CreateContainerConfigError")
    core.create_namespaced_secret(namespace, {"metadata": {"name": "database"}, "stringData": {"password": "x"}})
    rolled()


def test_scaling_to_zero_leaves_zero_out_of_the_status(
    apps: client.AppsV1Api, namespace: str, rolled: Callable[[], Any], until: Callable[..., None]
) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web"))
    rolled()
    apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 0}})
    until(lambda: apps.read_namespaced_deployment("web", namespace).status.replicas is None)
    status = apps.read_namespaced_deployment("web", namespace).status
    assert (status.available_replicas, status.ready_replicas, status.updated_replicas) == (None, None, None)


def test_a_paused_deployment_does_not_roll(apps: client.AppsV1Api, namespace: str, rolled: Callable[[], Any]) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web"))
    rolled()
    apps.patch_namespaced_deployment("web", namespace, {"spec": {"paused": True}})
    apps.patch_namespaced_deployment("web", namespace, image_patch("nginx:1.28"))
    assert len(apps.list_namespaced_replica_set(namespace).items) == 1
    apps.patch_namespaced_deployment("web", namespace, {"spec": {"paused": False}})
    assert rolled().metadata.annotations[REVISION] == "2"


def autoscaler(least: int, most: int) -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    return {
        "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": target, "minReplicas": least, "maxReplicas": most},
    }


def test_an_autoscaler_keeps_its_bounds_and_rests_at_zero(
    emulator: Any, apps: client.AppsV1Api, namespace: str, rolled: Callable[[], Any], until: Callable[..., None]
) -> None:
    scaling = client.AutoscalingV2Api(emulator.api())
    apps.create_namespaced_deployment(namespace, deployment("web", replicas=1))
    scaling.create_namespaced_horizontal_pod_autoscaler(namespace, autoscaler(2, 4))

    def replicas() -> int:
        return int(apps.read_namespaced_deployment("web", namespace).spec.replicas)

    until(lambda: replicas() == 2)
    apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 10}})
    until(lambda: replicas() == 4)
    apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 0}})

    def active() -> Any:
        status = scaling.read_namespaced_horizontal_pod_autoscaler("web", namespace).status
        return next(one for one in status.conditions if one.type == "ScalingActive")

    until(lambda: active().reason == "ScalingDisabled")
    assert (active().status, replicas()) == ("False", 0)
    apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 3}})
    until(lambda: active().status == "True")
    assert replicas() == 3


def job(image: str = "busybox:1.36") -> dict[str, Any]:
    pod = {"restartPolicy": "Never", "containers": [{"name": "work", "image": image}]}
    return {"metadata": {"name": "once"}, "spec": {"backoffLimit": 1, "template": {"spec": pod}}}


@pytest.mark.parametrize(("image", "end"), [("busybox:1.36", "Complete"), ("busybox:crash", "Failed")])
def test_a_job_ends(emulator: Any, namespace: str, until: Callable[..., None], image: str, end: str) -> None:
    batch = client.BatchV1Api(emulator.api())
    batch.create_namespaced_job(namespace, job(image))

    def conditions() -> list[str]:
        return [one.type for one in batch.read_namespaced_job("once", namespace).status.conditions or []]

    until(lambda: conditions() == [end])


def test_deleting_a_job_leaves_its_pods_unless_asked(
    emulator: Any, core: client.CoreV1Api, namespace: str, until: Callable[..., None]
) -> None:
    batch = client.BatchV1Api(emulator.api())
    batch.create_namespaced_job(namespace, job())
    until(lambda: batch.read_namespaced_job("once", namespace).status.completion_time is not None)
    batch.delete_namespaced_job("once", namespace)
    assert core.list_namespaced_pod(namespace).items
    batch.create_namespaced_job(namespace, {**job(), "metadata": {"name": "twice"}})
    until(lambda: batch.read_namespaced_job("twice", namespace).status.completion_time is not None)
    batch.delete_namespaced_job("twice", namespace, propagation_policy="Background")
    until(lambda: not core.list_namespaced_pod(namespace, label_selector="batch.kubernetes.io/job-name=twice").items)


def test_a_cron_job_starts_a_job_when_it_is_time(emulator: Any, namespace: str, until: Callable[..., None]) -> None:
    batch = client.BatchV1Api(emulator.api())
    spec = {"schedule": "0 2 * * 0", "timeZone": "Asia/Kolkata", "jobTemplate": {"spec": job()["spec"]}}
    batch.create_namespaced_cron_job(namespace, {"metadata": {"name": "weekly"}, "spec": spec})
    assert batch.list_namespaced_job(namespace).items == []
    long_ago = {"status": {"lastScheduleTime": "2020-01-05T00:00:00Z"}}
    batch.patch_namespaced_cron_job_status("weekly", namespace, long_ago)
    until(lambda: batch.read_namespaced_cron_job("weekly", namespace).status.last_successful_time is not None)
    started = batch.list_namespaced_job(namespace).items
    assert [one.metadata.owner_references[0].name for one in started] == ["weekly"]


def test_a_suspended_cron_job_starts_nothing(emulator: Any, namespace: str) -> None:
    batch = client.BatchV1Api(emulator.api())
    spec = {"schedule": "0 2 * * 0", "suspend": True, "jobTemplate": {"spec": job()["spec"]}}
    batch.create_namespaced_cron_job(namespace, {"metadata": {"name": "weekly"}, "spec": spec})
    long_ago = {"status": {"lastScheduleTime": "2020-01-05T00:00:00Z"}}
    batch.patch_namespaced_cron_job_status("weekly", namespace, long_ago)
    time.sleep(1.2)
    assert batch.list_namespaced_job(namespace).items == []


@pytest.mark.parametrize("change", [{"schedule": "at night"}, {"timeZone": "Asia/Kolkatta"}])
def test_refuses_a_schedule_that_is_none(emulator: Any, namespace: str, change: dict[str, str]) -> None:
    spec = {"schedule": "0 2 * * 0", "jobTemplate": {"spec": job()["spec"]}, **change}
    with pytest.raises(client.ApiException) as error:
        client.BatchV1Api(emulator.api()).create_namespaced_cron_job(
            namespace, {"metadata": {"name": "nightly"}, "spec": spec}
        )
    assert error.value.status == 422


def test_an_autoscaler_follows_the_load(
    emulator: Any, apps: client.AppsV1Api, namespace: str, until: Callable[..., None]
) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web", replicas=1))
    scaling = client.AutoscalingV2Api(emulator.api())
    scaling.create_namespaced_horizontal_pod_autoscaler(namespace, autoscaler(1, 8))
    emulator.faults(load=3.9)
    until(lambda: apps.read_namespaced_deployment("web", namespace).spec.replicas == 5)


def test_dependents_go_with_their_owner(
    core: client.CoreV1Api,
    apps: client.AppsV1Api,
    namespace: str,
    rolled: Callable[[], Any],
    until: Callable[..., None],
) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web"))
    rolled()
    apps.delete_namespaced_deployment("web", namespace, propagation_policy="Foreground")
    until(lambda: not apps.list_namespaced_deployment(namespace).items)
    assert not apps.list_namespaced_replica_set(namespace).items
    assert not core.list_namespaced_pod(namespace).items


def test_orphans_stay(apps: client.AppsV1Api, namespace: str, rolled: Callable[[], Any]) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web"))
    rolled()
    apps.delete_namespaced_deployment("web", namespace, propagation_policy="Orphan")
    left = apps.list_namespaced_replica_set(namespace).items
    assert [one.metadata.owner_references for one in left] == [None]


def test_a_deleted_pod_is_replaced(
    core: client.CoreV1Api,
    apps: client.AppsV1Api,
    namespace: str,
    rolled: Callable[[], Any],
    until: Callable[..., None],
) -> None:
    apps.create_namespaced_deployment(namespace, deployment("web"))
    rolled()
    gone = core.list_namespaced_pod(namespace).items[0].metadata.name
    assert core.delete_namespaced_pod(gone, namespace).metadata.deletion_timestamp
    until(lambda: gone not in [pod.metadata.name for pod in core.list_namespaced_pod(namespace).items])
    rolled()


def test_a_namespace_goes_with_everything_in_it(core: client.CoreV1Api, until: Callable[..., None]) -> None:
    core.create_namespace({"metadata": {"name": "passing"}})
    until(lambda: bool(core.list_namespaced_service_account("passing").items))
    core.create_namespaced_config_map("passing", {"metadata": {"name": "a"}})
    core.delete_namespace("passing")
    until(lambda: "passing" not in [one.metadata.name for one in core.list_namespace().items])
    with pytest.raises(client.ApiException) as error:
        core.read_namespaced_config_map("a", "passing")
    assert error.value.status == 404


def test_a_fault_leaves_new_pods_without_a_node(
    emulator: Any, core: client.CoreV1Api, apps: client.AppsV1Api, namespace: str, until: Callable[..., None]
) -> None:
    emulator.faults(unschedulable=True)
    apps.create_namespaced_deployment(namespace, deployment("web", replicas=1))

    def reasons() -> list[str]:
        pods = core.list_namespaced_pod(namespace).items
        return [one.reason for pod in pods for one in pod.status.conditions or []]

    until(lambda: reasons() == ["Unschedulable"])


def test_the_platform_is_there(emulator: Any, core: client.CoreV1Api, apps: client.AppsV1Api) -> None:
    web = apps.read_namespaced_deployment("hasivu-web", "hasivu")
    assert "@sha256:" in web.spec.template.spec.containers[0].image
    data = core.read_namespaced_config_map("hasivu-config", "hasivu").data
    assert (data["database-host"], data["database-port"]) == ("127.0.0.1", "54321")
    assert data["database-url"] == "postgresql://127.0.0.1:54321/hasivu_sandbox"
    secret = core.read_namespaced_secret("hasivu-database", "hasivu").data
    assert {key: b64decode(value) for key, value in secret.items()} == {
        "username": b"hasivu_app_a",
        "password": b"a-password",
    }
    scaling = client.AutoscalingV2Api(emulator.api())
    spec = scaling.read_namespaced_horizontal_pod_autoscaler("hasivu-web", "hasivu").spec
    assert (spec.min_replicas, spec.max_replicas) == (3, 12)


def test_a_command_in_a_pod_says_how_it_ended(
    emulator: Any, core: client.CoreV1Api, until: Callable[..., None]
) -> None:
    pod = core.list_namespaced_pod("hasivu", label_selector="app=hasivu-web").items[0].metadata.name
    until(lambda: core.read_namespaced_pod(pod, "hasivu").status.phase == "Running")

    def execute(*command: str) -> Any:
        connection = client.CoreV1Api(emulator.api())
        answer = stream(
            connection.connect_get_namespaced_pod_exec,
            pod,
            "hasivu",
            command=list(command),
            stdout=True,
            stderr=True,
            _preload_content=False,
        )
        answer.run_forever(timeout=60)
        return answer

    said = execute("echo", "hello")
    assert (said.read_stdout(), said.returncode) == ("hello\n", 0)
    assert execute("false").returncode == 1
    assert execute("psql").returncode == 127
    assert "listening" in core.read_namespaced_pod_log(pod, "hasivu")
