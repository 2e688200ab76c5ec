#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell which RDS proxy the application comes through, and whether it could be led to another instance."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_proxy_info
short_description: Tell which RDS proxy leads a login to an instance
version_added: 0.9.0
description:
  - Reads the RDS proxies of the Region with their targets, and the address in the current version of each secret, which
    stays in the module.
  - Does not fail where no proxy leads to the instance, or where it could not be led elsewhere; RV(objections) says why.
options:
  proxy:
    description: Name of the proxy; by default the one before O(instance_id) that the login comes through.
    type: str
    default: ""
  instance_id:
    description: Instance that the proxy leads to.
    type: str
    required: true
  other_secret_ids:
    description: Further secrets that hold the address of the database.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
attributes:
  check_mode:
    description: The module only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Find the proxy that the application comes through
  hasivu.ops.db_proxy_info:
    instance_id: hasivu-production
    secret_id: hasivu/production/database/application
    region: ap-south-1
  register: proxy
"""

RETURN = r"""
proxy:
  description:
    - The proxy with C(name), C(status), C(host), C(port), C(target_group), C(secrets) and C(targets).
    - Empty where there is none.
  returned: success
  type: dict
objections:
  description: Why clients cannot be sent to another instance by this proxy; empty where they can.
  returned: success
  type: list
  elements: str
through:
  description: Those of all the secrets whose current version names the endpoint of the proxy.
  returned: success
  type: list
  elements: str
using:
  description: Every proxy that logs in with the secret, as RV(proxy) is.
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils import rds_proxy
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.rds import give_up, rds_client
from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    CURRENT,
    SECRET_OPTIONS,
    Secret,
    SecretError,
    holder_of,
    secret_of,
    stages_of,
)

OPTIONS: dict[str, dict[str, Any]] = {
    "proxy": {"type": "str", "default": ""},
    "instance_id": {"type": "str", "required": True},
    "other_secret_ids": {"type": "list", "elements": "str", "default": [], "no_log": False},
    **SECRET_OPTIONS,
}
# Of a login nothing else is looked at.
ADDRESS = ("host", "port")


def main() -> None:
    """Read, choose, return."""
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    options, secret = module.params, secret_of(module)
    try:
        found = rds_proxy.proxies(rds_client(module))
        arn, login = secret.describe()["ARN"], address(secret)
        proxy = rds_proxy.chosen(found, options["proxy"], options["instance_id"], login)
        others = {name: address(secret_of(module, name)) for name in options["other_secret_ids"] if proxy}
    except SecretError as error:
        module.fail_json(msg=str(error))
    except Exception as error:  # boto3 raises errors of many families; each is a sentence here
        give_up(module, "Reading the RDS proxies", error)
    known = {options["secret_id"]: login, **others}
    module.exit_json(
        changed=False,
        proxy=proxy,
        objections=rds_proxy.objections(proxy, options["proxy"], options["instance_id"], login, arn),
        through=[name for name, fields in known.items() if proxy and rds_proxy.points_at(fields, proxy)],
        using=[one for one in found if arn in one["secrets"]],
    )


def preload(_arguments: dict[str, Any]) -> None:
    """Load the models of the services before the worker of the step is forked."""
    preload_service("rds")
    preload_service("secretsmanager")


def address(secret: Secret) -> dict[str, Any]:
    """Return the address in the current version of a secret."""
    fields = secret.fields(holder_of(stages_of(secret.describe()), CURRENT))
    return {name: fields[name] for name in ADDRESS if name in fields}


if __name__ == "__main__":
    main()
