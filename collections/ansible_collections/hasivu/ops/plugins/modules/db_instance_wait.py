#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Wait for a database instance with a deadline of our own, and note each change of its status."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_instance_wait
short_description: Wait until an RDS database instance is in a state, and note each change with its time
version_added: 0.4.0
description:
  - Looks at the instance until it is in one of O(states), until O(deadline_seconds) have passed, or until it is in a
    state that no waiting mends, such as C(incompatible-restore) or C(storage-full).
  - Changes nothing. An answer that RDS does not give is neither good nor bad; twenty of them in a row end the wait.
options:
  states:
    description: States that are waited for. V(absent) stands for an instance that is gone.
    type: list
    elements: str
    default: [available]
  restorable_at:
    description: Wait as well until C(LatestRestorableTime) is not before this moment, given as RFC 3339 in UTC.
    type: str
  stalled_seconds:
    description: With O(restorable_at), give up when C(LatestRestorableTime) stands still for so long; V(0) for never.
    type: float
    default: 0
  restorable:
    description: Wait as well until there is any C(LatestRestorableTime), so that the instance is protected itself.
    type: bool
    default: false
extends_documentation_fragment:
  - hasivu.ops.db_instance
  - hasivu.ops.run
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Looks once and does not wait, for what is waited for may not have begun.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Wait until the restored database is available
  hasivu.ops.db_instance_wait:
    instance_id: hasivu-production-r-202611261430
    deadline_seconds: 5400
    region: ap-south-1
"""

RETURN = r"""
transitions:
  description: Each status that was seen, with C(at) as RFC 3339 in UTC and C(seconds) since the wait began.
  returned: always
  type: list
  elements: dict
  sample: [{status: creating, at: "2026-11-26T14:31:02.120000Z", seconds: 0.1}]
waited_seconds:
  description: How long the wait was.
  returned: always
  type: float
status:
  description: The status at the end.
  returned: always
  type: str
instance:
  description: The instance at the end, as DescribeDBInstances shows it; empty where it is gone.
  returned: always
  type: dict
reached:
  description: Whether what was waited for has come about. In check mode it may be false.
  returned: always
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import rds as talk
from ansible_collections.hasivu.ops.plugins.module_utils import rds_wait as waiting
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS

OPTIONS: dict[str, dict[str, Any]] = {
    **talk.INSTANCE_OPTIONS,
    "states": {"type": "list", "elements": "str", "default": ["available"]},
    "restorable_at": {"type": "str"},
    "restorable": {"type": "bool", "default": False},
    "stalled_seconds": {"type": "float", "default": 0},
    **RUN_OPTIONS,
}


def main() -> None:
    """Wait, and report what was seen."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    options = module.params
    watch = waiting.Watch(options["instance_id"])
    wanted = waiting.Wanted(
        options["states"], options["restorable_at"], options["restorable"], options["stalled_seconds"]
    )
    seconds = 0 if module.check_mode else options["deadline_seconds"]
    caller = talk.rds_client(module)
    try:
        reached = waiting.wait(caller, watch, wanted, seconds, options["poll_seconds"], waiting.listener(options))
    except waiting.HopelessError as error:
        if module.check_mode:
            module.exit_json(changed=False, reached=False, **watch.result())
        module.fail_json(msg=str(error), stop="resumable", reached=False, **watch.result())
    except waiting.StoppedError as stop:
        module.fail_json(msg=f"The wait ended because {stop}. Resume the run.", stop="resumable", **watch.result())
    except ValueError as error:
        module.fail_json(msg=f"{error}. Give the moment as RFC 3339: 2026-11-26T14:12:09Z.", stop="bad_input")
    if not reached and not module.check_mode:
        module.fail_json(msg=too_late(options, watch), stop="budget", reached=False, **watch.result())
    module.exit_json(changed=False, reached=reached, **watch.result())


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of RDS before the worker of the step is forked."""
    preload_service("rds")


def too_late(options: dict[str, Any], watch: waiting.Watch) -> str:
    """Return what did not come about in time, and what to do."""
    what = " or ".join(options["states"])
    latest = watch.instance.get("LatestRestorableTime", "unknown")
    restorable = f", and its latest restorable time is {latest}" if options["restorable_at"] else ""
    unanswered = f" RDS did not answer the last {watch.unanswered} questions." if watch.unanswered else ""
    return (
        f"{options['instance_id']} did not become {what} within {options['deadline_seconds']} seconds: it is "
        f"{watch.status or 'unknown'}{restorable}.{unanswered} Look at its events in RDS, then resume the run."
    )


if __name__ == "__main__":
    main()
