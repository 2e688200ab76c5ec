#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rank the findings of all parts of a review, and set aside those with an exception in force."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: review_findings
short_description: Rank the findings of a review
version_added: 0.2.0
description:
  - Puts the findings of all parts into one order, the most severe first, and counts those that somebody must mend.
  - A finding that an exception in force covers is set aside and shown as such. An exception ends with its day.
  - A part without findings of its own was not made, and that is a finding too.
options:
  parts:
    description: The parts of the review.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What the part looked at.
        type: str
        required: true
      result:
        description:
          - Its C(findings), and where it has them C(facts), C(sections) and C(notes). Empty when it was not made.
        type: dict
        required: true
  exceptions:
    description: Findings that somebody answers for.
    type: list
    elements: dict
    default: []
    suboptions:
      key:
        description: The kind of finding, such as V(user-without-mfa).
        type: str
        required: true
      where:
        description: Where it is; V(*) and V(?) stand for any letters.
        type: str
        required: true
      owner:
        description: Who answers for it.
        type: str
        required: true
      reason:
        description: Why it may stay.
        type: str
        required: true
      until:
        description: The last day on which it may, as YYYY-MM-DD in India.
        type: str
        required: true
attributes:
  check_mode:
    description: The module only reads what it is given.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Rank the findings
  hasivu.ops.review_findings:
    parts:
      - {name: Certificates, result: "{{ certificate_review }}"}
    exceptions:
      - key: wildcard-policy
        where: arn:aws:iam::*:role/hasivu-break-glass
        owner: Anita Deshpande
        reason: Locked away; used under two pairs of eyes.
        until: "2027-01-31"
"""

RETURN = r"""
findings:
  description: The findings that count, the most severe first, each with the C(part) that found it.
  returned: success
  type: list
  elements: dict
accepted:
  description: The findings that an exception covers, with C(owner), C(reason) and C(until).
  returned: success
  type: list
  elements: dict
failing:
  description: How many findings somebody must mend; advice is not counted.
  returned: success
  type: int
sentence:
  description: The same in a sentence that names the most severe.
  returned: success
  type: str
sections:
  description: The parts of the page, for M(hasivu.ops.run_report).
  returned: success
  type: list
  elements: dict
notes:
  description: What could not be covered here.
  returned: success
  type: list
  elements: str
"""

from datetime import datetime

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.report_values import IST
from ansible_collections.hasivu.ops.plugins.module_utils.review_exceptions import read_waivers
from ansible_collections.hasivu.ops.plugins.module_utils.review_ranking import rank

TEXT = {"type": "str", "required": True}
EXCEPTION = dict.fromkeys(("key", "where", "owner", "reason", "until"), TEXT)
PART = {"name": TEXT, "result": {"type": "dict", "required": True}}


def main() -> None:
    """Read the options, rank, report."""
    module = AnsibleModule(
        argument_spec={
            "parts": {"type": "list", "elements": "dict", "options": PART, "required": True},
            "exceptions": {"type": "list", "elements": "dict", "options": EXCEPTION, "default": []},
        },
        supports_check_mode=True,
    )
    try:
        waivers = read_waivers(module.params["exceptions"])
    except ValueError as error:
        module.fail_json(msg=f"{error} Write its day as YYYY-MM-DD in the inventory.", stop="bad_input")
    module.exit_json(changed=False, **rank(module.params["parts"], waivers, datetime.now(IST).date()))


if __name__ == "__main__":
    main()
