"""Creating, replacing and patching objects as an API server does it: checked, defaulted, owned, versioned."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from hasivu_play.sandbox.kubernetes import failures
from hasivu_play.sandbox.kubernetes.admission import check_name, check_preconditions, checked, new_metadata
from hasivu_play.sandbox.kubernetes.apply import server_side_apply
from hasivu_play.sandbox.kubernetes.defaults import with_defaults
from hasivu_play.sandbox.kubernetes.failures import ApiError
from hasivu_play.sandbox.kubernetes.ownership import Manager, record_update
from hasivu_play.sandbox.kubernetes.patches import json_patch, merge_patch, strategic_merge
from hasivu_play.sandbox.kubernetes.resources import BY_NAME, Object, Resource
from hasivu_play.sandbox.kubernetes.scale import from_scale, to_scale
from hasivu_play.sandbox.kubernetes.store import Store
from hasivu_play.sandbox.kubernetes.validation import validate

APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
KEPT_METADATA = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")


@dataclass(frozen=True)
class Target:
    """Which object a request is about, and which part of it."""

    resource: Resource
    namespace: str
    name: str
    subresource: str = ""


@dataclass(frozen=True)
class Options:
    """How a request wants to be carried out."""

    manager: str
    dry_run: bool = False
    validation: str = "Warn"
    force: bool = False


@dataclass(frozen=True)
class Result:
    """What a write came to."""

    content: Object
    created: bool = False
    warnings: list[str] = field(default_factory=list)


class Registry:
    """The rules by which objects come into the store and change in it."""

    def __init__(self, store: Store) -> None:
        """Work on a store."""
        self.store = store

    def read(self, target: Target) -> Object:
        """Return an object, or its scale."""
        content = self.store.get(target.resource, target.namespace, target.name)
        if content is None:
            raise failures.not_found(target.resource, target.name)
        return to_scale(content) if target.subresource == "scale" else content

    def create(self, resource: Resource, namespace: str, body: Object, options: Options) -> Result:
        """Add an object."""
        content, warnings = checked(resource, body, options.validation)
        content["metadata"] = new_metadata(resource, namespace, content["metadata"])
        name = content["metadata"]["name"]
        self._check_namespace(resource, namespace, name)
        if self.store.get(resource, namespace, name):
            raise failures.already_exists(resource, name)
        if resource.status:
            content.pop("status", None)
        content = with_defaults(resource, content)
        validate(resource, content)
        claimed = record_update(resource.model, {"metadata": {}}, content, Manager(options.manager))
        return Result(self._keep(resource, claimed, options), created=True, warnings=warnings)

    def update(self, target: Target, body: Object, options: Options) -> Result:
        """Replace an object, its status or its scale."""
        before = self.store.get(target.resource, target.namespace, target.name)
        version = (body.get("metadata") or {}).get("resourceVersion")
        if before is None and target.resource.create_on_update and not target.subresource and not version:
            return self.create(target.resource, target.namespace, body, options)
        if before is None:
            raise failures.not_found(target.resource, target.name)
        if not version and not target.resource.unconditional_update:
            problem = ("metadata.resourceVersion", "Invalid value: 0: must be specified for an update")
            raise failures.invalid(target.resource, target.name, [problem])
        if target.subresource == "scale":
            if body.get("kind", "Scale") != "Scale":
                raise ApiError(400, f"{body['kind']} cannot be handled as a Scale")
            body = from_scale(target.resource, before, body)
        return self._replace(target, before, body, options)

    def patch(self, target: Target, content_type: str, patch: Any, options: Options) -> Result:
        """Change parts of an object in one of the four ways of Kubernetes."""
        if content_type == APPLY:
            return self._apply(target, patch, options)
        before = self.store.get(target.resource, target.namespace, target.name)
        if before is None:
            raise failures.not_found(target.resource, target.name)
        if target.subresource == "scale":
            scale = _patched("V1Scale", to_scale(before), content_type, patch)
            return self._replace(target, before, from_scale(target.resource, before, scale), options)
        return self._replace(target, before, _patched(target.resource.model, before, content_type, patch), options)

    def _apply(self, target: Target, wanted: Object, options: Options) -> Result:
        if not options.manager:
            raise ApiError(
                400, "PatchOptions.meta.k8s.io is invalid: fieldManager: Required value: is required for apply patch"
            )
        if wanted.get("metadata", {}).get("managedFields"):
            raise ApiError(400, "metadata.managedFields must be nil")
        content, warnings = checked(target.resource, wanted, options.validation)
        check_name(target.resource, target.namespace, target.name, content)
        manager = Manager(options.manager, "Apply", target.subresource)
        before = self.store.get(target.resource, target.namespace, target.name)
        if before is None:
            return self._create_applied(target, content, manager, options, warnings)
        merged = server_side_apply(target.resource, before, content, manager, force=options.force)
        return self._replace(target, before, merged, options, manager)

    def _create_applied(
        self, target: Target, content: Object, manager: Manager, options: Options, warnings: list[str]
    ) -> Result:
        content["metadata"] = new_metadata(target.resource, target.namespace, content["metadata"])
        self._check_namespace(target.resource, target.namespace, target.name)
        claimed = record_update(target.resource.model, {"metadata": {}}, content, manager)
        claimed = with_defaults(target.resource, claimed)
        validate(target.resource, claimed)
        return Result(self._keep(target.resource, claimed, options), created=True, warnings=warnings)

    def _replace(
        self, target: Target, before: Object, body: Object, options: Options, manager: Manager | None = None
    ) -> Result:
        content, warnings = checked(target.resource, body, options.validation)
        check_name(target.resource, target.namespace, target.name, content)
        check_preconditions(target.resource, before, content["metadata"])
        content = _with_kept_parts(target, before, content)
        if not target.subresource:
            content = with_defaults(target.resource, content)
        validate(target.resource, content, before)
        if _essence(content) == _essence(before) and _owners(content) == _owners(before):
            return Result(before, warnings=warnings)
        content = _next_generation(target.resource, before, content)
        if manager is None:
            manager = Manager(options.manager, "Update", target.subresource)
            content = record_update(target.resource.model, _with_owners(before, content), content, manager)
        return Result(self._keep(target.resource, content, options), warnings=warnings)

    def _keep(self, resource: Resource, content: Object, options: Options) -> Object:
        if options.dry_run:
            return content
        metadata = content["metadata"]
        if "deletionTimestamp" in metadata and not metadata.get("finalizers") and resource.name != "pods":
            return self.store.remove(resource, content)
        return self.store.put(resource, content)

    def _check_namespace(self, resource: Resource, namespace: str, name: str) -> None:
        if not resource.namespaced:
            return
        found = self.store.get(BY_NAME["namespaces"], "", namespace)
        if found is None:
            raise failures.not_found(BY_NAME["namespaces"], namespace)
        if found["status"]["phase"] == "Terminating":
            cause = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise failures.forbidden(resource, name, cause)


def _patched(model: str, live: Object, content_type: str, patch: Any) -> Object:
    if content_type == JSON_PATCH:
        return json_patch(live, patch)
    if not isinstance(patch, dict):
        raise ApiError(400, "error decoding patch: the patch is not an object")
    if content_type == MERGE_PATCH:
        merged: Object = merge_patch(live, patch)
        return merged
    if content_type == STRATEGIC_PATCH:
        return strategic_merge(model, live, patch)
    allowed = ", ".join((JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY))
    message = f"the body of the request was in an unknown format - accepted media types include: {allowed}"
    raise ApiError(415, message)


def _with_kept_parts(target: Target, before: Object, content: Object) -> Object:
    """Return the content with what a client cannot change taken from the stored object."""
    old = before["metadata"]
    if target.subresource == "status":
        return {**before, "status": content.get("status", {})}
    kept = {key: old[key] for key in KEPT_METADATA if key in old}
    owners = content["metadata"].get("managedFields", old.get("managedFields", []))
    metadata = {**content["metadata"], **kept, "managedFields": owners, "resourceVersion": old["resourceVersion"]}
    result = {**content, "metadata": metadata}
    if target.resource.status:
        result.pop("status", None)
        result |= {"status": before["status"]} if "status" in before else {}
    if target.resource.name == "services":
        kept_addresses = {key: value for key, value in before["spec"].items() if key in ("clusterIP", "clusterIPs")}
        result["spec"] = {**kept_addresses, **result.get("spec", {})}
    return result


def _essence(content: Object) -> Object:
    """Return what makes an object different from its last version."""
    ignored = ("resourceVersion", "managedFields", "generation")
    return {**content, "metadata": {key: value for key, value in content["metadata"].items() if key not in ignored}}


def _owners(content: Object) -> list[tuple[str, str, str, str]]:
    return sorted(
        (entry.get("manager", ""), entry.get("operation", ""), entry.get("subresource", ""), str(entry.get("fieldsV1")))
        for entry in content["metadata"].get("managedFields", [])
    )


def _with_owners(before: Object, content: Object) -> Object:
    owners = content["metadata"].get("managedFields", [])
    return {**before, "metadata": {**before["metadata"], "managedFields": owners}}


def _next_generation(resource: Resource, before: Object, content: Object) -> Object:
    if not resource.generation or before.get("spec") == content.get("spec"):
        return content
    generation = before["metadata"].get("generation", 0) + 1
    return {**deepcopy(content), "metadata": {**content["metadata"], "generation": generation}}
