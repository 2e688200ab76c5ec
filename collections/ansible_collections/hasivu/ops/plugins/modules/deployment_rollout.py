#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let a Deployment replace its pods, so that they read a changed Secret, and wait until they serve."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: deployment_rollout
short_description: Replace the pods of a Deployment after its Secret changed, and wait until the new ones serve
version_added: 0.2.0
description:
  - Writes the version of the secret into the annotations of the pod template, which makes the Deployment replace its
    pods as its strategy says.
  - Looks first. A template that names the version was rolled already, and pods younger than O(since) have read the
    new content; then it only waits until the Deployment is complete.
  - Ends as soon as a pod cannot start, and names the reason; the old pods go on serving meanwhile.
  - After the roll it may watch the pods for a while.
options:
  namespace:
    description: Namespace of the Deployment.
    type: str
    required: true
  name:
    description: Name of the Deployment.
    type: str
    required: true
  version:
    description: Version of the secret that the pods are to hold.
    type: str
    required: true
  since:
    description: When the content of the Secret last changed, RFC 3339; empty when it never did.
    type: str
    default: ""
  seconds:
    description: Time that the roll may take.
    type: float
    default: 600
extends_documentation_fragment:
  - hasivu.ops.kubernetes
  - hasivu.ops.run
attributes:
  check_mode:
    description: Reads the Deployment and its pods, asks the API server with a dry run, and rolls nothing.
    support: full
  diff_mode:
    description: Shows the version that the pod template names before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Let the web pods read the new login
  hasivu.ops.deployment_rollout:
    kubeconfig: ~/.kube/config
    namespace: production
    name: hasivu-web
    version: 0d8f1a2e-5c5a-5f0e-9d0a-2b7a1a6f3c11
    since: "2026-12-06T06:14:03Z"
"""

RETURN = r"""
rolled:
  description: Whether this call made the Deployment replace its pods.
  returned: success
  type: bool
pods:
  description: Names of the pods that serve at the end.
  returned: success
  type: list
  elements: str
seconds:
  description: Time that it took.
  returned: success
  type: float
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import (
    KUBERNETES_IMPORT_ERROR,
    KUBERNETES_OPTIONS,
    Cluster,
    KubernetesError,
    path_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes_change import VERSION, change, manager_of
from ansible_collections.hasivu.ops.plugins.module_utils.rollout import (
    Object,
    is_complete,
    needs_roll,
    problem_of,
    progress_of,
    selector_of,
    template_version,
)
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS, report_progress

OPTIONS = {
    "namespace": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    "since": {"type": "str", "default": ""},
    "seconds": {"type": "float", "default": 600},
}
LOOK_SECONDS = 0.5
PATIENCE_SECONDS = 5.0


class RolloutError(Exception):
    """Raised when a roll cannot end well; its text says why."""


class Rollout:
    """The roll of one Deployment."""

    def __init__(self, options: dict[str, Any]) -> None:
        """Keep which Deployment is rolled, and to which version."""
        self._options = options
        self._cluster = Cluster(options["kubeconfig"], options["context"])
        self._path = path_of("apps/v1", "deployments", options["namespace"], options["name"])

    def look(self) -> tuple[Object, list[Object]]:
        """Return the Deployment and its pods that are not being deleted."""
        deployment = self._cluster.request("GET", self._path)
        pods = path_of("v1", "pods", self._options["namespace"])
        found = self._cluster.request("GET", pods, query={"labelSelector": selector_of(deployment)})["items"]
        return deployment, [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def begin(self, dry_run: bool) -> tuple[Object, Object]:
        """Let the Deployment replace its pods unless it did; return it before and after."""
        version, since = self._options["version"], self._options["since"]
        annotations = {"metadata": {"annotations": {VERSION: version}}}

        def judge(found: Object) -> Object | None:
            return {"spec": {"template": annotations}} if needs_roll(found, self.look()[1], version, since) else None

        return change(self._cluster, self._path, judge, dry_run)

    def wait(self) -> list[Object]:
        """Wait until the Deployment is complete, and return its pods.

        Raises:
            RolloutError: A pod cannot start, or the time is over.
        """
        deadline = time.monotonic() + self._options["seconds"]
        unwell_since: float | None = None
        while True:
            deployment, pods = self.look()
            if is_complete(deployment):
                return pods
            problem = problem_of(deployment, pods)
            unwell_since = (unwell_since or time.monotonic()) if problem else None
            if unwell_since and time.monotonic() - unwell_since > PATIENCE_SECONDS:
                raise RolloutError(problem)
            if time.monotonic() > deadline:
                raise RolloutError(f"after {self._options['seconds']:g} seconds {progress_of(deployment)}")
            report_progress(self._options["progress_file"], f"{self._options['name']}: {progress_of(deployment)}")
            time.sleep(LOOK_SECONDS)


def main() -> None:
    """Roll, wait, report."""
    module = AnsibleModule(argument_spec={**KUBERNETES_OPTIONS, **RUN_OPTIONS, **OPTIONS}, supports_check_mode=True)
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    try:
        result = roll(module, Rollout(module.params))
    except (KubernetesError, RolloutError) as error:
        module.fail_json(
            msg=f"The Deployment {module.params['name']} does not serve with the wanted login: {error}. Old and new "
            "login both work, so its old pods go on. Mend the cause, then resume, or go back with rollback.",
            stop="resumable",
        )
    module.exit_json(**result)


def roll(module: AnsibleModule, rollout: Rollout) -> dict[str, Any]:
    """Roll the Deployment unless its pods hold the version, and wait."""
    started = time.monotonic()
    before, after = rollout.begin(dry_run=module.check_mode)
    rolled = before is not after
    manager = manager_of(before) if rolled else ""
    if manager:
        module.warn(f"{module.params['name']} is kept by {manager}, which may roll its pods once more.")
    pods = rollout.look()[1] if module.check_mode else rollout.wait()
    return {
        "changed": rolled,
        "rolled": rolled and not module.check_mode,
        "pods": sorted(pod["metadata"]["name"] for pod in pods),
        "seconds": round(time.monotonic() - started, 1),
        "diff": {
            "before": {"version": template_version(before)},
            "after": {"version": module.params["version"] if rolled else template_version(before)},
        },
    }


if __name__ == "__main__":
    main()
