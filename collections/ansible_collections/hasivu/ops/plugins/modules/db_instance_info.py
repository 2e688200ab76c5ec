#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read everything that a recovery needs to know of a database instance, in one call."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_instance_info
short_description: Read everything that a recovery needs to know of an RDS database instance
version_added: 0.4.0
description:
  - Reads the instance, its cluster where it has one, its groups with the values that somebody has set, its snapshots
    with their age, its automated backups with their window, the quotas, the key of its storage and the free addresses
    of its subnets. Also where the instance is gone and only backups are left.
  - Holds no secret. What AWS does not answer is a finding, and the check that needs it is not ok.
options:
  instance_id:
    description: Identifier of the database instance.
    type: str
    required: true
  resource_id:
    description: Immutable identifier (DbiResourceId), which finds backups under an earlier name too.
    type: str
  target_id:
    description: Identifier that a new instance shall have; checked to be free.
    type: str
  restore_time:
    description: Moment to restore to, as RFC 3339 in UTC; checked to lie in the window.
    type: str
  run_id:
    description: First of the runs that a resumed one goes on with; what bears it as a tag is its own.
    type: str
  other_region:
    description: Region to which automated backups are replicated; read and checked as well.
    type: str
  other_settings:
    description: Parameters of a restore there, such as V(DBSubnetGroupName); what they name is checked to be there.
    type: dict
    default: {}
  declared:
    description:
      - Parameters of a restore that the inventory declares, such as V(DBSubnetGroupName) and V(DBParameterGroupName).
      - Of an instance that is gone, its backup tells neither; then the declared groups and subnets are read.
    type: dict
    default: {}
extends_documentation_fragment:
  - hasivu.ops.aws
attributes:
  check_mode:
    description: The module only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Capture the database before anything is changed
  hasivu.ops.db_instance_info:
    instance_id: hasivu-production
    target_id: hasivu-production-r-202611261430
    run_id: "{{ hasivu_run.origin }}"
    region: ap-south-1
  register: database_before
"""

RETURN = r"""
exists:
  description: Whether the instance is there. Where RDS did not answer, it is false and a finding tells so.
  returned: success
  type: bool
instance:
  description: The instance as DescribeDBInstances shows it, to be captured; empty where it is gone.
  returned: success
  type: dict
source:
  description: What a restore carries over from. The instance, or where it is gone its newest automated backup.
  returned: success
  type: dict
cluster:
  description: The Aurora cluster that the instance is a member of, or nothing.
  returned: success
  type: dict
members:
  description: The instances of that cluster, the writer first.
  returned: success
  type: list
  elements: dict
parameter_group:
  description: Name, family and C(user_modified) values of the parameter group.
  returned: success
  type: dict
option_group:
  description: The option group.
  returned: success
  type: dict
subnets:
  description: The subnets with their C(free_addresses).
  returned: success
  type: list
  elements: dict
snapshots:
  description: The snapshots with C(age_seconds), newest first.
  returned: success
  type: list
  elements: dict
backups:
  description: The automated backups, those of instances that are gone included.
  returned: success
  type: list
  elements: dict
window:
  description: C(earliest) and C(latest) moment of point-in-time restore, and C(backups_arn).
  returned: success
  type: dict
replicas:
  description:
    - The read replicas that are available, each with C(id), C(status), C(endpoint) and C(lag) in seconds as CloudWatch
      tells it. One whose lag is not known is a finding, and not here.
  returned: success
  type: list
  elements: dict
quotas:
  description: Each quota of RDS with C(used), C(max) and C(free).
  returned: success
  type: dict
kms_key:
  description: The key of the storage and its C(state).
  returned: success
  type: dict
target:
  description: The instance that bears O(target_id) already, if any.
  returned: success
  type: dict
checks:
  description: Each precondition with C(name), C(ok), C(what) and C(detail).
  returned: success
  type: list
  elements: dict
