"""What the API server refuses with 422: values that cannot be, and fields that may not change."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import available_timezones

from cronsim import CronSim, CronSimError

from hasivu_play.sandbox.kubernetes.failures import invalid
from hasivu_play.sandbox.kubernetes.pod_validation import fixed_pod_spec, job_policy_problems, template_problems
from hasivu_play.sandbox.kubernetes.resources import Object, Resource
from hasivu_play.sandbox.kubernetes.selectors import object_test

Problem = tuple[str, str]
Check = Callable[[Object, Object | None], Iterator[Problem]]

SUBDOMAIN = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
LABEL = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
LABEL_VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
LABEL_NAMED = {"namespaces", "services"}
UNCHECKED_NAMES = {"roles", "rolebindings", "clusterroles", "clusterrolebindings"}
IMMUTABLE = "field is immutable"


def validate(resource: Resource, content: Object, before: Object | None = None) -> None:
    """Refuse an object that Kubernetes would refuse."""
    problems = [*_metadata_problems(resource, content)]
    check = CHECKS.get(resource.name)
    if check:
        problems += check(content, before)
    if problems:
        raise invalid(resource, content["metadata"].get("name", ""), problems)


def _metadata_problems(resource: Resource, content: Object) -> Iterator[Problem]:
    name = content["metadata"].get("name", "")
    pattern, longest = (LABEL, 63) if resource.name in LABEL_NAMED else (SUBDOMAIN, 253)
    if resource.name not in UNCHECKED_NAMES and not (pattern.match(name) and len(name) <= longest):
        word = "RFC 1123 label" if pattern is LABEL else "RFC 1123 subdomain"
        yield (
            "metadata.name",
            f'Invalid value: "{name}": a lowercase {word} must consist of lower case alphanumeric characters',
        )
    for key, value in (content["metadata"].get("labels") or {}).items():
        if not LABEL_VALUE.match(value):
            yield "metadata.labels", f'Invalid value: "{value}": the value of label {key} is no valid label value'


def _at_least(content: Object, path: str, least: int) -> Iterator[Problem]:
    value: Any = content
    for part in path.split("."):
        value = (value or {}).get(part)
    if isinstance(value, int) and value < least:
        bound = "greater than 0" if least == 1 else f"greater than or equal to {least}"
        yield path, f"Invalid value: {value}: must be {bound}"


def _check_workload(content: Object, before: Object | None) -> Iterator[Problem]:
    spec = content["spec"]
    yield from _at_least(content, "spec.replicas", 0)
    yield from template_problems(spec["template"], "spec.template")
    if not spec.get("selector"):
        yield "spec.selector", "Required value"
        return
    labels = spec["template"].get("metadata", {}).get("labels") or {}
    if not object_test(spec["selector"])(labels):
        shown = f"Invalid value: {labels}: `selector` does not match template `labels`"
        yield "spec.template.metadata.labels", shown
    if before and before["spec"]["selector"] != spec["selector"]:
        yield "spec.selector", f"Invalid value: {spec['selector']}: {IMMUTABLE}"


def _check_deployment(content: Object, before: Object | None) -> Iterator[Problem]:
    yield from _check_workload(content, before)
    policy = content["spec"]["template"]["spec"].get("restartPolicy")
    if policy != "Always":
        yield "spec.template.spec.restartPolicy", f'Unsupported value: "{policy}": supported values: "Always"'
    rolling = content["spec"]["strategy"].get("rollingUpdate", {})
    if rolling and all(str(rolling[key]) in ("0", "0%") for key in ("maxSurge", "maxUnavailable")):
        path = "spec.strategy.rollingUpdate.maxUnavailable"
        yield path, "Invalid value: 0: may not be 0 when `maxSurge` is 0"


def _check_pod(content: Object, before: Object | None) -> Iterator[Problem]:
    yield from template_problems(content, "")
    if before and fixed_pod_spec(before["spec"]) != fixed_pod_spec(content["spec"]):
        allowed = "`spec.containers[*].image`, `spec.activeDeadlineSeconds`, `spec.tolerations`"
        yield "spec", f"Forbidden: pod updates may not change fields other than {allowed}"


def _check_job(content: Object, before: Object | None) -> Iterator[Problem]:
    spec = content["spec"]
    yield from template_problems(spec["template"], "spec.template")
    yield from job_policy_problems(spec["template"], "spec.template")
    if before and before["spec"]["template"] != spec["template"]:
        yield "spec.template", f"Invalid value: {IMMUTABLE}"


def _check_cron_job(content: Object, before: Object | None) -> Iterator[Problem]:
    spec = content["spec"]
    try:
        CronSim(spec.get("schedule", ""), datetime.now(UTC))
    except CronSimError as error:
        yield "spec.schedule", f'Invalid value: "{spec.get("schedule", "")}": {error}'
    if spec.get("timeZone", "UTC") not in available_timezones():
        yield "spec.timeZone", f'Invalid value: "{spec["timeZone"]}": unknown time zone {spec["timeZone"]}'
    template = spec["jobTemplate"]["spec"]["template"]
    yield from template_problems(template, "spec.jobTemplate.spec.template")
    yield from job_policy_problems(template, "spec.jobTemplate.spec.template")


def _check_autoscaler(content: Object, before: Object | None) -> Iterator[Problem]:
    spec = content["spec"]
    yield from _at_least(content, "spec.maxReplicas", 1)
    if "maxReplicas" not in spec:
        yield "spec.maxReplicas", "Required value"
    elif spec["maxReplicas"] < spec["minReplicas"]:
        yield (
            "spec.maxReplicas",
            f"Invalid value: {spec['maxReplicas']}: must be greater than or equal to `minReplicas`",
        )
    if spec["minReplicas"] < 1:
        yield "spec.minReplicas", f"Invalid value: {spec['minReplicas']}: must be greater than or equal to 1"
    if not spec.get("scaleTargetRef", {}).get("name"):
        yield "spec.scaleTargetRef.name", "Required value"


def _check_lease(content: Object, before: Object | None) -> Iterator[Problem]:
    yield from _at_least(content, "spec.leaseDurationSeconds", 1)
    yield from _at_least(content, "spec.leaseTransitions", 0)


def _check_config_map(content: Object, before: Object | None) -> Iterator[Problem]:
    if before and before.get("immutable") and before.get("data") != content.get("data"):
        yield "data", "Forbidden: field is immutable when `immutable` is set"


def _check_secret(content: Object, before: Object | None) -> Iterator[Problem]:
    yield from _check_config_map(content, before)
    for key in ("tls.crt", "tls.key") if content.get("type") == "kubernetes.io/tls" else ():
        if key not in content.get("data", {}):
            yield f"data[{key}]", "Required value"
    if before and before["type"] != content["type"]:
        yield "type", f'Invalid value: "{content["type"]}": {IMMUTABLE}'
    for key, value in content.get("data", {}).items():
        try:
            b64decode(value, validate=True)
        except binascii.Error:
            yield f"data[{key}]", "Invalid value: illegal base64 data"


def _check_service(content: Object, before: Object | None) -> Iterator[Problem]:
    spec = content["spec"]
    if not spec.get("ports") and spec["clusterIP"] != "None" and spec["type"] != "ExternalName":
        yield "spec.ports", "Required value"
    if before and before["spec"].get("clusterIP") != spec.get("clusterIP"):
        yield "spec.clusterIPs[0]", f'Invalid value: ["{spec.get("clusterIP")}"]: may not change once set'


CHECKS: dict[str, Check] = {
    "deployments": _check_deployment,
    "replicasets": _check_workload,
    "pods": _check_pod,
    "jobs": _check_job,
    "cronjobs": _check_cron_job,
    "horizontalpodautoscalers": _check_autoscaler,
    "leases": _check_lease,
    "configmaps": _check_config_map,
    "secrets": _check_secret,
    "services": _check_service,
}
