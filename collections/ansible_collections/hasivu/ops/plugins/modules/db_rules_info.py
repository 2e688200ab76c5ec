#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask a database whether the rules of the business hold in it, and whether every reference leads to a row."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: db_rules_info
short_description: Check the rules of the business in PostgreSQL
version_added: 0.3.0
description:
  - Runs queries that must return no row, and follows every reference of the named tables. It reads only.
  - A rule that could not be asked is unknown, which is never as good as kept. It never fails because a rule is broken.
options:
  invariants:
    description: The rules.
    type: list
    elements: dict
    required: true
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
        description: Query that returns the rows which break it.
        type: str
        required: true
  tables:
    description: Tables, each with its schema, whose references are followed.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - hasivu.ops.database
attributes:
  check_mode:
    description: It only reads, so it does the same in check mode.
    support: full
  diff_mode:
    description: Nothing changes, so there is no difference to show.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Ask whether every payment has its order
  hasivu.ops.db_rules_info:
    host: db.example.com
    database: hasivu
    user: hasivu_maint
    invariants:
      - name: payment-without-order
        what: Every payment has its order
        sql: SELECT p.id FROM payments AS p LEFT JOIN orders AS o ON o.id = p.order_id WHERE o.id IS NULL
  register: rules
  failed_when: rules is failed or rules.broken
"""

RETURN = r"""
checks:
  description: Each rule with C(name), C(ok), C(what) and C(detail); C(ok) is nothing where it is not known.
  returned: success
  type: list
  elements: dict
broken:
  description: A sentence for each rule that is broken or not known.
  returned: success
  type: list
  elements: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.database import CONNECTION_OPTIONS, connect
from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import Check, made
from ansible_collections.hasivu.ops.plugins.module_utils.verification_integrity import invariant_check, orphans_check

RULE = {name: {"type": "str", "required": True} for name in ("name", "what", "sql")}
OPTIONS: dict[str, dict[str, Any]] = {
    "invariants": {"type": "list", "elements": "dict", "options": RULE, "required": True},
    "tables": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    """Ask, and report."""
    module = AnsibleModule(argument_spec={**CONNECTION_OPTIONS, **OPTIONS}, supports_check_mode=True)
    tables = module.params["tables"]
    with connect(module, read_only=True, statement_timeout="0") as connection:
        checks = [
            check
            for rule in module.params["invariants"]
            for check in made(f"invariant:{rule['name']}", rule["what"], asked(connection, rule))
        ]
        if tables:
            what = "Every reference leads to a row"
            checks += made("orphan_rows", what, lambda: [orphans_check(connection, tables, full=False)])
    module.exit_json(changed=False, checks=[one.as_dict() for one in checks], broken=broken(checks))


def asked(connection: Any, rule: dict[str, str]) -> Any:
    """Return how to check one rule."""
    return lambda: [invariant_check(connection, rule)]


def broken(checks: list[Check]) -> list[str]:
    """Return a sentence for each check that does not hold, or of which nobody knows."""
    return [f"{one.what}: {one.detail}" for one in checks if not one.ok]


if __name__ == "__main__":
    main()
