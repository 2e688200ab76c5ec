#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module run_stop: ends a run on purpose, and says how."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: run_stop
short_description: End a run on purpose, and say how it can go on
version_added: 0.3.0
description:
  - Fails with a sentence, and with the way of ending from which the launcher takes its exit code.
options:
  msg:
    description: What happened, and what to do.
    type: str
    required: true
  stop:
    description: How the run ends.
    type: str
    choices: [finding, refused, resumable, decision, budget]
    required: true
attributes:
  check_mode:
    description: It ends a rehearsal too.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Leave it to people when users have written there
  hasivu.ops.run_stop:
    stop: decision
    msg: Going back would lose what users wrote since. The incident commander must decide.
"""

RETURN = r"""
stop:
  description: How the run ends.
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

WAYS = ["finding", "refused", "resumable", "decision", "budget"]


def main() -> None:
    """Fail as asked."""
    module = AnsibleModule(
        argument_spec={
            "msg": {"type": "str", "required": True},
            "stop": {"type": "str", "choices": WAYS, "required": True},
        },
        supports_check_mode=True,
    )
    module.fail_json(msg=module.params["msg"], stop=module.params["stop"])


if __name__ == "__main__":
    main()
