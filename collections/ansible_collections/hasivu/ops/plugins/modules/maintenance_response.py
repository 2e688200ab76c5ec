#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let the front door answer that the platform is being mended, or serve again."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: maintenance_response
short_description: Close the platform to users with an answer that says when to come back, or open it
version_added: 0.3.0
description:
  - Writes the annotation C(hasivu.edu.in/maintenance) of an Ingress, by which the front door answers 503 with
    C(Retry-After) and a body in JSON on every path but those of O(exempt); or takes it away.
  - Then looks from outside, as a user does, until a path is closed or open and an exempt one is open. An answer that
    shows neither in time stops the run.
  - The ingress controller must know the annotation, as that of the platform does.
options:
  state:
    description: Whether the platform is closed.
    type: str
    choices: ["on", "off"]
    required: true
  by:
    description:
      - Run that closes the platform. It stands in the annotation C(hasivu.edu.in/maintenance-by) from the moment of the
        closure until the platform is opened, so that another run sees that this one has not ended.
    type: str
    default: ""
  namespace:
    description: Namespace of the Ingress.
    type: str
    required: true
  ingress:
    description: Name of the Ingress.
    type: str
    required: true
  retry_after_seconds:
    description: When users are told to try again.
    type: int
    default: 600
  exempt:
    description: Paths, with C(*), that stay open, such as webhooks of the payment gateway and probes of health.
    type: list
    elements: str
    default: []
  probe:
    description: What to look at from outside, C(host), C(closed_path) and C(open_path), and where they differ
      C(address), C(port) and C(ca_bundle).
    type: dict
    required: true
  seconds:
    description: Time that the change may take to be seen from outside.
    type: float
    default: 60
extends_documentation_fragment:
  - hasivu.ops.kubernetes
attributes:
  check_mode:
    description: Reads the annotation, asks the API server with a dry run, and looks at nothing from outside.
    support: full
  diff_mode:
    description: Shows the annotation before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Tell users that the platform is being mended
  hasivu.ops.maintenance_response:
    kubeconfig: ~/.kube/config
    namespace: production
    ingress: hasivu
    state: "on"
    exempt: ["/health*", "/webhooks/razorpay*"]
    probe: {host: app.example.com, closed_path: /menus/1, open_path: /health}
"""

RETURN = r"""
closed_by:
  description: The run that had closed the platform before; empty where it is open, or was closed by hand.
  returned: success
  type: str
seen:
  description: Status of the closed and the open path, as seen from outside; empty in check mode.
  returned: success
  type: dict
"""

import http.client
import json
import socket
import ssl
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
from ansible_collections.hasivu.ops.plugins.module_utils.kubernetes_change import Object, annotations_of, change

OPTIONS = {
    "state": {"type": "str", "choices": ["on", "off"], "required": True},
    "by": {"type": "str", "default": ""},
    "namespace": {"type": "str", "required": True},
    "ingress": {"type": "str", "required": True},
    "retry_after_seconds": {"type": "int", "default": 600},
    "exempt": {"type": "list", "elements": "str", "default": []},
    "probe": {"type": "dict", "required": True},
    "seconds": {"type": "float", "default": 60},
}
ANNOTATION = "hasivu.edu.in/maintenance"
CLOSED_BY = "hasivu.edu.in/maintenance-by"
CLOSED = 503
LOOK_SECONDS = 0.25
ANSWER_SECONDS = 10


def main() -> None:
    """Switch, look from outside, report."""
    module = AnsibleModule(argument_spec={**KUBERNETES_OPTIONS, **OPTIONS}, supports_check_mode=True)
    if KUBERNETES_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("kubernetes"), exception=KUBERNETES_IMPORT_ERROR)
    try:
        before, after = switch(module)
    except KubernetesError as error:
        module.fail_json(
            msg=f"The Ingress {module.params['ingress']} could not be changed: {error}. Mend that, then "
            "resume the run.",
            stop="resumable",
        )
    seen = {} if module.check_mode else wait(module)
    texts = [annotations_of(one).get(ANNOTATION, "") for one in (before, after)]
    module.exit_json(
        changed=before is not after,
        seen=seen,
        closed_by=annotations_of(before).get(CLOSED_BY, ""),
        diff=dict(zip(("before", "after"), texts, strict=True)),
    )


def switch(module: AnsibleModule) -> tuple[Object, Object]:
    """Write or remove the annotation unless it is as wanted, and return the Ingress before and after."""
    options = module.params
    path = path_of("networking.k8s.io/v1", "ingresses", options["namespace"], options["ingress"])
    wanted = wanted_annotations(options)

    def judge(found: Object) -> Object | None:
        if all(annotations_of(found).get(name) == value for name, value in wanted.items()):
            return None
        return {"metadata": {"annotations": wanted}}

    return change(Cluster(options["kubeconfig"], options["context"]), path, judge, module.check_mode)


def wanted_annotations(options: dict[str, Any]) -> dict[str, str | None]:
    """Return the annotations of a closed platform, or nothing of each for an open one."""
    if options["state"] == "off":
        return {ANNOTATION: None, CLOSED_BY: None}
    answer = {"retry_after": options["retry_after_seconds"], "exempt": options["exempt"]}
    return {ANNOTATION: json.dumps(answer, sort_keys=True), CLOSED_BY: options["by"] or None}


def wait(module: AnsibleModule) -> dict[str, int]:
    """Look from outside until the platform is closed or open, and return what was seen."""
    probe, deadline = module.params["probe"], time.monotonic() + module.params["seconds"]
    while True:
        problem, seen = "", {}
        try:
            seen = {name: status_of(probe, probe[name]) for name in ("closed_path", "open_path")}
        except (OSError, http.client.HTTPException) as error:
            problem = f"{probe['host']} does not answer: {error}"
        if seen and is_as_wanted(seen, module.params["state"]):
            return seen
        if time.monotonic() > deadline:
            module.fail_json(
                msg=f"From outside the platform is not {'closed' if module.params['state'] == 'on' else 'open'}: "
                f"{problem or seen}. Look at the front door and the application, then resume the run.",
                stop="resumable",
            )
        time.sleep(LOOK_SECONDS)


def is_as_wanted(seen: dict[str, int], state: str) -> bool:
    """Tell whether users are turned away or not; a 503 without Retry-After is the application's own and counts as 0."""
    if state == "on":
        return seen["closed_path"] == CLOSED and seen["open_path"] not in (0, CLOSED)
    return seen["closed_path"] != CLOSED


def status_of(probe: dict[str, Any], path: str) -> int:
    """Return the status of a path, as a user sees it; 0 for a 503 that does not say when to come back."""
    address = (probe.get("address") or probe["host"], int(probe.get("port") or 443))
    context = ssl.create_default_context(cafile=probe.get("ca_bundle") or None)
    connection = http.client.HTTPConnection(probe["host"], timeout=ANSWER_SECONDS)
    with socket.create_connection(address, ANSWER_SECONDS) as bare:
        connection.sock = context.wrap_socket(bare, server_hostname=probe["host"])
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
    return 0 if answer.status == CLOSED and not answer.getheader("Retry-After") else answer.status


if __name__ == "__main__":
    main()
