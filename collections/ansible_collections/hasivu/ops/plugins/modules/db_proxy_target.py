#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let an RDS proxy lead to an instance, and wait until it does."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_proxy_target
short_description: Let an RDS proxy lead to an instance, and wait until it does
version_added: 0.9.0
description:
  - Deregisters every other target of the proxy, registers the wanted one, and waits until RDS says that it is
    available. A target that is registered already is only waited for.
  - Whoever is connected to a target that is deregistered is cut off. Until the new one is available, the proxy lets new
    clients wait.
  - A login that the new target refuses ends the wait at once, for no waiting mends it.
options:
  proxy:
    description: Name of the proxy.
    type: str
    required: true
  target_group:
    description: Group of targets.
    type: str
    default: default
  instance_id:
    description: Instance that the proxy shall lead to; none where it is empty.
    type: str
    default: ""
  deadline_seconds:
    description: How long the module waits at most.
    type: int
    default: 900
  poll_seconds:
    description: How long it lets pass between two looks.
    type: float
    default: 5
extends_documentation_fragment:
  - hasivu.ops.run
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Tells what would be registered and deregistered, and waits for nothing.
    support: full
  diff_mode:
    description: Shows the targets before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Let the proxy lead to the restored instance
  hasivu.ops.db_proxy_target:
    proxy: hasivu-production
    instance_id: hasivu-production-r-202611260611
    region: ap-south-1
"""

RETURN = r"""
targets:
  description: The health of each target before, by the name of its instance.
  returned: success
  type: dict
health:
  description: The health of the wanted target; empty where there is none, and in check mode.
  returned: success
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.rds import give_up, rds_client
from ansible_collections.hasivu.ops.plugins.module_utils.rds_proxy import Leading, TargetError
from ansible_collections.hasivu.ops.plugins.module_utils.rds_wait import StoppedError, listener
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS

OPTIONS: dict[str, dict[str, Any]] = {
    "proxy": {"type": "str", "required": True},
    "target_group": {"type": "str", "default": "default"},
    "instance_id": {"type": "str", "default": ""},
    "deadline_seconds": {"type": "int", "default": 900},
    "poll_seconds": {"type": "float", "default": 5},
    **RUN_OPTIONS,
    **AWS_OPTIONS,
}


def main() -> None:
    """Look, change where that is needed, wait, and report."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    leading = Leading(rds_client(module), module.params, listener(module.params))
    health: dict[str, Any] = {}
    try:
        before = leading.find()
        differs = leading.differs(before)
        if not module.check_mode:
            if differs:
                leading.lead(before)
            health = leading.wait()
    except TargetError as error:
        module.fail_json(msg=str(error), stop=error.stop)
    except StoppedError as stop:
        module.fail_json(msg=f"The wait ended because {stop}. Resume the run.", stop="resumable")
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        give_up(module, f"Leading {module.params['proxy']} to {leading.wanted or 'no instance'}", error, begun=True)
    after = [leading.wanted] if leading.wanted else []
    diff = {"before": {"targets": sorted(before)}, "after": {"targets": after}}
    module.exit_json(changed=differs, targets=before, health=health, diff=diff)


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of RDS before the worker of the step is forked."""
    preload_service("rds")


if __name__ == "__main__":
    main()
