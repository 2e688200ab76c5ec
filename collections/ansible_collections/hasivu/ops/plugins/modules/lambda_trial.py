#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Call a version of a Lambda function once, with an event that does nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: lambda_trial
short_description: Call a version of a Lambda function once, before users do
version_added: 0.2.0
description:
  - Calls one version with an event that does nothing, such as a request for C(/health), and waits for the answer.
  - Fails when the function fails, or answers with a status of 400 or more. The answer is returned to nobody.
options:
  version:
    description: The version to call.
    type: str
    required: true
  event:
    description: The event of the call.
    type: dict
    required: true
extends_documentation_fragment:
  - hasivu.ops.function
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Calls nothing, for a call is no reading.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Call version 7 once
  hasivu.ops.lambda_trial:
    function: hasivu-platform-api-orders
    version: "7"
    event: {rawPath: /health}
    region: ap-south-1
"""

RETURN = r"""
called:
  description: Whether the version was called; in check mode it is not.
  returned: success
  type: bool
milliseconds:
  description: How long the answer took.
  returned: when called
  type: int
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_call import FUNCTION_OPTIONS, give_up
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_trial import call_once

OPTIONS: dict[str, dict[str, Any]] = {
    **FUNCTION_OPTIONS,
    "version": {"type": "str", "required": True},
    "event": {"type": "dict", "required": True},
    **AWS_OPTIONS,
}


def main() -> None:
    """Call the version, and fail when it does."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    if module.check_mode:
        module.exit_json(changed=False, called=False)
    function, version = module.params["function"], module.params["version"]
    caller = client(module, "lambda")
    try:
        trial = call_once(caller, function, version, module.params["event"])
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        give_up(module, f"The trial call of version {version} of {function}", error)
    if trial.failure:
        module.fail_json(
            msg=f"Version {version} of {function} does not work: {trial.failure}. No user reached it. Read its log "
            f"group /aws/lambda/{function}, mend the cause, then run again.",
            stop="finding",
        )
    module.exit_json(changed=False, called=True, milliseconds=trial.milliseconds)


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of Lambda before the worker of the step is forked."""
    preload_service("lambda")


if __name__ == "__main__":
    main()
