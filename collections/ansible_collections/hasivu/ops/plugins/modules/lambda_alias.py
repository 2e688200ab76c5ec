#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Send the calls of an alias to a version, some or all of them, or back."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: lambda_alias
short_description: Send a share of the calls of an alias to a version of its function, all of them, or none
version_added: 0.2.0
description:
  - Moves an alias with the revision that it read, so that a move of somebody else is never undone unseen.
  - Writes the version before into the description of the alias in the same call; the way back needs no record.
options:
  name:
    description: Name of the alias.
    type: str
    required: true
  state:
    description:
      - V(canary) sends O(share) of the calls to O(version), and the rest where they went.
      - V(whole) sends every call to O(version).
      - V(back) sends every call where it went before the change of O(origin), if that change moved the alias.
    type: str
    choices: [canary, whole, back]
    required: true
  version:
    description: The version to call.
    type: str
  share:
    description: Share of the calls that the version gets, above 0 and below 1.
    type: float
    default: 0.1
  origin:
    description: Id of the run that began the change, the same in every run that goes on with it.
    type: str
    required: true
extends_documentation_fragment:
  - hasivu.ops.function
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Says where calls would go, and writes nothing.
    support: full
  diff_mode:
    description: Shows where the calls of the alias go, before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Send a tenth of the calls to version 7
  hasivu.ops.lambda_alias:
    function: hasivu-platform-api-orders
    name: live
    state: canary
    version: "7"
    origin: "{{ hasivu_run.id }}"
    region: ap-south-1
"""

RETURN = r"""
version:
  description: The version that the alias names; in check mode as it would be.
  returned: success
  type: str
previous:
  description: The version that it named before the change of O(origin), or empty where that change did not move it.
  returned: success
  type: str
arn:
  description: The ARN of the alias.
  returned: success
  type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import lambda_alias_plan as plan
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_call import (
    FUNCTION_OPTIONS,
    give_up,
    read_alias,
    with_fresh_eyes,
)

OPTIONS: dict[str, dict[str, Any]] = {
    **FUNCTION_OPTIONS,
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["canary", "whole", "back"], "required": True},
    "version": {"type": "str"},
    "share": {"type": "float", "default": 0.1},
    "origin": {"type": "str", "required": True},
    **AWS_OPTIONS,
}


def main() -> None:
    """Read where the alias leads, move it, look again, and report."""
    module = AnsibleModule(
        argument_spec=OPTIONS,
        required_if=[("state", "canary", ["version"]), ("state", "whole", ["version"])],
        supports_check_mode=True,
    )
    if not 0 < module.params["share"] < 1:
        module.fail_json(msg="The share must lie between 0 and 1. Give one such as 0.1.", stop="bad_input")
    caller = client(module, "lambda")
    try:
        result = with_fresh_eyes(lambda: move(module, caller))
    except plan.StrangeRouteError as error:
        module.fail_json(msg=f"{error} Let that change end first, then run again.", stop="decision")
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        give_up(module, f"The move of {module.params['name']} of {module.params['function']}", error)
    module.exit_json(**result)


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of Lambda before the worker of the step is forked."""
    preload_service("lambda")


def move(module: AnsibleModule, caller: Any) -> dict[str, Any]:
    """Bring the alias where it is to lead; one try of several."""
    options = module.params
    alias = read_alias(caller, options["function"], options["name"])
    present = plan.route_of(alias)
    wanted = wanted_route(options, present)
    changed = wanted != present
    if changed and not module.check_mode:
        caller.update_alias(
            FunctionName=options["function"], Name=options["name"], RevisionId=alias["RevisionId"], **wanted.request()
        )
    return {
        "changed": changed,
        "version": wanted.version,
        "previous": plan.remembered(present.description, options["origin"])
        or plan.remembered(wanted.description, options["origin"]),
        "arn": alias["AliasArn"],
        "diff": {"before": present.in_words if changed else "", "after": wanted.in_words if changed else ""},
    }


def wanted_route(options: dict[str, Any], present: plan.Route) -> plan.Route:
    """Return where the alias is to lead."""
    if options["state"] == "canary":
        return plan.canary(present, options["version"], options["share"], options["origin"])
    if options["state"] == "whole":
        return plan.whole(present, options["version"], options["origin"])
    return plan.back(present, options["origin"])


if __name__ == "__main__":
    main()
