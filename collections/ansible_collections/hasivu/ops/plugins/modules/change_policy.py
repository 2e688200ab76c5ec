#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse a change that the policy of the environment does not allow now."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: change_policy
short_description: Refuse a change that the policy of the environment does not allow now
version_added: 0.1.0
description:
  - Checks the time against the freeze windows, and asks for the ticket or the reason that the policy of the environment
    wants for the risk of the change.
  - A procedure that only reads is never refused. A rehearsal is told what would refuse the run.
options:
  runbook:
    description: The header of the procedure; C(risk) and C(inputs) are read.
    type: dict
    required: true
  inputs:
    description:
      - The inputs of this run. One that differs from its default and has C(raises_risk_to) raises the risk.
    type: dict
    default: {}
  policy:
    description:
      - C(freeze_windows) is a list of C(name), C(from) and C(to) (HH:MM in India), and C(days) (default all).
      - C(requires) maps a risk to what its runs need, of which C(reason) and C(ticket) are looked at here, and
        approvals by M(hasivu.ops.change_approval). C(inputs_require) maps an input of a procedure to what a run needs
        besides that gives another value than its default.
    type: dict
    required: true
  ticket:
    description: The change ticket or reason that the operator gave.
    type: str
    default: ""
  break_glass:
    description: Why this run passes the guards of time and approval; written large in the record.
    type: str
    default: ""
  facts:
    description: Facts of the inventory, by name. One that is still a placeholder is bad input.
    type: dict
    default: {}
attributes:
  check_mode:
    description: Warns of what would refuse the run, and refuses only placeholders.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Refuse a change outside the policy of the environment
  hasivu.ops.change_policy:
    runbook: "{{ runbook }}"
    policy:
      freeze_windows:
        - {name: lunch, from: "10:30", to: "14:30"}
      requires:
        safe: [ticket]
    ticket: OPS-123
"""

RETURN = r"""
risk:
  description: The risk of this run with these inputs.
  returned: success
  type: str
objections:
  description: What speaks against the run now; not empty only in a rehearsal or with O(break_glass).
  returned: success
  type: list
  elements: str
"""

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.change_risk import READ, needs_of, risk_of

INDIA = ZoneInfo("Asia/Kolkata")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PLACEHOLDER = re.compile(r"^$|123456789012|NEW_|CHANGE_?ME|REPLACE|EXAMPLE|^<.*>$", re.IGNORECASE)
ASKED_FOR = {
    "reason": "a reason: give one with --ticket",
    "ticket": "a change ticket: give one with --ticket",
}


def main() -> None:
    """Gather the objections, and refuse unless this is a rehearsal or an emergency."""
    module = AnsibleModule(
        argument_spec={
            "runbook": {"type": "dict", "required": True},
            "inputs": {"type": "dict", "default": {}},
            "policy": {"type": "dict", "required": True},
            "ticket": {"type": "str", "default": ""},
            "break_glass": {"type": "str", "default": ""},
            "facts": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    refuse_placeholders(module)
    risk = risk_of(module.params["runbook"], module.params["inputs"])
    objections = [] if risk == READ else objections_to(module.params, risk, datetime.now(INDIA))
    if objections and not module.check_mode and not module.params["break_glass"].strip():
        module.fail_json(msg=" ".join(objections), stop="refused", risk=risk, objections=objections)
    for objection in objections:
        module.warn(f"{'A run would be refused now' if module.check_mode else 'Passed by break-glass'}: {objection}")
    module.exit_json(changed=False, risk=risk, objections=objections)


def refuse_placeholders(module: AnsibleModule) -> None:
    """Fail when a fact of the inventory still is what a template put there."""
    left = [name for name, value in module.params["facts"].items() if PLACEHOLDER.search(str(value))]
    if left:
        module.fail_json(
            msg=f"The inventory still holds a placeholder for {', '.join(sorted(left))}. "
            "Put the real value into group_vars; hasivu-play doctor lists all of them.",
            stop="bad_input",
        )


def objections_to(options: dict[str, Any], risk: str, now: datetime) -> list[str]:
    """Return a sentence for everything that speaks against a change of this risk at this time."""
    windows = options["policy"].get("freeze_windows") or []
    frozen = [frozen_sentence(window, now) for window in windows if is_inside(window, now)]
    asked = needs_of(options["policy"], options["runbook"], options["inputs"])
    wanted = [] if options["ticket"].strip() else [need for need in asked if need in ASKED_FOR]
    return frozen + [f"A {risk} change needs {ASKED_FOR[need]}." for need in wanted]


def frozen_sentence(window: dict[str, Any], now: datetime) -> str:
    """Say which window forbids changes now, and when the run becomes possible."""
    return (
        f"Changes are frozen from {window['from']} to {window['to']} IST ({window['name']}); it is {now:%H:%M}. "
        f"Run again after {end_of(window, now):%Y-%m-%d %H:%M} IST."
    )


def is_inside(window: dict[str, Any], now: datetime) -> bool:
    """Tell whether a time lies in a window, which may end on the next day."""
    return any(begin <= now < end for begin, end in occurrences(window, now))


def end_of(window: dict[str, Any], now: datetime) -> datetime:
    """Return when the window that holds a time ends."""
    return max(end for begin, end in occurrences(window, now) if begin <= now < end)


def occurrences(window: dict[str, Any], now: datetime) -> list[tuple[datetime, datetime]]:
    """Return begin and end of the window yesterday and today, on the days that it is for."""
    found = []
    for days_ago in (1, 0):
        day = now.date() - timedelta(days=days_ago)
        if DAYS[day.weekday()] in (window.get("days") or DAYS):
            begin = at(day, window["from"])
            end = at(day, window["to"])
            found.append((begin, end if end > begin else end + timedelta(days=1)))
    return found


def at(day: Any, clock: str) -> datetime:
    """Return a time of a day in India; `24:00` is the midnight at its end."""
    hours, minutes = clock.split(":")
    return datetime(day.year, day.month, day.day, tzinfo=INDIA) + timedelta(hours=int(hours), minutes=int(minutes))


if __name__ == "__main__":
    main()
