#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let the standby of a database instance take over, once, and wait until it serves."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_instance_failover
short_description: Let the standby of an RDS database instance take over
version_added: 0.5.0
description:
  - Restarts a Multi-AZ instance with a failover, and waits until it is available and served from the other zone.
  - Never twice. The instance stands in another zone than O(zone), or its events tell of a failover since O(since), once
    the standby has taken over, whoever brought that about; then nothing is done. The call is not repeated where its
    answer is lost, for what RDS shows tells whether it was taken.
  - An instance without a standby is refused.
options:
  zone:
    description: Availability Zone from which the instance was served when the world was captured.
    type: str
    required: true
  since:
    description: When the world was captured, as RFC 3339 in UTC.
    type: str
    required: true
extends_documentation_fragment:
  - hasivu.ops.db_instance
  - hasivu.ops.run
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Tells whether the standby would have to take over, and sends nothing.
    support: full
  diff_mode:
    description: Shows the zone before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Let the standby take over
  hasivu.ops.db_instance_failover:
    instance_id: hasivu-production
    zone: ap-south-1a
    since: "2026-11-26T06:11:03Z"
    region: ap-south-1
"""

RETURN = r"""
state:
  description: V(done), V(present) where the standby had taken over already, or V(planned) in check mode.
  returned: success
  type: str
zone:
  description: Availability Zone from which the instance is served now; in check mode that of the standby.
  returned: success
  type: str
transitions:
  description: Each status that was seen, with C(at) as RFC 3339 in UTC and C(seconds) since the wait began.
  returned: always
  type: list
  elements: dict
waited_seconds:
  description: How long the module waited.
  returned: always
  type: float
status:
  description: The status at the end.
  returned: always
  type: str
instance:
  description: The instance at the end, as DescribeDBInstances shows it.
  returned: always
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import rds as talk
from ansible_collections.hasivu.ops.plugins.module_utils.aws import client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.rds_failover import Failover, FailoverError
from ansible_collections.hasivu.ops.plugins.module_utils.rds_wait import HopelessError, StoppedError, listener
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS

OPTIONS: dict[str, dict[str, Any]] = {
    **talk.INSTANCE_OPTIONS,
    "zone": {"type": "str", "required": True},
    "since": {"type": "str", "required": True},
    **RUN_OPTIONS,
}


def main() -> None:
    """Look, let the standby take over where it has not, wait, and report."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    once = client(module, "rds", attempts=1)
    failover = Failover(talk.rds_client(module), once, module.params, listener(module.params))
    try:
        before = failover.look()
        present = failover.happened()
        if module.check_mode:
            planned = before.get("SecondaryAvailabilityZone", "") if not present else before["AvailabilityZone"]
            module.exit_json(**report(failover, module.params["zone"], planned, "present" if present else "planned"))
        failover.bring_about()
    except FailoverError as error:
        module.fail_json(msg=str(error), stop=error.stop, **failover.watch.result())
    except HopelessError as error:
        module.fail_json(msg=f"{error} Recover with pitr or a snapshot.", stop="resumable", **failover.watch.result())
    except StoppedError as stop:
        message = f"The wait ended because {stop}. Resume the run."
        module.fail_json(msg=message, stop="resumable", **failover.watch.result())
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        talk.give_up(module, f"The failover of {module.params['instance_id']}", error, **failover.watch.result())
    state = "done" if failover.sent else "present"
    zone = failover.watch.instance["AvailabilityZone"]
    module.exit_json(**report(failover, module.params["zone"], zone, state))


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of RDS before the worker of the step is forked."""
    preload_service("rds")


def report(failover: Failover, before: str, zone: str, state: str) -> dict[str, Any]:
    """Return what is to be told of the failover."""
    return {
        "changed": state != "present",
        "state": state,
        "zone": zone,
        "diff": {"before": {"zone": before}, "after": {"zone": zone}},
        **failover.watch.result(),
    }


if __name__ == "__main__":
    main()
