"""Label and field selectors, as queries and objects write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from hasivu_play.sandbox.kubernetes.failures import ApiError
from hasivu_play.sandbox.kubernetes.resources import Object

Labels = Mapping[str, str]
LabelTest = Callable[[Labels], bool]
ObjectTest = Callable[[Object], bool]

SET_BASED = re.compile(r"^(?P<key>\S+)\s+(?P<operator>in|notin)\s*\((?P<values>[^)]*)\)$")
EQUALITY = re.compile(r"^(?P<key>[^\s!=]+)\s*(?P<operator>==|=|!=)\s*(?P<value>[^\s=!]*)$")
EXISTENCE = re.compile(r"^(?P<not>!?)\s*(?P<key>[\w./-]+)$")

FIELDS = {
    "pods": ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase"),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "reason",
        "source",
        "type",
    ),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
    "jobs": ("status.successful",),
    "replicasets": ("status.replicas",),
}


def label_test(selector: str) -> LabelTest:
    """Read a query's `labelSelector`."""
    tests = [_requirement(part.strip()) for part in re.split(r",(?![^(]*\))", selector) if part.strip()]
    return lambda labels: all(test(labels) for test in tests)


def _requirement(text: str) -> LabelTest:
    if match := SET_BASED.match(text):
        values = {value.strip() for value in match["values"].split(",")}
        return _membership(match["key"], match["operator"], values)
    if match := EQUALITY.match(text):
        return _membership(match["key"], "notin" if match["operator"] == "!=" else "in", {match["value"]})
    if match := EXISTENCE.match(text):
        key, wanted = match["key"], not match["not"]
        return lambda labels: (key in labels) == wanted
    raise ApiError(400, f"unable to parse requirement: {text!r} is not a label selector")


def _membership(key: str, operator: str, values: set[str]) -> LabelTest:
    if operator == "in":
        return lambda labels: labels.get(key) in values
    return lambda labels: labels.get(key) not in values


def object_test(selector: Mapping[str, Any]) -> LabelTest:
    """Read a `LabelSelector` of an object's spec; an empty one fits everything."""
    tests = [_membership(key, "in", {value}) for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or []:
        key, operator = expression["key"], expression["operator"]
        if operator in ("In", "NotIn"):
            tests.append(_membership(key, operator.lower(), set(expression["values"])))
        else:
            tests.append(_requirement(key if operator == "Exists" else f"!{key}"))
    return lambda labels: all(test(labels) for test in tests)


def selector_text(selector: Mapping[str, Any]) -> str:
    """Write a `LabelSelector` as a query would."""
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    words = {"In": "in", "NotIn": "notin"}
    for expression in selector.get("matchExpressions") or []:
        key, operator = expression["key"], expression["operator"]
        if operator in words:
            parts.append(f"{key} {words[operator]} ({','.join(sorted(expression['values']))})")
        else:
            parts.append(key if operator == "Exists" else f"!{key}")
    return ",".join(parts)


def field_test(resource: str, selector: str) -> ObjectTest:
    """Read a query's `fieldSelector`; a field that the resource does not index is an error, as in Kubernetes."""
    terms = [_field_term(resource, part) for part in selector.split(",") if part]
    return lambda content: all(test(content) for test in terms)


def _field_term(resource: str, text: str) -> ObjectTest:
    match = re.match(r"^(?P<field>[\w.]+)(?P<operator>!=|==|=)(?P<value>.*)$", text)
    if not match:
        raise ApiError(400, f"invalid selector: {text!r}; can't understand it")
    path, value, wanted = match["field"], match["value"], match["operator"] != "!="
    if path not in ("metadata.name", "metadata.namespace", *FIELDS.get(resource, ())):
        raise ApiError(400, f"field label not supported: {path}")
    return lambda content: (_field(content, path) == value) == wanted


def _field(content: Object, path: str) -> str:
    value: Any = content
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def query_test(resource: str, query: Mapping[str, str]) -> ObjectTest:
    """Read both selectors of a query."""
    labels = label_test(query.get("labelSelector", ""))
    fields = field_test(resource, query.get("fieldSelector", ""))
    return lambda content: labels(content["metadata"].get("labels") or {}) and fields(content)
