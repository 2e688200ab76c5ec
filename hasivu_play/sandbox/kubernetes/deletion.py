"""Deleting objects: preconditions, finalizers, grace of pods, and what becomes of dependents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hasivu_play.sandbox.kubernetes import failures
from hasivu_play.sandbox.kubernetes.failures import ApiError
from hasivu_play.sandbox.kubernetes.resources import RESOURCES, Object, Resource
from hasivu_play.sandbox.kubernetes.store import Store

KEPT_NAMESPACES = {"default", "kube-system", "kube-public"}
FOREGROUND = "foregroundDeletion"
PROPAGATIONS = ("Background", "Foreground", "Orphan")


@dataclass(frozen=True)
class DeleteOptions:
    """How an object is to be deleted."""

    propagation: str = ""
    grace_seconds: int | None = None
    uid: str = ""
    version: str = ""
    dry_run: bool = False


def read_options(query: dict[str, str], body: Object) -> DeleteOptions:
    """Read options from the query and the body; the body counts more."""
    preconditions = body.get("preconditions") or {}
    grace: Any = body.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
    propagation = body.get("propagationPolicy") or query.get("propagationPolicy", "")
    if body.get("orphanDependents") is not None and not propagation:
        propagation = "Orphan" if body["orphanDependents"] else "Background"
    if propagation and propagation not in PROPAGATIONS:
        raise ApiError(422, f'propagationPolicy: Unsupported value: "{propagation}"')
    return DeleteOptions(
        propagation,
        None if grace is None else int(grace),
        preconditions.get("uid", ""),
        preconditions.get("resourceVersion", ""),
        bool(body.get("dryRun") or query.get("dryRun")),
    )


def delete(store: Store, resource: Resource, content: Object, options: DeleteOptions) -> Object:
    """Delete an object, or mark it for deletion; return what the client is told."""
    _check(resource, content, options)
    if options.dry_run:
        return _success(resource, content)
    propagation = options.propagation or resource.default_propagation
    if propagation == "Orphan":
        orphan_dependents(store, content)
    finalizers = content["metadata"].get("finalizers", [])
    if propagation == "Foreground" and FOREGROUND not in finalizers:
        finalizers = [*finalizers, FOREGROUND]
    if resource.name == "namespaces":
        return store.put(resource, _terminating(content))
    grace = _grace(resource, content, options)
    if finalizers or grace:
        return store.put(resource, _marked(content, finalizers, grace))
    store.remove(resource, content)
    return _success(resource, content)


def _check(resource: Resource, content: Object, options: DeleteOptions) -> None:
    metadata = content["metadata"]
    if resource.name == "namespaces" and metadata["name"] in KEPT_NAMESPACES:
        raise failures.forbidden(resource, metadata["name"], "this namespace may not be deleted")
    pairs = (("UID", options.uid, metadata["uid"]), ("ResourceVersion", options.version, metadata["resourceVersion"]))
    for word, wanted, actual in pairs:
        if wanted and wanted != actual:
            cause = f"the {word} in the precondition ({wanted}) does not match the {word} in record ({actual}). "
            cause += "The object might have been deleted and then recreated"
            raise failures.conflict(resource, metadata["name"], cause)


def _grace(resource: Resource, content: Object, options: DeleteOptions) -> int:
    if resource.name != "pods" or not content["spec"].get("nodeName"):
        return 0
    if options.grace_seconds is not None:
        return options.grace_seconds
    return int(content["spec"].get("terminationGracePeriodSeconds", 30))


def _marked(content: Object, finalizers: list[str], grace: int) -> Object:
    if "deletionTimestamp" in content["metadata"]:
        return content
    moment = datetime.now(UTC) + timedelta(seconds=grace)
    marks: Object = {"deletionTimestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"), "deletionGracePeriodSeconds": grace}
    if finalizers:
        marks["finalizers"] = finalizers
    return {**content, "metadata": {**content["metadata"], **marks}}


def _terminating(content: Object) -> Object:
    return {**_marked(content, [], 0), "status": {"phase": "Terminating"}}


def orphan_dependents(store: Store, owner: Object) -> None:
    """Take an owner out of the owner references of everything that it owns."""
    uid = owner["metadata"]["uid"]
    for resource in RESOURCES:
        for content in store.all(resource):
            references = content["metadata"].get("ownerReferences", [])
            others = [reference for reference in references if reference["uid"] != uid]
            if others != references:
                rest = {key: value for key, value in content["metadata"].items() if key != "ownerReferences"}
                kept = {**rest, "ownerReferences": others} if others else rest
                store.put(resource, {**content, "metadata": kept})


def _success(resource: Resource, content: Object) -> Object:
    metadata = content["metadata"]
    about = failures.details(resource, metadata["name"], uid=metadata["uid"])
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": about}
