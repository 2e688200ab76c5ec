# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs is known by digest, or it is a finding."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import artifacts_functions, artifacts_images

DIGEST = "sha256:" + "ab" * 32
REPOSITORY = "registry.example:5000/hasivu/web"


def pod(image_id: str, state: str = "running") -> dict[str, Any]:
    owner = {"kind": "ReplicaSet", "name": "hasivu-web-7d9f"}
    status = {"name": "web", "imageID": image_id, "state": {state: {}}}
    return {"metadata": {"name": "p", "ownerReferences": [owner]}, "status": {"containerStatuses": [status]}}


@pytest.mark.parametrize(
    "image_id",
    [f"{REPOSITORY}@{DIGEST}", f"docker-pullable://{REPOSITORY}@{DIGEST}", f"{REPOSITORY}:2026.11@{DIGEST}"],
)
def test_every_runtime_spells_the_same_image(image_id: str) -> None:
    images, findings = artifacts_images.running_images([pod(image_id), pod(image_id)])
    assert images == [
        {"image": f"{REPOSITORY}@{DIGEST}", "digest": DIGEST, "workloads": ["hasivu-web"], "pods": 2},
    ]
    assert findings == []


@pytest.mark.parametrize("image_id", [DIGEST, "", "docker://" + DIGEST])
def test_an_image_without_a_digest_of_a_registry_is_a_finding(image_id: str) -> None:
    images, findings = artifacts_images.running_images([pod(image_id)])
    assert images == []
    assert [found["key"] for found in findings] == ["image-without-digest"]


def test_a_container_that_waits_for_its_image_runs_nothing() -> None:
    assert artifacts_images.running_images([pod("", "waiting")]) == ([], [])


def workload(kind: str, image: str, **annotations: str) -> dict[str, Any]:
    template = {"template": {"spec": {"containers": [{"name": "web", "image": image}]}}}
    spec = {"jobTemplate": {"spec": template}} if kind == "CronJob" else template
    return {"kind": kind, "metadata": {"name": "x", "annotations": annotations}, "spec": spec}


@pytest.mark.parametrize("kind", ["Deployment", "CronJob"])
@pytest.mark.parametrize(
    ("image", "severity"),
    [(f"{REPOSITORY}:latest", "high"), (REPOSITORY, "high"), (f"{REPOSITORY}:2026.11", "medium")],
)
def test_an_image_by_tag_is_a_finding(kind: str, image: str, severity: str) -> None:
    (found,) = artifacts_images.mutable_tags([workload(kind, image)])
    assert (found["key"], found["severity"]) == ("image-by-mutable-tag", severity)
    assert artifacts_images.mutable_tags([workload(kind, f"{image}@{DIGEST}")]) == []


def test_a_deployment_says_its_whole_commit_or_is_a_finding() -> None:
    told, short = "c" * 40, "c" * 12
    commits, findings = artifacts_images.commits(
        [workload("Deployment", "x", commit=told), workload("Deployment", "x", commit=short)], "commit"
    )
    assert commits == [told]
    assert [found["key"] for found in findings] == ["deployment-without-commit"]


class NoAliasError(Exception):
    """An error of a client that knows no alias."""


class Lambda:
    """A client of two functions, of which one has an alias."""

    def get_paginator(self, operation: str) -> Lambda:
        return self

    def paginate(self) -> list[dict[str, Any]]:
        return [{"Functions": [{"FunctionName": "b"}]}, {"Functions": [{"FunctionName": "a"}]}]

    def get_alias(self, **asked: str) -> dict[str, Any]:
        if asked["FunctionName"] == "b":
            raise NoAliasError
        return {"FunctionVersion": "7", "RoutingConfig": {"AdditionalVersionWeights": {"8": 0.1}}}

    def get_function(self, **asked: str) -> dict[str, Any]:
        return {"Configuration": {"CodeSha256": asked["Qualifier"]}, "Code": {}}


def test_the_live_alias_decides_which_version_of_a_function_runs() -> None:
    found, findings = artifacts_functions.running_functions(Lambda(), "live", lambda error: "ResourceNotFoundException")
    assert [(one["function"], one["code_sha256"], one["also"]) for one in found] == [
        ("a", "7", ["8"]),
        ("b", "$LATEST", []),
    ]
    assert [found["where"] for found in findings] == ["b"]


def test_another_error_is_not_taken_for_a_missing_alias() -> None:
    with pytest.raises(NoAliasError):
        artifacts_functions.running_functions(Lambda(), "live", lambda error: "AccessDeniedException")
