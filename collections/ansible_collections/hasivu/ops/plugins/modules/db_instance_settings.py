#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bring the settings of a database instance to what is wanted, and tell in what it differs from the captured one."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_instance_settings
short_description: Change settings of an RDS database instance and compare it with a captured one
version_added: 0.4.0
description:
  - Brings what a restore cannot carry over from O(captured), and what O(settings) and the other options ask for.
    Only what differs is sent to RDS; run again, nothing is changed.
  - Waits until every change is in force, and restarts the instance where values of its parameter group wait for that.
  - Compares every field with O(captured), and tells which differences are explained.
  - Also renames an instance, fences it by its security groups, and sets the master password from a secret that the
    module reads itself; the secret is neither an argument nor a result.
options:
  captured:
    description: The old instance as M(hasivu.ops.db_instance_info) returned it. Without it nothing is compared.
    type: dict
  settings:
    description: Further settings, as ModifyDBInstance names them, such as V(MultiAZ) or V(DeletionProtection).
    type: dict
    default: {}
  security_groups:
    description: Security groups that the instance shall have, and no other. The group of the fence lets nobody in.
    type: list
    elements: str
  new_identifier:
    description: Identifier that the instance shall have. The rename restarts it.
    type: str
  tags:
    description: Tags to set.
    type: dict
    default: {}
  tags_absent:
    description: Keys of tags to remove.
    type: list
    elements: str
    default: []
  master_secret:
    description: Secret with the login of the master, a JSON object with C(username) and C(password).
    type: dict
    suboptions:
      secret_id:
        description: Name of the secret.
        type: str
        required: true
      version_id:
        description: Version of the secret; without it O(master_secret.stage) decides.
        type: str
      stage:
        description: Stage of the version.
        type: str
        default: AWSCURRENT
      region:
        description: Region of the secret, where that is not the Region of the instance.
        type: str
      database:
        description: Database in which the module tries whether the password is in force.
        type: str
        required: true
      sslmode:
        description: How that connection is protected, as libpq names it.
        type: str
        default: verify-full
      sslrootcert:
        description: File of the certificates that the server's certificate must come from.
        type: path
  explained:
    description: Why a field may differ from O(captured), by field of DescribeDBInstances.
    type: dict
    default: {}
  reboot:
    description: Restart the instance where values of its parameter group wait for that.
    type: bool
    default: true
extends_documentation_fragment:
  - hasivu.ops.db_instance
  - hasivu.ops.run
  - hasivu.ops.aws
attributes:
  check_mode:
    description: Tells what would be changed, and sends nothing.
    support: full
  diff_mode:
    description: Shows each setting before and after; of the password only that it changes.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Give the restored database what a restore cannot carry
  hasivu.ops.db_instance_settings:
    instance_id: hasivu-production-r-202611261430
    captured: "{{ database_before.instance }}"
    explained: {MultiAZ: Converted after the cutover., AutoMinorVersionUpgrade: Off until the recovery is over.}
    region: ap-south-1

- name: Keep every client from the old database
  hasivu.ops.db_instance_settings:
    instance_id: hasivu-production
    security_groups: ["{{ recovery_instances.fence_security_group }}"]
    region: ap-south-1
"""

RETURN = r"""
changes:
  description: Each change with O(ignore:name), C(before) and C(after); of the password no value.
  returned: success
  type: list
  elements: dict
differences:
  description: Each field in which the instance differs from O(captured), with C(explained) and C(why).
  returned: success
  type: list
  elements: dict
unexplained:
  description: The fields that differ and that nothing explains. They ought to be none.
  returned: success
  type: list
  elements: str
rebooted:
  description: Whether the instance was restarted for its parameter group.
  returned: success
  type: bool
transitions:
  description: Each status that was seen, with C(at) and C(seconds).
  returned: success
  type: list
  elements: dict
instance:
  description: The instance afterwards; in check mode as it is.
  returned: success
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import rds as talk
from ansible_collections.hasivu.ops.plugins.module_utils import rds_settings as decide
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.rds_change import Change, ChangeError
from ansible_collections.hasivu.ops.plugins.module_utils.rds_master import MASTER_OPTION, is_in_force, master_login
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import RUN_OPTIONS

OPTIONS: dict[str, dict[str, Any]] = {
    **talk.INSTANCE_OPTIONS,
    "captured": {"type": "dict"},
    "settings": {"type": "dict", "default": {}},
    "security_groups": {"type": "list", "elements": "str"},
    "new_identifier": {"type": "str"},
    "tags": {"type": "dict", "default": {}},
    "tags_absent": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "master_secret": MASTER_OPTION,
    "explained": {"type": "dict", "default": {}},
    "reboot": {"type": "bool", "default": True},
    **RUN_OPTIONS,
}


def main() -> None:
    """Compare, change what differs, wait, compare again, and report."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    options, caller = module.params, talk.rds_client(module)
    change = Change(caller, options)
    try:
        before = change.find()
        goal = decide.wanted(options["captured"] or {}, options["settings"], options["security_groups"])
        login = master_login(module, before)
        reset = login is not None and not is_in_force(module, before, login)
        told = change.told(before, goal, reset)
        if not module.check_mode and told:
            change.make(before, goal, login.password if login and reset else "")
        rebooted = options["reboot"] and change.reboot_where_needed(rehearse=module.check_mode)
    except ChangeError as error:
        module.fail_json(msg=str(error), stop=error.stop, transitions=change.watch.transitions)
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        talk.give_up(module, f"The change of {options['instance_id']}", error, begun=True, changed=change.sent)
    module.exit_json(**report(options, before, change.watch.instance or before, told, rebooted, change))


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of RDS before the worker of the step is forked."""
    preload_service("rds")


def report(
    options: dict[str, Any],
    before: dict[str, Any],
    after: dict[str, Any],
    told: list[dict[str, Any]],
    rebooted: bool,
    change: Change,
) -> dict[str, Any]:
    """Return what was changed, and in what the instance differs from the captured one."""
    chosen = {**options["settings"]}
    if options["security_groups"] is not None:
        chosen["VpcSecurityGroupIds"] = options["security_groups"]
    captured = options["captured"]
    found = decide.differences(captured, after, options["explained"], chosen) if captured else []
    return {
        "changed": bool(told) or rebooted,
        "changes": told,
        "differences": found,
        "unexplained": [one["field"] for one in found if not one["explained"]],
        "rebooted": rebooted,
        "transitions": change.watch.transitions,
        "instance": after,
        "diff": {side: {one["name"]: one[side] for one in told} for side in ("before", "after")},
    }


if __name__ == "__main__":
    main()