elsewhere:
  description:
    - What O(other_region) keeps of the instance. C(window) with C(earliest), C(latest) and C(backups_arn), C(source),
      which is the newest backup, C(checks) of a restore there, and C(findings).
  returned: success
  type: dict
findings:
  description: What could not be read.
  returned: success
  type: list
  elements: dict
"""

import functools
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.rds import moment
from ansible_collections.hasivu.ops.plugins.module_utils.rds_checks import checks
from ansible_collections.hasivu.ops.plugins.module_utils.rds_elsewhere import NOWHERE, Elsewhere
from ansible_collections.hasivu.ops.plugins.module_utils.rds_facts import Facts, window
from ansible_collections.hasivu.ops.plugins.module_utils.rds_parameters import group_names
from ansible_collections.hasivu.ops.plugins.module_utils.rds_replicas import replicas_of

OPTIONS: dict[str, dict[str, Any]] = {
    "instance_id": {"type": "str", "required": True},
    **{name: {"type": "str"} for name in ("resource_id", "target_id", "restore_time", "run_id", "other_region")},
    "other_settings": {"type": "dict", "default": {}},
    "declared": {"type": "dict", "default": {}},
    **AWS_OPTIONS,
}


def main() -> None:
    """Ask, check, and return what is known."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    options = module.params
    try:
        _ = options["restore_time"] and moment(options["restore_time"])
    except ValueError:
        text = f"{options['restore_time']} is no moment. Give it as RFC 3339: 2026-11-26T14:12:09Z."
        module.fail_json(msg=text, stop="bad_input")
    of = functools.cache(lambda service: client(module, service))
    facts = read(Facts(of, options["instance_id"]), options)
    facts["checks"] = checks(facts, options["target_id"], options["restore_time"], options["run_id"])
    facts["elsewhere"] = elsewhere(module, options, facts["source"].get("DbiResourceId", ""))
    module.exit_json(changed=False, **facts)


def preload(_arguments: dict[str, Any]) -> None:
    """Load the models before the worker of the step is forked."""
    for service in ("rds", "ec2", "kms", "cloudwatch"):
        preload_service(service)


def elsewhere(module: AnsibleModule, options: dict[str, Any], resource_id: str) -> dict[str, Any]:
    """Return what the other Region keeps, or nothing where none is named."""
    if not options["other_region"]:
        return NOWHERE
    of = functools.cache(lambda service: client(module, service, region=options["other_region"]))
    facts = Facts(of, options["instance_id"])
    there = Elsewhere(facts, options["instance_id"], resource_id, options["other_settings"])
    return there.told(options["target_id"] or "", options["restore_time"] or "", options["run_id"] or "")


def read(facts: Facts, options: dict[str, Any]) -> dict[str, Any]:
    """Return every fact."""
    instance = facts.instance()
    resource = options["resource_id"] or (instance or {}).get("DbiResourceId", "")
    backups, snapshots = facts.backups(resource), facts.snapshots(resource)
    source = instance or (backups or [None])[0] or {}
    cluster = facts.cluster(source.get("DBClusterIdentifier", ""))
    names = group_names(source, options["declared"])
    subnet_group = source.get("DBSubnetGroup") or facts.subnet_group(names["DBSubnetGroupName"])
    return {
        "exists": instance is not None,
        "instance": instance or {},
        "source": source,
        "cluster": cluster or {},
        "members": facts.members(cluster),
        "parameter_group": facts.parameter_group(names["DBParameterGroupName"]),
        "option_group": facts.option_group(names["OptionGroupName"]) if source else None,
        "subnets": facts.subnets(subnet_group),
        "snapshots": snapshots,
        "backups": backups,
        "window": window(instance, backups),
        "quotas": facts.quotas(),
        "kms_key": facts.key(source.get("KmsKeyId", "")),
        "replicas": replicas_of(facts, options["instance_id"]),
        "target": facts.name_taken(options["target_id"]) if options["target_id"] else None,
        "findings": facts.findings,
    }


if __name__ == "__main__":
    main()
