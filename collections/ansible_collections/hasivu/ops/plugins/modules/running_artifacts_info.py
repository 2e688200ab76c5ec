#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Resolve what runs to digests."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: running_artifacts_info
short_description: Resolve what runs in the cluster and in Lambda to digests
version_added: 0.2.0
description:
  - Reads the images of the pods by their digests, the tags by which workloads name images, the commits from which
    deployments were built, and the code digest behind the live alias of each Lambda function.
  - What cannot be read is a finding and stands in RV(unknown); the module does not fail for it.
options:
  namespace:
    description: Namespace of the platform.
    type: str
    required: true
  live_alias:
    description: Alias of the functions that traffic goes to.
    type: str
    required: true
  commit_annotation:
    description: Annotation of a Deployment that holds the commit it was built from.
    type: str
    required: true
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.kubernetes
attributes:
  check_mode:
    description: The module only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Resolve what runs to digests
  hasivu.ops.running_artifacts_info:
    kubeconfig: ~/.kube/config
    region: ap-south-1
    namespace: production
    live_alias: live
    commit_annotation: hasivu.edu.in/commit
  register: artifacts
"""

RETURN = r"""
images:
  description: The images that run, each with C(image), C(digest), C(workloads) and the number of C(pods).
  returned: success
  type: list
  elements: dict
functions:
  description: The functions, each with C(function), C(version), C(code_sha256), C(package) and C(image).
  returned: success
  type: list
  elements: dict
commits:
  description: The commits that run.
  returned: success
  type: list
  elements: str
findings:
  description: Images by tag, containers without a digest, deployments without a commit, and what could not be read.
  returned: success
  type: list
  elements: dict
sections:
  description: Tables for the report.
  returned: success
  type: list
  elements: dict
unknown:
  description: What could not be read, a sentence each.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils import artifacts_functions, artifacts_images
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client, error_code
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import (
    KUBERNETES_IMPORT_ERROR,
    KUBERNETES_OPTIONS,
    Cluster,
    KubernetesError,
    list_all,
    path_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding
from ansible_collections.hasivu.ops.plugins.module_utils.scan_report import table

WORKLOADS = {
    "Deployment": ("apps/v1", "deployments"),
    "StatefulSet": ("apps/v1", "statefulsets"),
    "DaemonSet": ("apps/v1", "daemonsets"),
    "CronJob": ("batch/v1", "cronjobs"),
}
NOT_SERVED = (404, 501)


def main() -> None:
    """Read cluster and functions, each for itself, and return what runs."""
    module = AnsibleModule(
        argument_spec={
            **AWS_OPTIONS,
            **KUBERNETES_OPTIONS,
            "namespace": {"type": "str", "required": True},
            "live_alias": {"type": "str", "required": True},
            "commit_annotation": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    result: dict[str, Any] = {"images": [], "functions": [], "commits": [], "findings": [], "unknown": []}
    read_cluster(module.params, result)
    read_functions(module, result)
    module.exit_json(changed=False, **result, sections=sections(result))


def preload(arguments: dict[str, Any]) -> None:
    """Load the model of Lambda before the worker of the step is forked."""
    preload_service("lambda")


def read_cluster(options: dict[str, Any], result: dict[str, Any]) -> None:
    """Add what runs in the cluster, or that it is unknown."""
    try:
        cluster = Cluster(options["kubeconfig"], options["context"])
        pods = list_all(cluster, path_of("v1", "pods", options["namespace"]))
        workloads = {kind: read_workloads(cluster, kind, options["namespace"]) for kind in WORKLOADS}
    except KubernetesError as error:
        unknown(
            result, "images", f"What runs in the cluster could not be read: {error}.", "the kubeconfig and the cluster"
        )
        return
    images, undigested = artifacts_images.running_images(pods)
    commits, unsaid = artifacts_images.commits(workloads["Deployment"], options["commit_annotation"])
    result["images"], result["commits"] = images, commits
    everything = [one for listed in workloads.values() for one in listed]
    result["findings"] += [*undigested, *artifacts_images.mutable_tags(everything), *unsaid]
    if not images:
        unknown(result, "images", f"No container runs in the namespace {options['namespace']}.", "the namespace")


def read_workloads(cluster: Cluster, kind: str, namespace: str) -> list[dict[str, Any]]:
    """Return the workloads of a kind; a kind that the cluster does not serve has none."""
    version, resource = WORKLOADS[kind]
    try:
        return [{**item, "kind": kind} for item in list_all(cluster, path_of(version, resource, namespace))]
    except KubernetesError as error:
        if error.status in NOT_SERVED:
            return []
        raise


def read_functions(module: AnsibleModule, result: dict[str, Any]) -> None:
    """Add what runs in Lambda, or that it is unknown."""
    caller = client(module, "lambda")
    try:
        found, findings = artifacts_functions.running_functions(caller, module.params["live_alias"], error_code)
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        what = f"What runs in Lambda could not be read: {error}"
        unknown(result, "functions", f"{what.rstrip('.')}.", "the credentials and their rights")
        return
    result["functions"] = found
    result["findings"] += findings
    images = [{"image": one["image"], "digest": one["image"].rpartition("@")[2]} for one in found if one["image"]]
    result["images"] += [{**image, "workloads": ["Lambda"], "pods": 0} for image in images]


def unknown(result: dict[str, Any], where: str, what: str, mend: str) -> None:
    """Add a finding of something that could not be read."""
    why = "What is not known to run is not scanned."
    result["unknown"].append(what)
    do = f"Look at {mend}, then run again."
    result["findings"].append(finding(what, where, why, do, "high", key="artifacts-unknown", control="PCI-6.3.2"))


def sections(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tables of images and functions."""
    images = {"image": "Image", "workloads": "Workloads", "pods": "Containers"}
    functions = {
        "function": "Function", "version": "Version", "code_sha256": "SHA-256 of the code", "package": "Package",
        "also": "Versions beside it",
    }  # fmt: skip
    return [
        table("What runs in the cluster", "Images that run, by digest", images, result["images"], pods="number"),
        table("What runs in Lambda", "Functions and the code behind the live alias", functions, result["functions"]),
    ]


if __name__ == "__main__":
    main()
