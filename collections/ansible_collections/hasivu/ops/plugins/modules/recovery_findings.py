#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judge whether the objectives of recovery can be met, and were."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: recovery_findings
short_description: Judge whether the objectives of recovery can be met, and were
version_added: 0.3.0
description:
  - Holds the declared backups against the declared objectives, the database against its declared backups, and the
    objectives against what earlier recoveries measured.
  - Returns what somebody must mend, in the form of a part of a review.
  - The worst case of a periodic backup is its interval and the time that it takes; that of point-in-time recovery
    is five minutes.
  - What could not be read is a finding too.
options:
  tiers:
    description:
      - The tiers of services, each with C(name), C(assets), C(rpo_s), C(rto_s) and C(measured_by), the ids of the
        procedures whose records measure it.
    type: list
    elements: dict
    required: true
  backups:
    description:
      - The declared backups, each with C(asset), C(source), C(mechanism), C(every_minutes) and C(takes_minutes) or
        C(lag_minutes), C(retention_days), C(immutability), C(copy), C(key), C(owner) and C(last_restore_test).
    type: list
    elements: dict
    required: true
  database_asset:
    description: The asset whose backups O(instance) and O(snapshots) show.
    type: str
    required: true
  alarm_s:
    description: Seconds that the latest restorable time of the database may lag behind.
    type: float
    required: true
  drill_days:
    description: Days after which a measurement or a restore test is too old.
    type: int
    default: 100
  history:
    description: The result of M(hasivu.ops.recovery_history_info).
    type: dict
    required: true
  instance:
    description: The result of asking RDS for the instance; its C(answer) is the instance.
    type: dict
    required: true
  snapshots:
    description: The result of asking RDS for its snapshots; its C(answer) is their list.
    type: dict
    required: true
attributes:
  check_mode:
    description: The module only reads what it is given.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Judge what was read
  hasivu.ops.recovery_findings:
    tiers: "{{ recovery_objectives.tiers }}"
    backups: "{{ backups }}"
    database_asset: database
    alarm_s: 900
    history: "{{ earlier }}"
    instance: "{{ told_instance }}"
    snapshots: "{{ told_snapshots }}"
"""

RETURN = r"""
findings:
  description: The findings, each with C(what), C(where), C(why), C(do), C(severity) and C(key).
  returned: success
  type: list
  elements: dict
facts:
  description: How much was looked at.
  returned: success
  type: list
  elements: dict
sections:
  description: Tables and trends, for M(hasivu.ops.run_report).
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
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_review import review

DECLARED = ("tiers", "backups", "database_asset", "alarm_s", "drill_days")
HISTORY = ("measurements", "unverified", "unmeasured")


def main() -> None:
    """Read the options, judge, return."""
    module = AnsibleModule(
        argument_spec={
            **{name: {"type": "list", "elements": "dict", "required": True} for name in ("tiers", "backups")},
            "database_asset": {"type": "str", "required": True},
            "alarm_s": {"type": "float", "required": True},
            "drill_days": {"type": "int", "default": 100},
            **{name: {"type": "dict", "required": True} for name in ("history", "instance", "snapshots")},
        },
        supports_check_mode=True,
    )
    options = module.params
    if any(name not in options["history"] for name in HISTORY):
        module.fail_json(
            msg="The history holds no measurements. Give the whole result of recovery_history_info.", stop="bad_input"
        )
    declared = {name: options[name] for name in DECLARED}
    answers = {name: options[name] for name in ("instance", "snapshots")}
    module.exit_json(changed=False, **review(declared, options["history"], answers, datetime.now(UTC)))


if __name__ == "__main__":
    main()
