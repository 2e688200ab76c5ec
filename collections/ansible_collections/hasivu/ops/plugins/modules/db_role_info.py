#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tell whether login roles can take turns, and whether their administrator may change them."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_role_info
short_description: Tell whether the login roles of a pair may do the same, and who may change them
version_added: 0.2.0
description:
  - Compares the roles in every privilege on tables, columns, sequences, functions, schemas and the database, in their
    memberships, settings and attributes, and looks for objects that one of them owns itself.
  - Checks that the role which logs in may change them.
options:
  roles:
    description: The login role, or the two that take turns.
    type: list
    elements: str
    required: true
  admin_secret_id:
    description: Secret of the role that is to change O(roles).
    type: str
    required: true
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.database_server
attributes:
  check_mode:
    description: The module only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Compare the logins of the application
  hasivu.ops.db_role_info:
    host: db.example.com
    database: hasivu
    region: ap-south-1
    admin_secret_id: hasivu/production/database/rotator
    roles: [hasivu_app_a, hasivu_app_b]
  register: pair
"""

RETURN = r"""
objections:
  description: What speaks against letting the roles take turns, or changing them, as sentences.
  returned: success
  type: list
  elements: str
differences:
  description: Everything in which they differ.
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.database import execute
from ansible_collections.hasivu.ops.plugins.module_utils.role_comparison import (
    difference_sentences,
    differences,
    owned,
    owner_sentences,
)
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import SERVER_OPTIONS, administrator, check_library

# From PostgreSQL 16 on CREATEROLE alone changes no role; before, it changed every role that is no superuser.
RIGHTS = """
SELECT r.rolname AS role, me.rolname AS administrator, me.rolsuper OR me.rolcreaterole AS may_create,
       me.rolsuper OR %(version)s < 160000 OR pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION') AS may_change,
       r.rolsuper AND NOT me.rolsuper AS too_great,
       COALESCE(current_setting('rds.restrict_password_commands', true), 'off') = 'on'
         AND NOT EXISTS (SELECT 1 FROM pg_roles p
                          WHERE p.rolname = 'rds_password' AND pg_has_role(me.oid, p.oid, 'MEMBER')) AS restricted
  FROM pg_roles r CROSS JOIN pg_roles me
 WHERE me.rolname = current_user AND r.rolname = ANY (%(roles)s)
"""


def main() -> None:
    """Compare, and return the differences and what else speaks against a change."""
    module = AnsibleModule(
        argument_spec={
            **SERVER_OPTIONS,
            **AWS_OPTIONS,
            "roles": {"type": "list", "elements": "str", "required": True},
            "admin_secret_id": {"type": "str", "required": True, "no_log": False},
        },
        supports_check_mode=True,
    )
    check_library(module)
    roles = module.params["roles"]
    with administrator(module) as connection:
        asked = {"version": connection.info.server_version, "roles": roles}
        rights = execute(module, connection, RIGHTS, asked, doing="Reading who may change the roles").fetchall()
        pair = (roles[0], roles[-1])
        found = differences(connection, *pair) if len(roles) > 1 else []
        objections = rights_objections(rights, roles) + difference_sentences(found, *pair)
        objections += owner_sentences(owned(connection, *pair)) if len(roles) > 1 else []
    module.exit_json(changed=False, objections=objections, differences=found)


def preload(arguments: dict[str, Any]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    preload_service("secretsmanager")


def rights_objections(rights: list[dict[str, Any]], roles: list[str]) -> list[str]:
    """Return a sentence for each role that does not exist or that the administrator may not change."""
    known = {row["role"] for row in rights}
    found = [f"There is no role {role}. Check the roles in the inventory." for role in roles if role not in known]
    for row in rights:
        who, role = row["administrator"], row["role"]
        if not row["may_create"]:
            found.append(f"{who} lacks CREATEROLE, so it may not change {role}. Grant it.")
        elif not row["may_change"]:
            found.append(f"{who} lacks ADMIN OPTION on {role}, which PostgreSQL 16 and later ask for. Grant it.")
        if row["too_great"]:
            found.append(f"{role} is a superuser, which {who} may not change. No application needs one.")
        if row["restricted"]:
            found.append(f"RDS restricts password commands and {who} is no member of rds_password. Grant it.")
    return found


if __name__ == "__main__":
    main()
