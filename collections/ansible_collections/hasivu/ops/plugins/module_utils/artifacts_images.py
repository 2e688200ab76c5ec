# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs in a cluster: the images of its pods by digest, and the commit that each workload was built from."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

IMAGE_ID = re.compile(r"(?:[a-z-]+://)?(?P<repository>[^@\s]+)@(?P<digest>sha256:[0-9a-f]{64})")
STATUSES = ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
COMMIT = re.compile(r"[0-9a-f]{40}")
RUNNING = ("running", "terminated")


def owner_of(pod: dict[str, Any]) -> str:
    """Return what a person calls the workload of a pod: the name of its ReplicaSet or Job without the last part."""
    owners = pod["metadata"].get("ownerReferences") or []
    if not owners:
        return str(pod["metadata"]["name"])
    kind, name = owners[0]["kind"], str(owners[0]["name"])
    return name.rpartition("-")[0] if kind in ("ReplicaSet", "Job") and "-" in name else name


def running_images(pods: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Return the images that run, one entry for each digest, and a finding for each that has none."""
    found: dict[str, dict[str, Any]] = {}
    findings: dict[str, dict[str, str]] = {}
    for pod, status in statuses(pods):
        match = IMAGE_ID.fullmatch(status.get("imageID", ""))
        workload = owner_of(pod)
        if match is None:
            findings[f"{workload} {status['name']}"] = without_digest(workload, status)
            continue
        image = f"{match['repository'].rpartition('/')[0]}/{untagged(match['repository'])}@{match['digest']}".lstrip(
            "/"
        )
        entry = found.setdefault(image, {"image": image, "digest": match["digest"], "workloads": [], "pods": 0})
        entry["pods"] += 1
        entry["workloads"] = sorted({*entry["workloads"], workload})
    return sorted(found.values(), key=lambda entry: entry["image"]), list(findings.values())


def statuses(pods: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the containers that run or ran; one that still waits for its image runs nothing."""
    return [
        (pod, status)
        for pod in pods
        for name in STATUSES
        for status in pod.get("status", {}).get(name) or []
        if any(state in (status.get("state") or {}) for state in RUNNING)
    ]


def untagged(repository: str) -> str:
    """Return the last part of a repository's name without a tag."""
    return repository.rpartition("/")[2].partition(":")[0]


def without_digest(workload: str, status: dict[str, Any]) -> dict[str, str]:
    """Return the finding of a container whose image has no digest of a registry."""
    return finding(
        f"The container {status['name']} of {workload} runs an image without the digest of a registry.",
        f"{workload}/{status['name']}",
        "It cannot be fetched again, so that nobody can scan what runs.",
        "Push the image to the registry and deploy it by digest.",
        "high",
        key="image-without-digest",
        control="PCI-6.3.2",
    )


def mutable_tags(workloads: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return a finding for each image that a workload names by a tag and not by a digest."""
    return [
        tagged(f"{workload['kind']}/{workload['metadata']['name']}", container)
        for workload in workloads
        for container in containers_of(workload)
        if "@sha256:" not in container["image"]
    ]


def tagged(where: str, container: dict[str, Any]) -> dict[str, str]:
    """Return the finding of an image that is named by a tag."""
    tag = container["image"].rpartition("/")[2].partition(":")[2] or "latest"
    return finding(
        f"{where} names the image of {container['name']} by the tag {tag}.",
        where,
        "A tag can be moved: what is scanned today may not be what the next pod runs.",
        f"Name {container['image']} by its digest.",
        "high" if tag == "latest" else "medium",
        key="image-by-mutable-tag",
        control="PCI-6.3.2",
    )


def containers_of(workload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the containers of a workload's template; that of a CronJob lies one level deeper."""
    spec = workload["spec"]
    pod = spec.get("jobTemplate", {"spec": spec})["spec"]["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]


def commits(deployments: list[dict[str, Any]], annotation: str) -> tuple[list[str], list[dict[str, str]]]:
    """Return the commits that the deployments say they were built from, and a finding for each that does not say."""
    known, findings = set(), []
    for deployment in deployments:
        name = deployment["metadata"]["name"]
        commit = (deployment["metadata"].get("annotations") or {}).get(annotation, "")
        if COMMIT.fullmatch(commit):
            known.add(commit)
        else:
            findings.append(without_commit(name, annotation))
    return sorted(known), findings


def without_commit(name: str, annotation: str) -> dict[str, str]:
    """Return the finding of a deployment that does not say what it was built from."""
    return finding(
        f"The deployment {name} does not say which commit it was built from.",
        f"Deployment/{name}",
        "Its lock files cannot be found, so that its packages are not scanned.",
        f"Let the deployment write the whole commit into the annotation {annotation}.",
        "high",
        key="deployment-without-commit",
        control="PCI-6.3.2",
    )
