#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read the roles and grants of a PostgreSQL server, and say where they differ from what is declared."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_access_info
short_description: Read the roles and grants of a PostgreSQL server, and find where they differ from what is declared
version_added: 0.2.0
description:
  - Reads the roles with their attributes and memberships, what is granted to C(PUBLIC) now and by default, and who
    owns tables, views and sequences of the database.
  - Logs in with the current value of a secret, which it reads itself, so that a rotation of that login needs no word.
  - Only reads; the server itself keeps the session from writing.
  - A server that cannot be reached is a finding.
options:
  roles:
    description:
      - What is declared of each role, by its name. C(owner) answers for it; C(may) lists C(login), C(superuser),
        C(createrole), C(createdb), C(replication) and C(bypassrls); C(member_of) lists the roles above it; C(ends) says
        that its login must have an end.
    type: dict
    required: true
  service_roles:
    description: Names of the roles of the service that runs the server, with C(*) and C(?).
    type: list
    elements: str
    default: ["rds*"]
  object_owners:
    description: Roles that may own tables, views and sequences.
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - hasivu.ops.aws
  - hasivu.ops.secret
  - hasivu.ops.database_server
attributes:
  check_mode:
    description: The module only reads.
    support: full
  diff_mode:
    description: Nothing changes, so there is no difference to show.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Read who may do what in the database
  hasivu.ops.db_access_info:
    host: db.example.com
    database: hasivu
    region: ap-south-1
    secret_id: hasivu/production/database/monitor
    object_owners: [hasivu_app]
    roles:
      hasivu_app_a: {owner: Platform Team, may: [login], member_of: [hasivu_app]}
  register: access_database
"""

RETURN = r"""
roles:
  description: Every role, with its owner and its rights.
  returned: success
  type: list
  elements: dict
findings:
  description: Where roles and grants differ from what is declared.
  returned: success
  type: list
  elements: dict
unknown:
  description: What could not be looked at, a sentence each; each is a finding too.
  returned: success
  type: list
  elements: str
notes:
  description: What the server does not offer.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.access_finding import Finding
from ansible_collections.hasivu.ops.plugins.module_utils.access_unread import Unread
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.db_roles import (
    OWNERS,
    PUBLIC_GRANTS,
    ROLES,
    Declared,
    grant_findings,
    owner_findings,
    role_findings,
    role_rows,
)
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import (
    SERVER_OPTIONS,
    LoginError,
    check_library,
    log_in,
    login_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.secret import CURRENT, SecretError, holder_of, secret_of

OPTIONS: dict[str, dict[str, Any]] = {
    "secret_id": {"type": "str", "required": True, "no_log": False},
    "roles": {"type": "dict", "required": True},
    "service_roles": {"type": "list", "elements": "str", "default": ["rds*"]},
    "object_owners": {"type": "list", "elements": "str", "required": True},
}
MEND = "Check the rights of the role that reviews."

Connection = Any


def main() -> None:
    """Log in, read, judge, tell."""
    module = AnsibleModule(argument_spec={**SERVER_OPTIONS, **AWS_OPTIONS, **OPTIONS}, supports_check_mode=True)
    check_library(module)
    unread, rows = Unread(), []
    findings: list[Finding] = []
    connection = session(module, unread)
    if connection is not None:
        with connection:
            rows, findings = review(connection, module.params, unread)
    module.exit_json(
        changed=False,
        roles=rows,
        findings=[*findings, *unread.findings],
        unknown=unread.sentences,
        notes=unread.notes,
    )


def preload(_arguments: dict[str, Any]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    preload_service("secretsmanager")


def session(module: AnsibleModule, unread: Unread) -> Connection:
    """Return a session that the server keeps from writing, or nothing once the failure is kept."""
    try:
        secret = secret_of(module)
        login = login_of(secret, holder_of(secret.stages(), CURRENT))
        return log_in(module.params, login, default_transaction_read_only="on", lock_timeout="1s")
    except (SecretError, LoginError) as error:
        reason, _, mend = str(error).rpartition(". ")
        unread.keep("The roles of the database", f"database {module.params['database']}", mend, RuntimeError(reason))
        return None


def review(
    connection: Connection, options: dict[str, Any], unread: Unread
) -> tuple[list[dict[str, str]], list[Finding]]:
    """Return the roles as rows, and what is wrong with roles, grants and owners."""
    declared = Declared(options["roles"], options["service_roles"])
    roles = ask(unread, connection, "The roles of the database", ROLES)
    findings = [
        *role_findings(roles, declared),
        *grant_findings(ask(unread, connection, "The grants to PUBLIC", PUBLIC_GRANTS)),
        *owner_findings(ask(unread, connection, "The owners of tables", OWNERS, [options["object_owners"]])),
    ]
    return role_rows(roles, declared), findings


def ask(
    unread: Unread, connection: Connection, what: str, query: str, parameters: list[Any] | None = None
) -> list[dict[str, Any]]:
    """Return the rows of a query, or none once its failure is kept."""
    where = f"database {connection.info.dbname}"
    return unread.ask(what, where, MEND, lambda: connection.execute(query, parameters).fetchall()) or []


if __name__ == "__main__":
    main()
