#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judge what endpoints serve and stores keep."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: certificate_findings
short_description: Judge the certificates that endpoints serve and stores keep
version_added: 0.2.0
description:
  - Takes what M(hasivu.ops.tls_endpoint_info) and M(hasivu.ops.certificate_info) have read, compares both, and returns
    what somebody must mend, in the form of a part of a review.
  - What could not be read is a finding too.
options:
  endpoints:
    description: RV(hasivu.ops.tls_endpoint_info#module:endpoints).
    type: list
    elements: dict
    required: true
  kept:
    description: The result of M(hasivu.ops.certificate_info).
    type: dict
    required: true
  critical_days:
    description: Days before its end from which a certificate is critical.
    type: int
    default: 7
  high_days:
    description: Days before its end from which it is of high severity.
    type: int
    default: 14
  medium_days:
    description: Days before its end from which it is of medium severity.
    type: int
    default: 30
  notes:
    description: What this environment cannot show, as sentences.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: The module only reads what it is given.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Judge what was read
  hasivu.ops.certificate_findings:
    endpoints: "{{ served.endpoints }}"
    kept: "{{ held }}"
  register: certificate_review
"""

RETURN = r"""
findings:
  description: The findings, the most severe first, each with C(what), C(where), C(why), C(do), C(severity) and C(key).
  returned: success
  type: list
  elements: dict
unknown:
  description: What could not be looked at, as sentences; each is a finding too.
  returned: success
  type: list
  elements: str
facts:
  description: How much was looked at.
  returned: success
  type: list
  elements: dict
sections:
  description: Tables of what was looked at, for M(hasivu.ops.run_report).
  returned: success
  type: list
  elements: dict
notes:
  description: What the review does not cover.
  returned: success
  type: list
  elements: str
"""

from datetime import UTC, datetime

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_age import Clock
from ansible_collections.hasivu.ops.plugins.module_utils.certificate_report import review

DAYS = {"critical_days": 7, "high_days": 14, "medium_days": 30}


def main() -> None:
    """Read the options, judge, return."""
    module = AnsibleModule(
        argument_spec={
            "endpoints": {"type": "list", "elements": "dict", "required": True},
            "kept": {"type": "dict", "required": True},
            "notes": {"type": "list", "elements": "str", "default": []},
            **{name: {"type": "int", "default": days} for name, days in DAYS.items()},
        },
        supports_check_mode=True,
    )
    days = {name: module.params[name] for name in DAYS}
    if not 0 <= days["critical_days"] <= days["high_days"] <= days["medium_days"]:
        module.fail_json(
            msg="The days of the three severities do not grow. Set critical_days, high_days and medium_days in order.",
            stop="bad_input",
        )
    clock = Clock(datetime.now(UTC), **days)
    module.exit_json(
        changed=False, **review(module.params["endpoints"], module.params["kept"], clock, module.params["notes"])
    )


if __name__ == "__main__":
    main()
