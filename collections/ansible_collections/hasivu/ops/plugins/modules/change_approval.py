#!/usr/bin/python
# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse a change that nobody else approved, or that the world has left behind."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: change_approval
short_description: Refuse a change that nobody else approved, or that the world has left behind
version_added: 1.0.0
description:
  - Asks for the approvals that the policy of the environment wants for the risk and the inputs of the change. An
    approval is an OpenSSH signature over the bytes of a plan, in the namespace C(hasivu-play), in a file beside it.
  - Counts each person of C(allowed_signers) once, and never the one who runs.
  - A plan that is given must be of this procedure, environment and inputs, not expired and not used before, and made
    with the same playbook, roles, modules and inventory. A rehearsal that is newer than the plan and has only just been
    made must find the same changes as the plan holds. This holds too where no approval is wanted.
  - A run that resumes one which this plan allowed is not asked to find the world unchanged, for that run changed it.
  - Keeps the plan, the signatures and C(allowed_signers) in the record of the run.
options:
  runbook:
    description: The header of the procedure.
    type: dict
    required: true
  inputs:
    description: The inputs of this run, as M(hasivu.ops.validate_inputs) returned them.
    type: dict
    default: {}
  policy:
    description:
      - C(requires) maps a risk to what its runs need, and C(inputs_require) an input of a procedure to what a run needs
        that gives another value than the default; C(one_approval) and C(two_approvals) are looked at here.
      - C(plan_hours) is how long a plan holds, and C(rehearsal_minutes) how old the rehearsal before a run may be.
    type: dict
    required: true
  environment_name:
    description: The environment of this run.
    type: str
    required: true
  plan:
    description: Path of the plan, or empty.
    type: str
    default: ""
  break_glass:
    description: Why this run passes the guards of time and approval; written large in the record.
    type: str
    default: ""
  run:
    description: What the record says of this run, C(hasivu_run).
    type: dict
    required: true
  signers:
    description: Path of the C(allowed_signers) of the environment.
    type: path
    required: true
  operators:
    description: The principal in C(allowed_signers) of each login that runs procedures.
    type: dict
    default: {}
  project:
    description: The folder of the project, to name the files that changed.
    type: path
    required: true
attributes:
  check_mode:
    description: Warns of what would refuse the run, and keeps nothing.
    support: full
author:
  - HASIVU Operations Team (@hasivu-ops)
"""

EXAMPLES = r"""
- name: Refuse a change that nobody else approved, or that the world has left behind
  hasivu.ops.change_approval:
    runbook: "{{ runbook }}"
    inputs: "{{ inputs }}"
    policy:
      requires:
        destructive: [ticket, two_approvals]
      inputs_require:
        db-recovery:
          accept_loss_s: [two_approvals]
      plan_hours: 24
      rehearsal_minutes: 15
    environment_name: production
    plan: /srv/changes/OPS-123.json
    run: "{{ hasivu_run }}"
    signers: "{{ inventory_dir }}/allowed_signers"
    operators:
      asha: asha@hasivu.edu.in
    project: "{{ playbook_dir | dirname }}"
"""

RETURN = r"""
risk:
  description: The risk of this run with these inputs.
  returned: success
  type: str
inputs:
  description: The inputs of this run, to which a plan is bound.
  returned: success
  type: dict
approvals_wanted:
  description: How many other persons must approve the plan of this run.
  returned: success
  type: int
plan_hours:
  description: How long a plan holds here.
  returned: success
  type: int
plan_digest:
  description: The SHA-256 of the plan.
  returned: when a plan was given
  type: str
approvals:
  description: Who approved it, each with C(principal) and C(fingerprint).
  returned: when a plan was given
  type: list
  elements: dict
rehearsal:
  description: The rehearsal that found the world as in the plan.
  returned: when a plan was given
  type: str
objections:
  description: What speaks against the run now; not empty only in a rehearsal or with O(break_glass).
  returned: success
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.change_risk import (
    approvals_wanted,
    needs_of,
    policy_problems,
    risk_of,
)
from ansible_collections.hasivu.ops.plugins.module_utils.plan_document import PlanError, read_plan
from ansible_collections.hasivu.ops.plugins.module_utils.plan_evidence import keep
from ansible_collections.hasivu.ops.plugins.module_utils.plan_judgement import Judgement, Situation, judge
from ansible_collections.hasivu.ops.plugins.module_utils.record_run import first_line

