"""What cannot be in a pod template."""

from __future__ import annotations

from collections.abc import Iterator

from hasivu_play.sandbox.kubernetes.resources import Object

Problem = tuple[str, str]


def template_problems(template: Object, path: str) -> Iterator[Problem]:
    """Return what is wrong with a pod template, or with a pod when the path is empty."""
    containers = template.get("spec", {}).get("containers", [])
    where = f"{path}.spec.containers" if path else "spec.containers"
    if not containers:
        yield where, "Required value"
    names = [container.get("name") for container in containers]
    for index, container in enumerate(containers):
        yield from _container_problems(container, f"{where}[{index}]")
        if names.count(container.get("name")) > 1:
            yield f"{where}[{index}].name", f'Duplicate value: "{container.get("name")}"'


def _container_problems(container: Object, path: str) -> Iterator[Problem]:
    for key in ("name", "image"):
        if not container.get(key):
            yield f"{path}.{key}", "Required value"
    for index, variable in enumerate(container.get("env", [])):
        if variable.get("value") and variable.get("valueFrom"):
            yield f"{path}.env[{index}].valueFrom", "Invalid value: may not be specified when `value` is not empty"


def job_policy_problems(template: Object, path: str) -> Iterator[Problem]:
    """Return what is wrong with the restart policy of a job's template."""
    policy = template["spec"].get("restartPolicy")
    if policy not in ("OnFailure", "Never"):
        yield f"{path}.spec.restartPolicy", f'Required value: valid values: "OnFailure", "Never", not "{policy}"'


def fixed_pod_spec(spec: Object) -> Object:
    """Return the part of a pod's spec that may not change."""
    changeable = ("activeDeadlineSeconds", "tolerations", "containers", "terminationGracePeriodSeconds")
    fixed = {key: value for key, value in spec.items() if key not in changeable}
    containers = [{key: value for key, value in one.items() if key != "image"} for one in spec["containers"]]
    return {**fixed, "containers": containers}
