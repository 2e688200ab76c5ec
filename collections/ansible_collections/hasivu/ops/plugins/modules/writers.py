#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bring the writers of the database to rest, or return them to what was captured, a stage at a time."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: writers
short_description: Bring the writers of the database to rest, or return them as they were captured
version_added: 0.3.0
description:
  - V(quiesced) disables schedules and rules, disables event source mappings and waits until they are, reserves no
    concurrency for functions, suspends CronJobs and waits for their pods, and scales Deployments to nothing. KEDA is
    paused, and an autoscaler that may go down to nothing is kept from scaling up.
  - V(returned) puts back what O(captured) says, and never more. A Deployment that had no replicas gets none, one with
    an autoscaler gets a number within its present bounds, a function without a reservation has it taken away.
  - Each stage looks first, sets what is not as wanted, and waits until it is and stays so. Run again, it goes on.
  - A CronJob that was suspended may start the run that it missed as soon as it is returned, as Kubernetes does.
options:
  state:
    description: What the writers are to be.
    type: str
    choices: [quiesced, returned]
    required: true
  captured:
    description: What M(hasivu.ops.writers_info) returned before anything was changed.
    type: dict
    required: true
  stages:
    description: What to work on; each call does its stages in the order of the state. Without it all but V(canary).
    type: list
    elements: str
    choices: [schedules, mappings, functions, cron_jobs, deployments, canary]
    default: [schedules, mappings, functions, cron_jobs, deployments]
  canary:
    description: Deployment of which the stage V(canary) returns one replica.
    type: str
  level:
    description: How much concurrency functions get back; five, a quarter of what they had, or all.
    type: str
    choices: [few, quarter, captured]
    default: captured
  health:
    description: Addresses that must answer 200 once a Deployment is back, by the name of the Deployment.
    type: dict
    default: {}
  version:
    description: Version of the secret that the pods are to hold; a Deployment with older pods replaces them.
    type: str
    default: ""
  since:
    description: When the secret last changed, RFC 3339; pods that began later hold it.
    type: str
    default: ""
  assume_quiesced:
    description: Whether a rehearsal of V(returned) takes every writer for brought to rest, as it would be by then.
    type: bool
    default: false
  namespace:
    description: Namespace of the platform.
    type: str
    required: true
  seconds:
    description: Time that the call may take.
    type: float
    default: 600
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.kubernetes
  - hasivu.ops.run
attributes:
  check_mode:
    description: Returns the exact calls and makes none.
    support: full
  diff_mode:
    description: Shows the setting of each writer before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Bring every writer to rest
  hasivu.ops.writers:
    region: ap-south-1
    kubeconfig: ~/.kube/config
    namespace: production
    state: quiesced
    captured: "{{ writers.captured }}"

- name: Return one replica of the API
  hasivu.ops.writers:
    region: ap-south-1
    kubeconfig: ~/.kube/config
    namespace: production
    state: returned
    stages: [canary]
    canary: hasivu-api
    captured: "{{ writers.captured }}"
"""

RETURN = r"""
calls:
  description: The calls that were made (in check mode, that would be), in their order.
  returned: always
  type: list
  elements: str
gone:
  description: Captured writers that do not exist any more.
  returned: always
  type: list
  elements: str
told:
  description: What somebody else changed since the capture.
  returned: success
  type: list
  elements: str
"""

import time
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes import (
    KUBERNETES_IMPORT_ERROR,
    KUBERNETES_OPTIONS,
    KubernetesError,
)
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS, report_progress
from ansible_collections.hasivu.ops.plugins.module_utils.writer_aws import WriterError
from ansible_collections.hasivu.ops.plugins.module_utils.writer_capture_aws import SERVICES
from ansible_collections.hasivu.ops.plugins.module_utils.writer_decision import STAGES
from ansible_collections.hasivu.ops.plugins.module_utils.writer_return import give_back
from ansible_collections.hasivu.ops.plugins.module_utils.writer_setting import Report
from ansible_collections.hasivu.ops.plugins.module_utils.writer_work import Work, bring_to_rest

OPTIONS = {
    "state": {"type": "str", "choices": ["quiesced", "returned"], "required": True},
    "captured": {"type": "dict", "required": True},
    "stages": {"type": "list", "elements": "str", "choices": [*STAGES, "canary"], "default": [*STAGES]},
    "canary": {"type": "str"},
    "level": {"type": "str", "choices": ["few", "quarter", "captured"], "default": "captured"},
    "health": {"type": "dict", "default": {}},
    "version": {"type": "str", "default": ""},
    "since": {"type": "str", "default": ""},
    "assume_quiesced": {"type": "bool", "default": False},
    "namespace": {"type": "str", "required": True},
    "seconds": {"type": "float", "default": 600},
}
DOING = {"quiesced": "brought to rest", "returned": "returned"}


def main() -> None:
    """Set the writers of the stages, and report."""
    module = AnsibleModule(
        argument_spec={**AWS_OPTIONS, **KUBERNETES_OPTIONS, **RUN_OPTIONS, **OPTIONS}, supports_check_mode=True
    )
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    check_options(module)
    report = Report()
    try:
        told = set_writers(module, report)
    except (KubernetesError, WriterError) as error:
        stop(module, f"Not every writer could be {DOING[module.params['state']]}: {error}. Mend that", report)
    if report.gone and module.params["state"] == "returned":
        stop(module, lost(report.gone), report)
    for one in told:
        module.warn(one)
    diff = {"before": report.before, "after": report.after}
    module.exit_json(changed=bool(report.calls), calls=report.calls, gone=report.gone, told=told, diff=diff)


def preload(arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    for service in SERVICES:
        preload_service(service)


def check_options(module: AnsibleModule) -> None:
    """Refuse a stage that the state does not have, and a canary that was not captured."""
    if "canary" not in module.params["stages"]:
        return
    if module.params["state"] == "quiesced":
        module.fail_json(msg="Only a return has a stage canary. Leave it out of stages.", stop="bad_input")
    name = module.params["canary"]
    if name not in (module.params["captured"].get("deployments") or {}):
        module.fail_json(
            msg=f"The canary {name} is no captured Deployment. Name one of them as canary.", stop="bad_input"
        )


def set_writers(module: AnsibleModule, report: Report) -> list[str]:
    """Set the writers of the stages, and return what is to be told."""
    options = module.params

    def tell(message: str) -> None:
        report_progress(options["progress_file"], message, changed=len(report.calls))

    work = Work(module, report, time.monotonic() + options["seconds"], tell)
    return bring_to_rest(work) if options["state"] == "quiesced" else give_back(work)


def lost(gone: list[str]) -> str:
    """Say which writers cannot be returned, and what to do."""
    return f"Captured writers do not exist any more: {', '.join(gone)}. All others are returned; deploy these anew"


def stop(module: AnsibleModule, message: str, report: Report) -> NoReturn:
    """Stop with what was done so far."""
    message += ", then resume the run; what is done stays done."
    module.fail_json(msg=message, stop="resumable", calls=report.calls, gone=report.gone)


if __name__ == "__main__":
    main()
