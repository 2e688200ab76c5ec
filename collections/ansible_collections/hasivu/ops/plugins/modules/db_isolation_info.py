#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell whether a copy of the database would be apart from production in some subnets and security groups."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_isolation_info
short_description: Tell whether an RDS instance would be isolated in some subnets and security groups
version_added: 0.4.0
description:
  - Reads two subnet groups and some security groups, and checks that they share no subnet, that the groups let
    O(admitted) in at O(port) and nobody else, and that the copy can call nobody.
  - Does not fail when a check does not hold; what AWS does not answer fails it.
options:
  subnet_group:
    description: Subnet group of the isolated instance.
    type: str
    required: true
  apart_from:
    description: Subnet group of production.
    type: str
    required: true
  security_groups:
    description: Security groups of the isolated instance.
    type: list
    elements: str
    required: true
  admitted:
    description: Ranges of addresses that must be let in, and no others.
    type: list
    elements: str
    required: true
  port:
    description: Port of the database.
    type: int
    default: 5432
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
- name: Read whether the copy would be apart from production
  hasivu.ops.db_isolation_info:
    subnet_group: hasivu-drill
    apart_from: hasivu-production
    security_groups: [sg-0123456789abcdef0]
    admitted: [10.20.3.4/32]
    region: ap-south-1
  register: isolation
"""

RETURN = r"""
checks:
  description: Each check with C(name), C(ok), C(what) and C(detail).
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import rds as talk
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client, error_code
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.rds_isolation import checks, subnets

Fields = dict[str, Any]
LISTS = ("security_groups", "admitted")
NO_SUBNET_GROUP = ("DBSubnetGroupNotFoundFault", "DBSubnetGroupNotFound")
NO_GROUP = ("InvalidGroup.NotFound", "InvalidGroupId.Malformed")


def main() -> None:
    """Read, check, return."""
    module = AnsibleModule(
        argument_spec={
            **{name: {"type": "str", "required": True} for name in ("subnet_group", "apart_from")},
            **{name: {"type": "list", "elements": "str", "required": True} for name in LISTS},
            "port": {"type": "int", "default": 5432},
            **AWS_OPTIONS,
        },
        supports_check_mode=True,
    )
    options, ec2 = module.params, client(module, "ec2")
    try:
        own, other = (subnet_group(talk.rds_client(module), options[name]) for name in ("subnet_group", "apart_from"))
        groups = security_groups(ec2, options["security_groups"])
        found = checks(own, other, groups, options, free_addresses(ec2, own))
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        talk.give_up(module, "Reading subnets and security groups", error)
    module.exit_json(changed=False, checks=found)


def preload(_arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    preload_service("rds")
    preload_service("ec2")


def subnet_group(caller: Any, name: str) -> Fields | None:
    """Return a subnet group, or nothing where there is none."""
    try:
        found: Fields = caller.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]
    except Exception as error:  # boto3 raises errors of many families
        if error_code(error) in NO_SUBNET_GROUP:
            return None
        raise
    return found


def security_groups(caller: Any, names: list[str]) -> list[Fields]:
    """Return the security groups that are there."""
    found: list[Fields] = []
    for name in names:
        try:
            found += caller.describe_security_groups(GroupIds=[name])["SecurityGroups"]
        except Exception as error:  # boto3 raises errors of many families
            if error_code(error) not in NO_GROUP:
                raise
    return found


def free_addresses(caller: Any, group: Fields | None) -> dict[str, int]:
    """Return the free addresses of each subnet of a group."""
    wanted = sorted(subnets(group))
    found = caller.describe_subnets(SubnetIds=wanted)["Subnets"] if wanted else []
    return {one["SubnetId"]: one["AvailableIpAddressCount"] for one in found}


if __name__ == "__main__":
    main()
