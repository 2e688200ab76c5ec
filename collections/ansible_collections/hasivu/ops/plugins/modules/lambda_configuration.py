#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bring the settings of a Lambda function to what is wanted, and no other."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: lambda_configuration
short_description: Change single settings of a Lambda function and wait until they are in service
version_added: 0.2.0
description:
  - Changes the settings of C($LATEST) that are named and no other. The environment is merged, never replaced.
  - Sends the revision that it read, so that it never writes over the change of somebody else; a conflict makes it read
    and plan again, three times at most. An update that is in progress is waited for.
  - Refuses when C($LATEST) differs from the version behind O(alias) in anything else than what is to be changed, for
    the next version that is published would bring that to users too.
  - Never returns a value of the environment, only the names and one digest over all of it.
options:
  state:
    description:
      - With V(present), C($LATEST) is given the settings that are named.
      - With V(restored), those same settings are given back what the version O(version) has.
    type: str
    choices: [present, restored]
    default: present
  prefix:
    description: What the name of a function must begin with.
    type: str
    default: ""
  alias:
    description: Alias that users' calls go through.
    type: str
    required: true
  version:
    description: Version that has the settings to go back to.
    type: str
  memory_size:
    description: Megabytes of memory, from 128 to 10240.
    type: int
  timeout:
    description: Seconds that a call may take, from 1 to 900.
    type: int
  runtime:
    description: Runtime, such as V(nodejs24.x).
    type: str
  environment:
    description: Variables of the environment; those that are not named stay.
    type: dict
    suboptions:
      set:
        description: Variables and their values. A secret must not be given here, see O(environment_from_secret).
        type: dict
        default: {}
      unset:
        description: Variables to remove.
        type: list
        elements: str
        default: []
  environment_from_secret:
    description: Variables whose values the module reads in Secrets Manager.
    type: dict
    suboptions:
      secret_id:
        description: Name of the secret, whose value is a JSON object.
        type: str
        required: true
      version_id:
        description: Version of the secret; without it O(environment_from_secret.stage) decides.
        type: str
      stage:
        description: Stage of the version.
        type: str
        default: AWSCURRENT
      variables:
        description: For each variable the field of the secret that it takes.
        type: dict
        required: true
  ship_latest:
    description: Accept that C($LATEST) differs from the version behind the alias in other settings or code as well.
    type: bool
    default: false
extends_documentation_fragment:
  - hasivu.ops.function
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Says what would be changed, and writes nothing. A version of the secret need not be stored yet.
    support: full
  diff_mode:
    description: Shows the settings before and after; of a variable only that it changes.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Give the orders function more memory and the new login of the database
  hasivu.ops.lambda_configuration:
    function: hasivu-platform-api-orders
    prefix: hasivu-platform-api-
    alias: live
    memory_size: 1024
    environment_from_secret:
      secret_id: hasivu/production/database/application
      variables: {DATABASE_USER: username, DATABASE_PASSWORD: password}
    region: ap-south-1
"""

RETURN = r"""
before:
  description: The whole configuration before; of the environment the names and one digest.
  returned: success
  type: dict
after:
  description: The same afterwards; in check mode as it was.
  returned: success
  type: dict
live_version:
  description: The version behind the alias.
  returned: success
  type: str
touched:
  description: The settings that the change speaks of.
  returned: success
  type: list
  elements: str
also_live:
  description: Other settings in which C($LATEST) differs from the version behind the alias.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import lambda_settings as decide
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_call import (
    FUNCTION_OPTIONS,
    give_up,
    read_alias,
    read_configuration,
    wait_until_quiet,
    wait_until_updated,
    with_fresh_eyes,
)
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_secret import (
    SECRET_OPTION,
    SecretError,
    variables_from_secret,
)

