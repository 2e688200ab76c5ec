"""What the API server says of itself: version, groups, resources."""

from __future__ import annotations

from pathlib import Path

from hasivu_play.sandbox.kubernetes.openapi import document, index
from hasivu_play.sandbox.kubernetes.resources import RESOURCES, Object, Resource, group_versions

BUILD = {
    "gitCommit": "0000000000000000000000000000000000000000",
    "gitTreeState": "clean",
    "buildDate": "2025-04-23T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "linux/amd64",
}
MINOR = "33"
READ_WRITE = ["get", "patch", "update"]
MORE_VERBS = {"exec": ["create", "get"], "log": ["get"], "proxy": ["create", "delete", "get", "patch", "update"]}
MORE_KINDS = {("pods", "exec"): "PodExecOptions", ("pods", "proxy"): "PodProxyOptions"}


def version(directory: Path) -> Object:
    """Return which Kubernetes the cluster says that it is: a minor version that an upgrade writes into `version`."""
    file = directory / "version"
    minor = file.read_text(encoding="utf-8").strip() if file.exists() else MINOR
    return {"major": "1", "minor": minor, "gitVersion": f"v1.{minor}.0+hasivu-sandbox", **BUILD}


def documents() -> dict[str, Object]:
    """Return the documents of discovery by path."""
    groups = [_group(group, version) for group, version in group_versions() if group]
    pages: dict[str, Object] = {
        "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups},
        "/openapi/v3": index(),
    }
    for group in groups:
        pages[f"/apis/{group['name']}"] = {"kind": "APIGroup", "apiVersion": "v1", **group}
    for name, version in group_versions():
        prefix = f"/apis/{name}/{version}" if name else f"/api/{version}"
        pages[prefix] = _resource_list(name, version)
    return pages


def openapi_document(path: str) -> Object | None:
    """Return an OpenAPI document; they are made when asked for, because their schemas take time to load."""
    for group, version in group_versions():
        if path == f"/openapi/v3/apis/{group}/{version}" or (not group and path == f"/openapi/v3/api/{version}"):
            return document(group, version)
    return None


def _group(group: str, version: str) -> Object:
    entry = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [entry], "preferredVersion": entry}


def _resource_list(group: str, version: str) -> Object:
    members = [one for one in RESOURCES if (one.group, one.version) == (group, version)]
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": f"{group}/{version}" if group else version,
        "resources": [entry for resource in members for entry in _entries(resource)],
    }


def _entries(resource: Resource) -> list[Object]:
    entry = _entry(resource, "", resource.kind, list(resource.verbs))
    entry["singularName"] = resource.kind.lower()
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    entries = [entry]
    if resource.status:
        entries.append(_entry(resource, "status", resource.kind, READ_WRITE))
    if resource.scale:
        scale = {"group": "autoscaling", "version": "v1"}
        entries.append({**_entry(resource, "scale", "Scale", READ_WRITE), **scale})
    for name in resource.more:
        kind = MORE_KINDS.get((resource.name, name), resource.kind)
        entries.append(_entry(resource, name, kind, MORE_VERBS[name]))
    return entries


def _entry(resource: Resource, subresource: str, kind: str, verbs: list[str]) -> Object:
    return {
        "name": f"{resource.name}/{subresource}" if subresource else resource.name,
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": kind,
        "verbs": verbs,
    }
