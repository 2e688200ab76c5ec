#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find a database instance by its identity or its tag, and give it a name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_instance_name
short_description: Find an RDS database instance by its identity, and give it a name
version_added: 0.5.0
description:
  - Finds an instance by its immutable identifier, or by the tag of the run that made it; so a run that was cut off
    between two renames knows which is which, whatever they are called now.
  - With O(name) the instance is renamed and waited for. Its address follows its name, and it restarts, which takes
    about ten minutes at AWS. An instance that has the name already is left alone.
  - Without O(name) it only looks, after a rename that is under way has ended.
options:
  resource_id:
    description: Immutable identifier (DbiResourceId) of the instance.
    type: str
  run_id:
    description: First of the runs that a resumed one goes on with, whose tag the instance bears.
    type: str
  name:
    description: Identifier that the instance shall have.
    type: str
  deadline_seconds:
    description: How long the module waits at most.
    type: int
    default: 14400
  poll_seconds:
    description: How long it lets pass between two looks.
    type: float
    default: 15
extends_documentation_fragment:
  - hasivu.ops.run
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Tells whether the instance would be renamed, and renames nothing.
    support: full
  diff_mode:
    description: Shows the name before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Give the restored instance the name of the old one
  hasivu.ops.db_instance_name:
    run_id: "{{ hasivu_run.origin }}"
    name: hasivu-production
    region: ap-south-1
"""

RETURN = r"""
found:
  description: Whether there is such an instance.
  returned: success
  type: bool
instance:
  description: The instance as RDS shows it now; empty where there is none.
  returned: success
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.rds import give_up, rds_client
from ansible_collections.hasivu.ops.plugins.module_utils.rds_name import Named, RenameError
from ansible_collections.hasivu.ops.plugins.module_utils.rds_wait import StoppedError, listener
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS

OPTIONS: dict[str, dict[str, Any]] = {
    **{name: {"type": "str"} for name in ("resource_id", "run_id", "name")},
    "deadline_seconds": {"type": "int", "default": 14400},
    "poll_seconds": {"type": "float", "default": 15},
    **RUN_OPTIONS,
    **AWS_OPTIONS,
}
ONE_OF = [("resource_id", "run_id")]


def main() -> None:
    """Find, rename where that is asked for, and report."""
    module = AnsibleModule(
        argument_spec=OPTIONS, mutually_exclusive=ONE_OF, required_one_of=ONE_OF, supports_check_mode=True
    )
    name = module.params["name"]
    named = Named(rds_client(module), module.params, listener(module.params))
    try:
        found = named.find() if module.check_mode else named.settled()
        before = (found or {}).get("DBInstanceIdentifier")
        if name and found is None:
            raise RenameError(f"There is no instance that could be renamed to {name}. Look in RDS, then resume.")
        other = bool(name) and before != name
        if other and found and not module.check_mode:
            found = named.rename(found, name)
    except RenameError as error:
        module.fail_json(msg=str(error), stop=error.stop)
    except StoppedError as stop:
        module.fail_json(msg=f"The wait ended because {stop}. Resume the run.", stop="resumable")
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        give_up(module, f"Renaming an instance to {name}" if name else "Looking for an instance", error)
    diff = {"before": {"name": before}, "after": {"name": name if other else before}}
    module.exit_json(changed=other, found=found is not None, instance=found or {}, diff=diff)


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of RDS before the worker of the step is forked."""
    preload_service("rds")


if __name__ == "__main__":
    main()
