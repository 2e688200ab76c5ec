#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Put what an access review read into one part of a report, with a row for each account to attest."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: access_report
short_description: Put the results of an access review together
version_added: 0.2.0
description:
  - Takes the results of the reading modules as they were registered. One that failed or was not made becomes a finding.
  - Gives each account a row on which its owner marks keep, change or remove.
options:
  principals:
    description: Result of M(hasivu.ops.iam_principals_info).
    type: dict
    default: {}
  changes:
    description: Result of M(hasivu.ops.permission_changes_info).
    type: dict
    default: {}
  cluster:
    description: Result of M(hasivu.ops.kubernetes_access_info).
    type: dict
    default: {}
  database:
    description: Result of M(hasivu.ops.db_access_info).
    type: dict
    default: {}
attributes:
  check_mode:
    description: The module only reads what it is given.
    support: full
  diff_mode:
    description: Nothing changes, so there is no difference to show.
    support: none
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Put the results together
  hasivu.ops.access_report:
    principals: "{{ access_review_principals }}"
    changes: "{{ access_review_changes }}"
    cluster: "{{ access_review_cluster }}"
    database: "{{ access_review_database }}"
  register: access_review
"""

RETURN = r"""
findings:
  description: What is wrong, of all sources.
  returned: success
  type: list
  elements: dict
attestation:
  description: A row for each account, with C(decision), C(decided_by) and C(decided_on) left for its owner.
  returned: success
  type: list
  elements: dict
facts:
  description: What a reader wants to know first.
  returned: success
  type: list
  elements: dict
sections:
  description: Tables of what was looked at, for M(hasivu.ops.run_report).
  returned: success
  type: list
  elements: dict
unknown:
  description: What could not be looked at, a sentence each; each is a finding too.
  returned: success
  type: list
  elements: str
notes:
  description: What this environment could not cover.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.access_part import SOURCES, part


def main() -> None:
    """Take the results, put them together."""
    options = {name: {"type": "dict", "default": {}} for name in SOURCES}
    module = AnsibleModule(argument_spec=options, supports_check_mode=True)
    module.exit_json(changed=False, **part(module.params))


if __name__ == "__main__":
    main()
