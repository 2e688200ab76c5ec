#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Delete the database instances that a run has made for a purpose, and no other."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_instance_gone
short_description: Delete RDS database instances by the tags of their maker, and see that they are gone
version_added: 0.4.0
description:
  - Deletes the instances of a run, or those of earlier runs whose day has passed, with their automated backups and
    without a final snapshot. Waits until each is gone.
  - An instance is known by its tags C(hasivu-purpose), C(hasivu-run) and C(hasivu-delete-after) alone, never by a name.
    One that lacks a tag, is named in O(never), is where a secret in use sends its users, is protected from deletion,
    has replicas or belongs to a cluster is never deleted. Deletion protection is never taken away.
  - It looks at the instance again right before it is deleted. A secret that cannot be read ends the module.
options:
  purpose:
    description: Value of the tag C(hasivu-purpose) that an instance must bear.
    type: str
    required: true
  run_id:
    description: First of the runs that made the instances, as their tag C(hasivu-run) has it.
    type: str
  overdue:
    description: Take the instances of every run whose C(hasivu-delete-after) has passed.
    type: bool
    default: false
  never:
    description: Instances that are never deleted, whatever they bear.
    type: list
    elements: str
    required: true
  secrets:
    description: Secrets in use. Where they send their users, nothing is deleted.
    type: list
    elements: str
    required: true
  deadline_seconds:
    description: How long the module waits at most until all are gone.
    type: int
    default: 3600
  poll_seconds:
    description: How long it lets pass between two looks.
    type: float
    default: 15
extends_documentation_fragment:
  - hasivu.ops.run
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Tells which instances would be deleted, and deletes none.
    support: full
  diff_mode:
    description: Shows the instances before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Delete what this drill has restored
  hasivu.ops.db_instance_gone:
    purpose: drill
    run_id: "{{ hasivu_run.origin }}"
    never: [hasivu-production]
    secrets: [hasivu/production/database/application]
    region: ap-south-1
"""

RETURN = r"""
gone:
  description:
    - The instances that were deleted, or would be, with C(id), C(resource), C(run), C(delete_after) and C(status).
  returned: success
  type: list
  elements: dict
kept:
  description: With O(overdue), the instances that may not be deleted, with C(why).
  returned: success
  type: list
  elements: dict
findings:
  description: A finding for each overdue instance, and for each snapshot that outlives an instance.
  returned: success
  type: list
  elements: dict
"""

import time
from datetime import UTC, datetime
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import rds as talk
from ansible_collections.hasivu.ops.plugins.module_utils import rds_disposal as decide
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.lambda_secret import SecretError, read_secret
from ansible_collections.hasivu.ops.plugins.module_utils.rds_disposal_findings import (
    kept_finding,
    overdue_finding,
    snapshot_finding,
)
from ansible_collections.hasivu.ops.plugins.module_utils.rds_disposing import Disposing, DisposingError
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS

Fields = dict[str, Any]
OPTIONS: dict[str, dict[str, Any]] = {
    "purpose": {"type": "str", "required": True},
    "run_id": {"type": "str"},
    "overdue": {"type": "bool", "default": False},
    "never": {"type": "list", "elements": "str", "required": True},
    "secrets": {"type": "list", "elements": "str", "required": True, "no_log": False},
    "deadline_seconds": {"type": "int", "default": 3600},
    "poll_seconds": {"type": "float", "default": 15},
    **RUN_OPTIONS,
    **AWS_OPTIONS,
}


def main() -> None:
    """Find the instances, refuse what may not be deleted, delete the rest, and report."""
    module = AnsibleModule(
        argument_spec=OPTIONS, supports_check_mode=True, required_if=[("overdue", False, ["run_id"])]
    )
    options, caller = module.params, talk.rds_client(module)
    if not options["never"] or not options["secrets"]:
        module.fail_json(msg="never and secrets are empty. Name the database and the secrets in use.", stop="bad_input")
    rules = decide.Rules(options["purpose"], tuple(options["never"]), uses(module))
    try:
        found = chosen(caller, options)
        may, may_not = split(found, rules)
        if may_not and not options["overdue"]:
            refuse(module, may_not)
        left = dispose(module, caller, rules, may)
    except DisposingError as error:
        module.fail_json(msg=str(error), stop=error.stop)
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        talk.give_up(module, "Deleting what a run has made", error, changed=True)
    module.exit_json(**report(options, may, may_not, left))


def preload(_arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    preload_service("rds")
    preload_service("secretsmanager")


def uses(module: AnsibleModule) -> tuple[decide.Use, ...]:
    """Return where the secrets in use send their users; one that cannot be read ends the module."""
    caller, found = client(module, "secretsmanager"), []
    for name in module.params["secrets"]:
        option = {"secret_id": name, "version_id": None, "stage": "AWSCURRENT"}
        try:
            found.append(decide.use_of(name, read_secret(caller, option)))
        except SecretError as error:
            module.fail_json(
                msg=f"{error} Whether its users are at an instance to delete is not known. Mend that, then resume.",
                stop="resumable",
            )
    return tuple(found)


def chosen(caller: Any, options: Fields) -> list[Fields]:
    """Return the instances that are asked for."""
    pages = caller.get_paginator("describe_db_instances").paginate()
    instances = [talk.plain(one) for page in pages for one in page["DBInstances"]]
    if options["overdue"]:
        return decide.overdue(instances, options["purpose"], datetime.now(UTC))
    return decide.of_run(instances, options["run_id"])


def split(found: list[Fields], rules: decide.Rules) -> tuple[list[Fields], list[Fields]]:
    """Return the instances that may be deleted, and those that may not, with why."""
    told = [(shown, reasons(shown, rules)) for shown in found]
    may = [decide.told(shown) for shown, why in told if not why]
    return may, [{**decide.told(shown), "why": why} for shown, why in told if why]


def reasons(shown: Fields, rules: decide.Rules) -> list[str]:
    """Return why an instance may not be deleted, also when its day cannot be read."""
    unreadable = [] if decide.day_of(shown) else [f"its tag {decide.DELETE_AFTER_TAG} names no day"]
    return [*rules.objections(shown), *unreadable]


def refuse(module: AnsibleModule, may_not: list[Fields]) -> None:
    """Fail with the instances of the run that may not be deleted."""
    said = " ".join(f"{one['id']} may not be deleted: {'; '.join(one['why'])}." for one in may_not)
    module.fail_json(msg=f"{said} A person must look at it in RDS, and decide.", stop="decision", kept=may_not)


def dispose(module: AnsibleModule, caller: Any, rules: decide.Rules, may: list[Fields]) -> list[Fields]:
    """Delete the instances and wait until they are gone; return the snapshots that outlive them."""
    if module.check_mode:
        return []
    deadline = time.monotonic() + module.params["deadline_seconds"]
    work = [Disposing(caller, rules, one, module.params) for one in may]
    for one in work:
        one.step()
    return [snapshot for one in work for snapshot in one.finish(deadline)]


def report(options: Fields, may: list[Fields], may_not: list[Fields], left: list[Fields]) -> Fields:
    """Return what was deleted, what was kept and what is to be told."""
    late = [overdue_finding(one) for one in may] if options["overdue"] else []
    found = [*late, *(kept_finding(one) for one in may_not), *(snapshot_finding(one) for one in left)]
    names = [one["id"] for one in may]
    diff = {"before": {"instances": names}, "after": {"instances": []}}
    return {"changed": bool(may), "gone": may, "kept": may_not, "findings": found, "diff": diff}


if __name__ == "__main__":
    main()