ENVIRONMENT_OPTION: dict[str, Any] = {
    "type": "dict",
    "options": {
        "set": {"type": "dict", "default": {}},
        "unset": {"type": "list", "elements": "str", "default": []},
    },
}
NOT_FOUND = "ResourceNotFoundException"
OPTIONS: dict[str, dict[str, Any]] = {
    **FUNCTION_OPTIONS,
    "state": {"type": "str", "choices": ["present", "restored"], "default": "present"},
    "prefix": {"type": "str", "default": ""},
    "alias": {"type": "str", "required": True},
    "version": {"type": "str"},
    "memory_size": {"type": "int"},
    "timeout": {"type": "int"},
    "runtime": {"type": "str"},
    "environment": ENVIRONMENT_OPTION,
    "environment_from_secret": {**SECRET_OPTION, "no_log": False},
    "ship_latest": {"type": "bool", "default": False},
    **AWS_OPTIONS,
}


def main() -> None:
    """Check what is wanted, change what differs, wait, and report."""
    module = AnsibleModule(
        argument_spec=OPTIONS, required_if=[("state", "restored", ["version"])], supports_check_mode=True
    )
    objection = decide.objection(module.params, module.params["prefix"])
    if objection:
        module.fail_json(msg=objection, stop="bad_input")
    secret = read_secret(module)
    caller = client(module, "lambda")
    try:
        result = with_fresh_eyes(lambda: change(module, caller, secret))
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        give_up(module, f"The change of {module.params['function']}", error)
    module.exit_json(**result)


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of Lambda before the worker of the step is forked."""
    preload_service("lambda")


def read_secret(module: AnsibleModule) -> dict[str, str]:
    """Return the variables that come from a secret, or fail without telling a value.

    A rehearsal may speak of a version that no step has stored yet; its variables then differ from what they are.
    """
    option = module.params["environment_from_secret"]
    if not option or module.params["state"] == "restored":
        return {}
    try:
        found = variables_from_secret(client(module, "secretsmanager"), option)
    except SecretError as error:
        if module.check_mode and option["version_id"] and error.code == NOT_FOUND:
            return dict.fromkeys(option["variables"], f"version {option['version_id']}, which is not stored yet")
        module.fail_json(msg=f"{error} Mend the secret or its name, then resume the run.", stop="resumable")
    return found


def change(module: AnsibleModule, caller: Any, secret: dict[str, str]) -> dict[str, Any]:
    """Read, compare, update with the revision that was read, and wait; one try of several."""
    options, function = module.params, module.params["function"]
    before = wait_until_quiet(caller, function, options["patience_seconds"])
    live_version = read_alias(caller, function, options["alias"])["FunctionVersion"]
    live = read_configuration(caller, function, live_version)
    touched = decide.touched_by(options)
    also_live = decide.differences(before, live, touched)
    if options["state"] == "present":
        refuse_unshipped(module, live_version, also_live)
        request = decide.wanted_request(before, options, secret)
    else:
        goal = read_configuration(caller, function, options["version"])
        request = decide.restoring_request(before, goal, touched)
    after = update(module, caller, before, request) if request and not module.check_mode else before
    return {
        "changed": bool(request),
        "before": decide.told(before),
        "after": decide.told(after),
        "live_version": live_version,
        "touched": touched,
        "also_live": also_live,
        "diff": decide.shown_difference(before, request),
    }


def update(module: AnsibleModule, caller: Any, before: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    """Send the update with the revision that was read, wait until it is in service, and return what is there then."""
    function = module.params["function"]
    caller.update_function_configuration(FunctionName=function, RevisionId=before["RevisionId"], **request)
    try:
        return wait_until_updated(caller, function, module.params["patience_seconds"])
    except Exception as error:  # it was sent, whatever came of it, and whoever goes back must know
        give_up(module, f"The wait for {function}", error, changed=True)


def refuse_unshipped(module: AnsibleModule, live_version: str, also_live: list[str]) -> None:
    """Fail when a new version would bring more to users than what was asked for."""
    if also_live and not module.params["ship_latest"]:
        module.fail_json(
            msg=f"$LATEST of {module.params['function']} differs from version {live_version}, which users reach, in "
            f"{', '.join(also_live)}, and a new version would bring that to them too. Deploy or take back what lies in "
            "$LATEST first, or accept it with ship_latest.",
            stop="refused",
            also_live=also_live,
        )


if __name__ == "__main__":
    main()
