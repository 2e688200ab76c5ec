# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How risky a run is with its inputs, and what the policy of the environment asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

READ = "read"
RISKS = (READ, "safe", "disruptive", "destructive")
APPROVALS = {"one_approval": 1, "two_approvals": 2}
NEEDS = ("reason", "ticket", *APPROVALS)
VERIFICATIONS = ("none", "required")


def risk_of(runbook: Mapping[str, Any], inputs: Mapping[str, Any]) -> str:
    """Return the risk of the header, raised by the inputs that say they raise it."""
    risks = [runbook["risk"]]
    for name, specification in (runbook.get("inputs") or {}).items():
        raised = specification.get("raises_risk_to")
        if raised and is_set(name, specification, inputs):
            risks.append(raised)
    return str(max(risks, key=RISKS.index))


def is_set(name: str, specification: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Tell whether an input differs from its default."""
    return bool(inputs.get(name, specification.get("default")) != specification.get("default"))


def needs_of(policy: Mapping[str, Any], runbook: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[str]:
    """Return what the policy asks for a run: by its risk, and by each input that it names for this procedure."""
    risk = risk_of(runbook, inputs)
    declared = runbook.get("inputs") or {}
    asked = list((policy.get("requires") or {}).get(risk) or [])
    for name, needs in ((policy.get("inputs_require") or {}).get(runbook.get("id")) or {}).items():
        if name in declared and is_set(name, declared[name] or {}, inputs):
            asked += needs
    return list(dict.fromkeys(asked))


def approvals_wanted(needs: list[str]) -> int:
    """Return how many other persons must have approved the plan of a run."""
    return max((APPROVALS.get(need, 0) for need in needs), default=0)


def policy_problems(policy: Mapping[str, Any], runbook: Mapping[str, Any]) -> list[str]:
    """Name what a policy asks for that nothing could give, and inputs that the procedure does not have."""
    asked = [need for needs in (policy.get("requires") or {}).values() for need in needs]
    inputs = (policy.get("inputs_require") or {}).get(runbook.get("id")) or {}
    asked += [need for needs in inputs.values() for need in needs]
    unknown = sorted({str(need) for need in asked} - set(NEEDS))
    strange = sorted(set(inputs) - set(runbook.get("inputs") or {}))
    verification = policy.get("project_verification", "none")
    known = verification in VERIFICATIONS
    return [
        *([] if known else [f"project_verification is '{verification}', which is none of {', '.join(VERIFICATIONS)}."]),
        *(f"The policy asks for '{need}', which is none of {', '.join(NEEDS)}." for need in unknown),
        *(f"The policy names the input '{name}', which {runbook.get('id')} does not have." for name in strange),
    ]
