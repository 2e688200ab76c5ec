#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of the action of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: validate_inputs
short_description: Check the inputs of a procedure, and give each its type and its default
version_added: 0.1.0
description:
  - Looks up each input among the variables of the play, where C(-e) puts it, and checks it against the specification.
  - Names every input that is wrong at once.
options:
  specification:
    description:
      - The inputs by name, in the syntax of argument specs (C(type), C(choices), C(default), C(required), C(elements)).
      - C(minimum) and C(maximum) bound a number, C(pattern) a text.
    type: dict
    required: true
attributes:
  check_mode:
    description: The action only reads.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Refuse inputs that this procedure does not take
  hasivu.ops.validate_inputs:
    specification:
      budget_min: {type: int, minimum: 5, maximum: 120, default: 45, description: Minutes that the run may take.}
  register: inputs
"""

RETURN = r"""
"*":
  description: Each input under its own name, with its type and its default.
  returned: success
  type: raw
"""
