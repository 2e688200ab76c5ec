#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read what hangs on a database instance by its name or its identity."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_instance_attachments_info
short_description: Read what hangs on an RDS database instance by its name or its identity
version_added: 0.5.0
description:
  - Reads the alarms on metrics of the instance, the dashboards that name it, its log groups with their subscriptions,
    the policies of IAM that let somebody log in to it, its proxies, replicas and replicated backups.
  - A restored instance has none of it, for it has another name and another identity. Capture it before anything is
    changed; M(hasivu.ops.db_instance_attachments) moves it.
  - What AWS does not answer is a finding, and is null in O(ignore:attachments), which is not the same as none.
options:
  instance_id:
    description: Identifier of the database instance. It may be gone; alarms and dashboards name it still.
    type: str
    required: true
  resource_id:
    description: Immutable identifier (DbiResourceId), which policies of IAM name; empty where it is not known.
    type: str
    default: ""
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
- name: Capture what hangs on the old instance
  hasivu.ops.db_instance_attachments_info:
    instance_id: hasivu-production
    resource_id: "{{ database_before.source.DbiResourceId }}"
    region: ap-south-1
  register: attached
"""

RETURN = r"""
attachments:
  description: What was found, by kind, with C(instance_id) and C(resource_id). A kind that could not be read is null.
  returned: success
  type: dict
findings:
  description: What could not be read.
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.attachment_clients import clients
from ansible_collections.hasivu.ops.plugins.module_utils.attachment_facts import Attachments
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service

OPTIONS: dict[str, dict[str, Any]] = {
    "instance_id": {"type": "str", "required": True},
    "resource_id": {"type": "str", "default": ""},
    **AWS_OPTIONS,
}


def main() -> None:
    """Ask, and return what is known."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    facts = Attachments(clients(module), module.params["instance_id"], module.params["resource_id"])
    module.exit_json(changed=False, attachments=facts.all(), findings=facts.findings)


def preload(_arguments: dict[str, Any]) -> None:
    """Load the models before the worker of the step is forked."""
    for service in ("rds", "cloudwatch", "logs", "iam"):
        preload_service(service)


if __name__ == "__main__":
    main()
