"""The part of `/openapi/v3` that clients read before they write: parameters and media types of a PATCH, schemas."""

from __future__ import annotations

from hasivu_play.sandbox.kubernetes.openapi_schemas import schemas
from hasivu_play.sandbox.kubernetes.resources import RESOURCES, Object, Resource, group_versions

WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation", "force", "pretty")
PATCH_TYPES = (
    "application/apply-patch+yaml",
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
)


def index() -> Object:
    """Return which documents there are."""
    paths = [f"apis/{group}/{version}" if group else f"api/{version}" for group, version in group_versions()]
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in paths}}


def document(group: str, version: str) -> Object:
    """Return the document of one group and version."""
    members = [one for one in RESOURCES if (one.group, one.version) == (group, version)]
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.33.0"},
        "paths": {_item_path(resource): _operations(resource) for resource in members},
        "components": {"schemas": schemas(members)},
    }


def _item_path(resource: Resource) -> str:
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    return f"{resource.prefix}{scope}/{resource.name}/{{name}}"


def _kind(resource: Resource) -> Object:
    return {"group": resource.group, "kind": resource.kind, "version": resource.version}


def _operations(resource: Resource) -> Object:
    operations: Object = {}
    for method, action in (("get", "get"), ("put", "put"), ("patch", "patch"), ("delete", "delete")):
        operations[method] = {
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": _kind(resource),
            "parameters": [] if method == "get" else [_parameter(name) for name in WRITE_PARAMETERS],
            "responses": {"200": {"description": "OK"}},
        }
    operations["patch"]["requestBody"] = {"content": {kind: {"schema": {"type": "object"}} for kind in PATCH_TYPES}}
    return operations


def _parameter(name: str) -> Object:
    return {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
