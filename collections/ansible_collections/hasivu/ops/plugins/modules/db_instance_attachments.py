#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Move what hangs on a database instance to the one that replaced it."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_instance_attachments
short_description: Move what hangs on an RDS database instance to the one that replaced it
version_added: 0.5.0
description:
  - Alarms watch the new instance under their old names, for composite alarms and people know them by these. The old
    instance is fenced, and nobody needs to be warned of it.
  - Dashboards show the new instance wherever they named the old one. They are changed as they are now, so what somebody
    drew since the capture stays.
  - The log groups of the new instance keep lines as long as those of the old one, and are given to the same subscribers
    and metrics. Those of the old one stay.
  - Backups are replicated to the Regions to which those of the old instance went.
  - Policies of IAM, proxies and replicas are left to people, with the change that each needs; for policies are kept as
    code, and a replica costs money and time.
  - Where both instances have the same name, as after a cutover by renaming, alarms, dashboards and log groups follow by
    themselves, and nothing is put.
options:
  instance_id:
    description: Identifier of the new instance.
    type: str
    required: true
  captured:
    description: C(attachments) of M(hasivu.ops.db_instance_attachments_info), captured before anything was changed.
    type: dict
    required: true
  state:
    description:
      - V(moved) lets everything follow to the new instance.
      - V(returned) lets alarms and dashboards watch the old one again.
    type: str
    choices: [moved, returned]
    default: moved
extends_documentation_fragment:
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Tells what would be put, and puts nothing.
    support: full
  diff_mode:
    description: Shows what each alarm, dashboard and log group has before and after.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Let alarms, dashboards and logs follow to the new instance
  hasivu.ops.db_instance_attachments:
    instance_id: hasivu-production-r-202611261430
    captured: "{{ attached.attachments }}"
    region: ap-south-1
"""

RETURN = r"""
changes:
  description: Each change with O(ignore:name), C(before) and C(after).
  returned: always
  type: list
  elements: dict
findings:
  description: What does not follow by itself, and what to change by hand.
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import attachment_findings
from ansible_collections.hasivu.ops.plugins.module_utils.attachment_change import Move
from ansible_collections.hasivu.ops.plugins.module_utils.attachment_clients import clients
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.rds import find_instance, give_up

OPTIONS: dict[str, dict[str, Any]] = {
    "instance_id": {"type": "str", "required": True},
    "captured": {"type": "dict", "required": True},
    "state": {"type": "str", "choices": ["moved", "returned"], "default": "moved"},
    **AWS_OPTIONS,
}


def main() -> None:
    """Look, put what differs, and tell what is left to people."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    options, of = module.params, clients(module)
    change = Move(of, options["captured"], options["instance_id"], module.check_mode)
    try:
        instance = find_instance(of("rds"), options["instance_id"])
        if options["state"] == "returned":
            change.back()
        elif instance:
            change.there()
            change.copies(instance)
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        made = not module.check_mode and bool(change.told)
        give_up(module, f"Moving what hung on {options['captured']['instance_id']}", error, changed=made,
                changes=change.told)  # fmt: skip
    if instance is None and options["state"] == "moved":
        text = f"RDS has no instance {options['instance_id']}, so nothing was moved to it. Check its name, then resume."
        module.fail_json(msg=text, stop="resumable", changes=[])
    left = attachment_findings.findings(options["captured"], instance) if options["state"] == "moved" else []
    module.exit_json(changed=bool(change.told), changes=change.told, findings=left, diff=difference(change.told))


def preload(_arguments: dict[str, Any]) -> None:
    """Load the models before the worker of the step is forked."""
    for service in ("rds", "cloudwatch", "logs"):
        preload_service(service)


def difference(told: list[dict[str, Any]]) -> dict[str, Any]:
    """Return each thing before and after, as a person reads it."""
    return {side: {one["name"]: one[side] for one in told} for side in ("before", "after")}


if __name__ == "__main__":
    main()