PLAN_HOURS, REHEARSAL_MINUTES = 24, 15
RULES = (
    "policy", "allowed_signers", "project_signers", "operators", "hasivu_environment", "aws_account_id",
    "kubernetes_cluster_uid", "database_system_identifier",
)  # fmt: skip
HOW = "Make one with hasivu-play plan, have it approved with hasivu-play approve, and give it with --plan"
WORDS = {1: "the approval of another person", 2: "the approval of two other persons"}


def main() -> None:
    """Gather the objections, and refuse unless this is a rehearsal or an emergency."""
    module = AnsibleModule(
        argument_spec={
            "runbook": {"type": "dict", "required": True},
            "inputs": {"type": "dict", "default": {}},
            "policy": {"type": "dict", "required": True},
            "environment_name": {"type": "str", "required": True},
            "plan": {"type": "str", "default": ""},
            "break_glass": {"type": "str", "default": ""},
            "run": {"type": "dict", "required": True},
            "signers": {"type": "path", "required": True},
            "operators": {"type": "dict", "default": {}},
            "project": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    refuse_policy(module)
    refuse_own_rules(module)
    result = terms_of(module.params)
    judged = judge_plan(module, result)
    result["objections"] = objections = objections_to(result, judged)
    if objections and not module.check_mode and not module.params["break_glass"].strip():
        module.fail_json(msg=" ".join(objections), stop="refused", **result)
    for objection in objections:
        module.warn(f"{'A run would be refused now' if module.check_mode else 'Passed by break-glass'}: {objection}")
    if judged and not objections and not module.check_mode:
        keep_evidence(module, judged)
    module.exit_json(changed=False, **result, **(judged.told() if judged else {}))


def refuse_policy(module: AnsibleModule) -> None:
    """Fail when the policy asks for what nothing can give, for it would then ask for nothing."""
    if problems := policy_problems(module.params["policy"], module.params["runbook"]):
        module.fail_json(msg=f"{' '.join(problems)} Correct the policy in group_vars.", stop="bad_input")


def refuse_own_rules(module: AnsibleModule) -> None:
    """Fail when what the guards go by came on the command line, and not from the inventory."""
    begun = first_line(Path(module.params["run"]["directory"]))
    own = sorted(set(RULES) & set(begun.get("other_variables") or []))
    if own:
        module.fail_json(
            msg=f"{', '.join(own)} came on the command line, and guards go by the inventory alone. Leave it out.",
            stop="refused",
        )


def terms_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return what this run needs, which a plan repeats."""
    needs = needs_of(options["policy"], options["runbook"], options["inputs"])
    declared = options["runbook"].get("inputs") or {}
    return {
        "risk": risk_of(options["runbook"], options["inputs"]),
        "inputs": {name: options["inputs"].get(name) for name in declared},
        "approvals_wanted": approvals_wanted(needs),
        "plan_hours": int(options["policy"].get("plan_hours", PLAN_HOURS)),
    }


def judge_plan(module: AnsibleModule, terms: dict[str, Any]) -> Judgement | None:
    """Return the judgement of the plan, or nothing where none was given."""
    options = module.params
    if not options["plan"].strip():
        return None
    try:
        plan = read_plan(Path(options["plan"]).expanduser())
    except PlanError as error:
        module.fail_json(msg=str(error), stop="bad_input")
    situation = Situation(
        procedure=options["runbook"]["id"],
        environment=options["environment_name"],
        inputs=terms["inputs"],
        run=options["run"],
        signers=Path(options["signers"]),
        operators=options["operators"],
        project=Path(options["project"]),
        wanted=terms["approvals_wanted"],
        hours=terms["plan_hours"],
        minutes=int(options["policy"].get("rehearsal_minutes", REHEARSAL_MINUTES)),
        rehearsing=module.check_mode,
    )
    return judge(plan, situation)


def objections_to(terms: dict[str, Any], judged: Judgement | None) -> list[str]:
    """Return a sentence for everything that speaks against the run."""
    if judged:
        return judged.objections
    wanted = terms["approvals_wanted"]
    return [f"A {terms['risk']} change like this needs a plan with {WORDS[wanted]}. {HOW}."] if wanted else []


def keep_evidence(module: AnsibleModule, judged: Judgement) -> None:
    """Keep the plan and its approvals in the record, or do not begin."""
    try:
        keep(Path(module.params["run"]["directory"]), judged.plan, judged.approvals, Path(module.params["signers"]))
    except OSError as error:
        module.fail_json(
            msg=f"The plan cannot be kept in the record ({error.strerror}). Make room or set its rights right.",
            stop="refused",
        )


if __name__ == "__main__":
    main()
