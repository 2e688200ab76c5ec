"""The statuses that a pod goes through."""

from __future__ import annotations

from hasivu_play.sandbox.kubernetes.controllers.cluster import condition
from hasivu_play.sandbox.kubernetes.controllers.images import image_id
from hasivu_play.sandbox.kubernetes.defaults import address
from hasivu_play.sandbox.kubernetes.ownership import now
from hasivu_play.sandbox.kubernetes.resources import Object


def unschedulable_status(pod: Object) -> Object:
    """Return the status of a pod that no node takes."""
    message = "0/2 nodes are available: 2 Insufficient cpu."
    scheduled = condition(pod["status"], "PodScheduled", False, "Unschedulable", message)
    return {"phase": "Pending", "conditions": [scheduled], "qosClass": _quality(pod)}


def starting_status(pod: Object) -> Object:
    """Return the status of a pod whose containers are being made."""
    return _waiting(pod, "Pending", "ContainerCreating", "")


def pulling_status(pod: Object, reason: str) -> Object:
    """Return the status of a pod whose image cannot be pulled."""
    image = pod["spec"]["containers"][0]["image"]
    return _waiting(pod, "Pending", reason, f'Back-off pulling image "{image}": manifest unknown')


def configuration_status(pod: Object, problem: str) -> Object:
    """Return the status of a pod whose ConfigMap or Secret is not there."""
    return _waiting(pod, "Pending", "CreateContainerConfigError", problem)


def crashing_status(pod: Object, restarts: int) -> Object:
    """Return the status of a pod whose container ends again and again."""
    name = pod["metadata"]["name"]
    message = f"back-off restarting failed container in pod {name}_{pod['metadata']['namespace']}"
    return _waiting(pod, "Running", "CrashLoopBackOff", message, restarts)


def running_status(pod: Object) -> Object:
    """Return the status of a pod that serves."""
    old = {one["name"]: one for one in pod["status"].get("containerStatuses", [])}
    containers = [_running(container, old.get(container["name"], {})) for container in pod["spec"]["containers"]]
    return _status(pod, "Running", True, containers)


def finished_status(pod: Object, *, succeeded: bool) -> Object:
    """Return the status of a pod whose work is over."""
    code, reason = (0, "Completed") if succeeded else (1, "Error")
    ended = {"exitCode": code, "reason": reason, "startedAt": _start(pod), "finishedAt": now()}
    containers = [_container(one, {"terminated": ended}, ready=False) for one in pod["spec"]["containers"]]
    return _status(pod, "Succeeded" if succeeded else "Failed", False, containers)


def _running(container: Object, old: Object) -> Object:
    state = old.get("state", {})
    return _container(container, state if "running" in state else {"running": {"startedAt": now()}}, ready=True)


def _waiting(pod: Object, phase: str, reason: str, message: str, restarts: int = 0) -> Object:
    waiting = {"reason": reason, **({"message": message} if message else {})}
    containers = [_container(one, {"waiting": waiting}, ready=False) for one in pod["spec"]["containers"]]
    return _status(pod, phase, False, [{**one, "restartCount": restarts} for one in containers])


def _container(container: Object, state: Object, *, ready: bool) -> Object:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "" if "waiting" in state else image_id(container["image"]),
        "ready": ready,
        "started": "running" in state,
        "restartCount": 0,
        "state": state,
    }


def _start(pod: Object) -> str:
    started: str = pod["status"].get("startTime") or now()
    return started


def _status(pod: Object, phase: str, ready: bool, containers: list[Object]) -> Object:
    old, uid = pod["status"], pod["metadata"]["uid"]
    reason = "" if ready else ("PodCompleted" if phase == "Succeeded" else "ContainersNotReady")
    names = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
    truths = {"Ready": ready, "ContainersReady": ready}
    conditions = [_condition(old, name, truths.get(name, True), reason if name in truths else "") for name in names]
    ip = address(10, 0, uid)
    return {
        "phase": phase,
        "conditions": conditions,
        "hostIP": address(10, 0, pod["spec"]["nodeName"]),
        "podIP": ip,
        "podIPs": [{"ip": ip}],
        "startTime": _start(pod),
        "containerStatuses": containers,
        "qosClass": _quality(pod),
    }


def _condition(old: Object, name: str, truth: bool, reason: str) -> Object:
    content = condition(old, name, truth, reason, "")
    return {key: value for key, value in content.items() if value}


def _quality(pod: Object) -> str:
    resources = [container.get("resources", {}) for container in pod["spec"]["containers"]]
    if not any(resources):
        return "BestEffort"
    full = all(
        {"cpu", "memory"} <= set(one.get("limits", {})) and one.get("requests") == one["limits"] for one in resources
    )
    return "Guaranteed" if full else "Burstable"
