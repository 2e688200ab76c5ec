# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the policy asks for a run, by its risk and by its inputs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.change_risk import (
    approvals_wanted,
    needs_of,
    policy_problems,
    risk_of,
)

RUNBOOK: dict[str, Any] = {
    "id": "db-recovery",
    "risk": "safe",
    "inputs": {"force": {"default": False, "raises_risk_to": "disruptive"}, "accept_loss_s": {"default": 0}},
}
POLICY: dict[str, Any] = {
    "requires": {"safe": ["ticket"], "disruptive": ["ticket", "one_approval"]},
    "inputs_require": {"db-recovery": {"accept_loss_s": ["two_approvals"]}, "other": {"force": ["two_approvals"]}},
}


@pytest.mark.parametrize(
    ("inputs", "risk", "wanted"),
    [
        ({}, "safe", 0),
        ({"force": False, "accept_loss_s": 0}, "safe", 0),
        ({"force": True}, "disruptive", 1),
        ({"accept_loss_s": 60}, "safe", 2),
        ({"force": True, "accept_loss_s": 60}, "disruptive", 2),
    ],
)
def test_risk_and_inputs_decide_how_many_must_approve(inputs: dict[str, Any], risk: str, wanted: int) -> None:
    assert risk_of(RUNBOOK, inputs) == risk
    assert approvals_wanted(needs_of(POLICY, RUNBOOK, inputs)) == wanted


def test_a_policy_that_asks_for_what_nobody_can_give_is_told() -> None:
    policy = {"requires": {"safe": ["two_aprovals"]}, "inputs_require": {"db-recovery": {"acept_loss_s": ["ticket"]}}}
    first, second = policy_problems(policy, RUNBOOK)
    assert "'two_aprovals'" in first
    assert "'acept_loss_s', which db-recovery does not have" in second
    assert policy_problems(POLICY, RUNBOOK) == []
