# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether pods must be replaced, whether they are, and why they will not be."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes_change import (
    VERSION,
    external_secret_of,
    manager_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.rollout import is_complete, needs_roll, problem_of, selector_of

CHANGED = "2026-12-06T06:00:30.250Z"
DEPLOYMENT = {
    "metadata": {"name": "hasivu-web", "generation": 4},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "hasivu-web"}},
        "template": {"metadata": {"annotations": {VERSION: "old"}}},
    },
    "status": {"observedGeneration": 4, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3},
}


def pod(created: str = "2026-12-01T00:00:00Z", waiting: str = "") -> dict[str, Any]:
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    statuses = [{"state": state, "restartCount": 0}]
    return {"metadata": {"name": "p", "creationTimestamp": created}, "status": {"containerStatuses": statuses}}


def deployment(**status: Any) -> dict[str, Any]:
    made = copy.deepcopy(DEPLOYMENT)
    made["status"] |= status
    return made


@pytest.mark.parametrize(
    ("version", "since", "created", "needed"),
    [
        ("new", CHANGED, "2026-12-06T06:00:29Z", True),
        ("new", CHANGED, "2026-12-06T06:00:30Z", True),
        ("new", CHANGED, "2026-12-06T06:00:31Z", False),
        ("old", CHANGED, "2026-12-06T06:00:29Z", False),
        ("new", "", "2026-12-06T06:00:29Z", False),
    ],
)
def test_pods_older_than_the_content_of_their_secret_are_replaced(
    version: str, since: str, created: str, needed: bool
) -> None:
    assert needs_roll(DEPLOYMENT, [pod(created)], version, since) is needed


def test_one_old_pod_is_enough() -> None:
    assert needs_roll(DEPLOYMENT, [pod("2026-12-06T06:10:00Z"), pod()], "new", CHANGED)


@pytest.mark.parametrize(
    ("status", "complete"),
    [
        ({}, True),
        ({"observedGeneration": 3}, False),
        ({"updatedReplicas": 2}, False),
        ({"replicas": 4}, False),
        ({"availableReplicas": 2}, False),
    ],
)
def test_a_roll_is_complete_when_nothing_else_is_left(status: dict[str, int], complete: bool) -> None:
    assert is_complete(deployment(**status)) is complete


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "CrashLoopBackOff", "CreateContainerConfigError"])
def test_a_pod_that_cannot_start_is_named(reason: str) -> None:
    assert reason in problem_of(DEPLOYMENT, [pod(), pod(waiting=reason)])


def test_a_pod_that_is_being_made_is_no_problem() -> None:
    assert problem_of(DEPLOYMENT, [pod(waiting="ContainerCreating")]) == ""


def test_a_deadline_counts_only_for_the_present_template() -> None:
    late = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]
    assert "deadline" in problem_of(deployment(conditions=late), [])
    assert problem_of(deployment(conditions=late, observedGeneration=3), []) == ""


def test_what_keeps_an_object_is_named() -> None:
    assert manager_of({"metadata": {"annotations": {"argocd.argoproj.io/tracking-id": "x"}}}) == "Argo CD"
    assert manager_of({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "x"}}}) == "Flux"
    assert manager_of({"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}}) == ""
    owner = {"kind": "ExternalSecret", "name": "hasivu-database"}
    assert external_secret_of({"metadata": {"ownerReferences": [owner]}}) == "hasivu-database"
    assert selector_of(DEPLOYMENT) == "app=hasivu-web"
