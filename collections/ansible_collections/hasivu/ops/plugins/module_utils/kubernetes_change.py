# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changing one object of Kubernetes: read, judge, patch what was read, and judge anew after a conflict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import MERGE_PATCH, Cluster, KubernetesError

FIELD_MANAGER = "hasivu-ops"
CONFLICT = 409
NOT_FOUND = 404
TRIES = 3

VERSION = "hasivu.edu.in/secret-version"
CHANGED_AT = "hasivu.edu.in/secret-changed-at"

Object = dict[str, Any]
Judge = Callable[[Object], Object | None]


def change(cluster: Cluster, path: str, judge: Judge, dry_run: bool = False) -> tuple[Object, Object]:
    """Patch an object with what `judge` makes of it, or leave it when that is nothing; return it before and after.

    Raises:
        KubernetesError: It cannot be read or changed, or three tries in a row met a conflict.
    """
    for attempt in range(1, TRIES + 1):
        before = cluster.request("GET", path)
        patch = judge(before)
        if patch is None:
            return before, before
        version = {"resourceVersion": before["metadata"]["resourceVersion"]}
        body = {**patch, "metadata": {**patch.get("metadata", {}), **version}}
        query = {"fieldManager": FIELD_MANAGER, **({"dryRun": "All"} if dry_run else {})}
        try:
            return before, cluster.request("PATCH", path, body, query, MERGE_PATCH)
        except KubernetesError as error:
            if error.status != CONFLICT or attempt == TRIES:
                raise
    raise AssertionError("unreachable")


def annotations_of(content: Object) -> dict[str, str]:
    """Return the annotations of an object."""
    found: dict[str, str] = content["metadata"].get("annotations") or {}
    return found


def manager_of(content: Object) -> str:
    """Return what keeps an object as it stands elsewhere and would undo a change, or nothing."""
    labels = content["metadata"].get("labels") or {}
    marks = {**labels, **annotations_of(content)}
    if any(name.startswith(("argocd.argoproj.io/", "app.kubernetes.io/instance-argocd")) for name in marks):
        return "Argo CD"
    if any(name.startswith(("kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/")) for name in marks):
        return "Flux"
    managed = labels.get("app.kubernetes.io/managed-by", "")
    return managed if managed.lower() in ("argocd", "argo-cd", "flux", "fluxcd", "sealed-secrets") else ""


def external_secret_of(content: Object) -> str:
    """Return the ExternalSecret that owns a Secret, or nothing."""
    owners = content["metadata"].get("ownerReferences") or []
    return next((owner["name"] for owner in owners if owner["kind"] == "ExternalSecret"), "")
