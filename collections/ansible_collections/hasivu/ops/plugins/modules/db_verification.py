#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verify that a restored database is what the old one was at the restore point."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_verification
short_description: Verify a restored database before anybody uses it
version_added: 0.3.0
description:
  - Checks server, schema, rows, references, sequences, indexes and the rules of the business. Each check is named, and
    ends as right, wrong or unknown; the module fails when one is wrong or unknown.
  - Where the old database can be read, every row that it had at the restore point must be in the restored one.
    Checksums by range of the key are compared, and those that differ are divided down to the rows. Whether a row had
    been written by then, its transaction tells, for both servers number transactions alike up to the restore point; so
    a row that was changed or deleted later is no difference.
  - Where the old database cannot be read, is another one or has lost the table, a stored fingerprint takes its place.
  - It only reads, but for one row that is updated as the application would and taken back.
options:
  restore_time:
    description: The restore point, as RFC 3339 with its zone.
    type: str
    required: true
  profile:
    description:
      - V(fast) checks what must be known before the cutover. V(full) checks every row, every B-tree and every table.
    type: str
    choices: [fast, full]
    default: fast
  old:
    description: Login to the old database, where it can still be read.
    type: dict
    suboptions:
      host:
        description: Address of the old server.
        type: str
        required: true
      port:
        description: Port of the old server.
        type: int
        default: 5432
      database:
        description: Name of the database.
        type: str
        required: true
      user:
        description: Role to log in as.
        type: str
        required: true
      password:
        description: Password of that role.
        type: str
      sslmode:
        description: How the connection is protected, as libpq names it.
        type: str
        default: verify-full
        choices: [disable, allow, prefer, require, verify-ca, verify-full]
      sslrootcert:
        description: File of the certificates that the server's certificate must come from.
        type: path
      application_name:
        description: Name under which the sessions are seen.
        type: str
        default: hasivu-ops
  fingerprint:
    description: A fingerprint that M(hasivu.ops.db_fingerprint) took of the old database.
    type: dict
  recovery_xid:
    description:
      - The first transaction that the restored server did not see. By default the module takes it from the last
        checkpoint, which is right as long as that is the one that ended recovery. Once the server has been worked on,
        give what an earlier verification returned, or C(server.next_xid) of a fingerprint that was taken as soon as it
        was restored.
    type: int
  newest_keys:
    description: How many of the highest keys the profile V(fast) compares in each table.
    type: int
    default: 1000000
  invariants:
    description: Rules of the business, each a query that must return no row.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Short name of the rule.
        type: str
        required: true
      what:
        description: The rule as a sentence.
        type: str
        required: true
      sql:
        description: The query.
        type: str
        required: true
  prewarm:
    description: Tables to read into memory.
    type: list
    elements: str
    default: []
  application_secret_id:
    description: Secret with the login of the application, which must be able to write; without it no write is tried.
    type: str
  write_table:
    description: Table in which that login updates a row and takes it back.
    type: str
  region:
    description: Region of the secret.
    type: str
  endpoint_url:
    description: Address of Secrets Manager where it is not that of AWS.
    type: str
  accept_unknown:
    description:
      - Names of checks that need not be known, for a person took that on themselves. What is wrong still fails.
    type: list
    elements: str
    default: []
  connections:
    description: How many checks run beside each other.
    type: int
    default: 4
  statement_seconds:
    description: Time that one query may take.
    type: int
    default: 3600
extends_documentation_fragment:
  - hasivu.ops.critical_tables
  - hasivu.ops.database
attributes:
  check_mode:
    description: Makes every check but the write, which is said to be skipped.
    support: partial
  diff_mode:
    description: Nothing changes, so there is no difference to show.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Verify the restored database
  hasivu.ops.db_verification:
    host: restored.example.com
    database: hasivu
    user: hasivu_maint
    restore_time: "2026-03-01T05:29:59Z"
    tables:
      - {name: public.orders, key: [id], created: created_at, gap_minutes: 60}
    invariants:
      - name: negative-wallet
        what: No wallet is overdrawn
        sql: SELECT guardian_id FROM wallet_transactions GROUP BY 1 HAVING sum(amount_paise) < 0
    application_secret_id: hasivu/production/database/application
    write_table: public.orders
    region: ap-south-1
"""

RETURN = r"""
checks:
  description: Every check with C(name), C(ok), C(what), C(detail) and C(skipped); C(ok) is null where it is not known.
  returned: always
  type: list
  elements: dict
compared_with:
  description:
    - What the data were compared with, V(old), V(fingerprint) or V(nothing), and why not with the old database.
  returned: always
  type: dict
recovery_xid:
  description: The first transaction that the restored server did not see, for a verification that goes on later.
  returned: when it was compared with the old database
  type: int
failing:
  description: Names of the checks that are wrong or unknown and were not accepted.
  returned: always
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import preload as preload_service
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.fingerprint import TABLE_OPTIONS
from ansible_collections.hasivu.ops.plugins.module_utils.role_login import check_library
from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import failing, verdict
from ansible_collections.hasivu.ops.plugins.module_utils.verification_sessions import side_by_side
from ansible_collections.hasivu.ops.plugins.module_utils.verification_start import begin
from ansible_collections.hasivu.ops.plugins.module_utils.verification_write import write_check

INVARIANT = {name: {"type": "str", "required": True} for name in ("name", "what", "sql")}
OPTIONS: dict[str, dict[str, Any]] = {
    "restore_time": {"type": "str", "required": True},
    "profile": {"type": "str", "choices": ["fast", "full"], "default": "fast"},
    "tables": {"type": "list", "elements": "dict", "options": TABLE_OPTIONS, "required": True},
    "old": {"type": "dict", "options": CONNECTION_OPTIONS},
    "fingerprint": {"type": "dict"},
    "recovery_xid": {"type": "int"},
    "newest_keys": {"type": "int", "default": 1000000, "no_log": False},
    "invariants": {"type": "list", "elements": "dict", "options": INVARIANT, "default": []},
    "prewarm": {"type": "list", "elements": "str", "default": []},
    "application_secret_id": {"type": "str", "no_log": False},
    "write_table": {"type": "str"},
    "region": {"type": "str"},
    "endpoint_url": {"type": "str"},
    "accept_unknown": {"type": "list", "elements": "str", "default": []},
    "connections": {"type": "int", "default": 4},
    "statement_seconds": {"type": "int", "default": 3600},
}


def main() -> None:
    """Make every check, and fail with those that do not hold."""
    module = AnsibleModule(
        argument_spec={**CONNECTION_OPTIONS, **OPTIONS},
        required_by={"application_secret_id": ["write_table", "region"]},
        supports_check_mode=True,
    )
    check_library(module)
    begun = begin(module)
    with begun.open as verification:
        checks = side_by_side(verification.steps(), module.params["connections"])
    if module.params["application_secret_id"]:
        checks.append(write_check(module))
    failed = failing(checks, module.params["accept_unknown"])
    result = {
        "checks": [check.as_dict() for check in checks],
        "compared_with": begun.compared_with,
        "recovery_xid": begun.recovery_xid,
        "failing": [check.name for check in failed],
    }
    if failed:
        module.fail_json(msg=verdict(failed, module.params["restore_time"]), stop="resumable", **result)
    module.exit_json(changed=False, **result)


def preload(arguments: dict[str, Any]) -> None:
    """Load the model of the service before the worker of the step is forked."""
    if arguments.get("application_secret_id"):
        preload_service("secretsmanager")


if __name__ == "__main__":
    main()
