#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Take a manual snapshot of a database instance, and wait until it can be restored from."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_instance_snapshot
short_description: Take a manual snapshot of an RDS database instance
version_added: 0.4.0
description:
  - Takes a snapshot and waits until it is available. One that exists with the tag of this run is the one that an
    earlier try has begun, and is waited for; one that exists without it is somebody else's, and is refused.
options:
  snapshot_id:
    description: Identifier of the snapshot.
    type: str
    required: true
  wait:
    description: Wait until the snapshot is available.
    type: bool
    default: true
  tags:
    description: Further tags of the snapshot.
    type: dict
    default: {}
extends_documentation_fragment:
  - hasivu.ops.db_instance
  - hasivu.ops.run_tag
  - hasivu.ops.run
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Tells whether the snapshot would be taken, and takes none.
    support: full
  diff_mode:
    description: Shows the snapshot before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Take a last snapshot of the old database
  hasivu.ops.db_instance_snapshot:
    instance_id: hasivu-production
    snapshot_id: hasivu-production-final-202611261430
    run_id: "{{ hasivu_run.origin }}"
    region: ap-south-1
"""

RETURN = r"""
snapshot:
  description: The snapshot as DescribeDBSnapshots shows it; empty in check mode where there is none yet.
  returned: success
  type: dict
state:
  description: V(taken), V(present) where it was there already, V(begun) without O(wait), or V(planned) in check mode.
  returned: success
  type: str
waited_seconds:
  description: How long the module waited.
  returned: success
  type: float
"""

import time
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import rds as talk
from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import (
    RUN_OPTIONS,
    report_progress,
    stop_requested,
)

OPTIONS: dict[str, dict[str, Any]] = {
    **talk.INSTANCE_OPTIONS,
    "snapshot_id": {"type": "str", "required": True},
    "wait": {"type": "bool", "default": True},
    "tags": {"type": "dict", "default": {}},
    **talk.RUN_TAG_OPTIONS,
    **RUN_OPTIONS,
}
BUSY = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault")
AVAILABLE = "available"


def main() -> None:
    """Look, take the snapshot where it is missing, wait, and report."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    caller = talk.rds_client(module)
    deadline = time.monotonic() + module.params["deadline_seconds"]
    began = time.monotonic()
    try:
        present = talk.find_snapshot(caller, module.params["snapshot_id"])
        refuse_foreign(module, present)
        if module.check_mode:
            module.exit_json(**report(present, present, "present" if present else "planned", 0.0))
        found = present or take(module, caller, deadline)
        if module.params["wait"]:
            found = wait(module, caller, deadline)
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        talk.give_up(module, f"The snapshot {module.params['snapshot_id']}", error, begun=True)
    state = "present" if present else "taken" if module.params["wait"] else "begun"
    module.exit_json(**report(present, found, state, round(time.monotonic() - began, 3)))


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of RDS before the worker of the step is forked."""
    preload_service("rds")


def refuse_foreign(module: AnsibleModule, present: dict[str, Any] | None) -> None:
    """Fail when the snapshot belongs to somebody else."""
    if present is not None and not talk.is_ours(present, module.params["run_id"]):
        module.fail_json(
            msg=f"The snapshot {module.params['snapshot_id']} exists already and does not bear the tag of this run. "
            "Choose another identifier.",
            stop="refused",
            snapshot=present,
        )


def take(module: AnsibleModule, caller: Any, deadline: float) -> dict[str, Any]:
    """Begin the snapshot, as soon as the instance is in a state in which RDS takes one."""
    options = module.params
    tags = talk.tag_list({**options["tags"], talk.RUN_TAG: options["run_id"]})
    names = {"DBInstanceIdentifier": options["instance_id"], "DBSnapshotIdentifier": options["snapshot_id"]}
    while True:
        try:
            made: dict[str, Any] = talk.plain(caller.create_db_snapshot(**names, Tags=tags)["DBSnapshot"])
        except Exception as error:  # boto3 raises errors of many families
            if error_code(error) not in BUSY or time.monotonic() > deadline:
                raise
            pause(module)
        else:
            return made


def wait(module: AnsibleModule, caller: Any, deadline: float) -> dict[str, Any]:
    """Wait until the snapshot is available; fail when it cannot become so, or not in time."""
    name, told = module.params["snapshot_id"], ""
    while True:
        found = talk.find_snapshot(caller, name) or {"Status": "gone"}
        if found["Status"] == AVAILABLE:
            return found
        shown = f"{name} is {found['Status']}, {found.get('PercentProgress', 0)} percent"
        if shown != told:
            report_progress(module.params["progress_file"], shown)
            told = shown
        if found["Status"] != "creating":
            fail(module, f"The snapshot {name} is {found['Status']}.", "resumable", found)
        if time.monotonic() > deadline:
            fail(module, f"The snapshot {name} is still being created.", "budget", found)
        pause(module)


def fail(module: AnsibleModule, what: str, stop: str, found: dict[str, Any]) -> NoReturn:
    """Fail with what is wrong with the snapshot."""
    module.fail_json(msg=f"{what} Look at the events of the instance, then resume the run.", stop=stop, snapshot=found)


def pause(module: AnsibleModule) -> None:
    """Let some time pass, unless somebody asked the run to stop."""
    why = stop_requested(module.params["stop_file"])
    if why:
        module.fail_json(msg=f"The wait for the snapshot ended because {why}. Resume the run.", stop="resumable")
    time.sleep(module.params["poll_seconds"])


def report(before: dict[str, Any] | None, after: dict[str, Any] | None, state: str, waited: float) -> dict[str, Any]:
    """Return what is to be told of the snapshot."""
    return {
        "changed": before is None,
        "state": state,
        "snapshot": after or {},
        "waited_seconds": waited,
        "diff": {
            "before": {"status": (before or {}).get("Status", "absent")},
            "after": {"status": (after or {}).get("Status", AVAILABLE)},
        },
    }


if __name__ == "__main__":
    main()
