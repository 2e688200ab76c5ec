"""What the API server fills into pods and pod templates."""

from __future__ import annotations

from copy import deepcopy

from hasivu_play.sandbox.kubernetes.resources import Object

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


def fill(target: Object, values: Object) -> None:
    """Set what is not set."""
    for key, value in values.items():
        if key not in target:
            target[key] = deepcopy(value)


def fill_pod_spec(spec: Object) -> None:
    """Fill in the spec of a pod or of a pod template."""
    fill(
        spec,
        {
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
        },
    )
    if "serviceAccountName" in spec:
        spec["serviceAccount"] = spec["serviceAccountName"]
    for container in [*spec.get("initContainers", []), *spec.get("containers", [])]:
        _fill_container(container)
    for volume in spec.get("volumes", []):
        _fill_volume(volume)


def _fill_container(container: Object) -> None:
    fill(
        container,
        {
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": pull_policy(container.get("image", "")),
        },
    )
    for port in container.get("ports", []):
        fill(port, {"protocol": "TCP"})
    for variable in container.get("env", []):
        if "fieldRef" in variable.get("valueFrom", {}):
            fill(variable["valueFrom"]["fieldRef"], {"apiVersion": "v1"})
    for name in PROBES:
        if name in container:
            fill(container[name], PROBE)
            if "httpGet" in container[name]:
                fill(container[name]["httpGet"], {"path": "/", "scheme": "HTTP"})
    if limits := container["resources"].get("limits"):
        requests = container["resources"].setdefault("requests", {})
        fill(requests, limits)


def pull_policy(image: str) -> str:
    """Return the pull policy of an image that names none: always for `latest`, else once."""
    tag = image.rpartition("/")[2].partition(":")[2]
    return "IfNotPresent" if "@" in image or tag not in ("", "latest") else "Always"


def _fill_volume(volume: Object) -> None:
    for source in ("configMap", "secret", "projected", "downwardAPI"):
        if source in volume:
            fill(volume[source], {"defaultMode": 420})
    if "hostPath" in volume:
        fill(volume["hostPath"], {"type": ""})
    if set(volume) == {"name"}:
        volume["emptyDir"] = {}
