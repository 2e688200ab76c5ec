"""What a header says of its own playbook that is not so."""

from __future__ import annotations

import re

from hasivu_play.coverage import Procedure
from hasivu_play.coverage_problem import Problem

READS = "read"
WAY_BACK = re.compile(r"hasivu_run\.direction")


def truth_problems(procedure: Procedure) -> list[Problem]:
    """Return the steps, locks, inputs and ways back that a header promises and the playbook does not keep."""
    return [
        *step_problems(procedure),
        *role_problems(procedure),
        *input_problems(procedure),
        *way_back_problems(procedure),
    ]


def step_problems(procedure: Procedure) -> list[Problem]:
    """Return the steps that a header names and the playbook does not have."""
    header = procedure.header
    named = [(f"covers '{item['block']}' by", step) for item in header.covers for step in item["steps"]]
    named += [(f"has for {control['id']} the evidence", control["evidence"]) for control in header.controls]
    named += [("begins a phase with", phase["begins"]) for phase in header.phases]
    named += [("cannot go back from", header.point_of_no_return)] if header.point_of_no_return else []
    return [
        Problem(header.id, f"{words} '{step}', which is no step of it.", "Name a step word for word.")
        for words, step in named
        if step not in procedure.steps
    ]


def role_problems(procedure: Procedure) -> list[Problem]:
    """Return where the risk in a header and the roles that the playbook calls contradict each other."""
    header, roles = procedure.header, procedure.roles
    if "change_guard" not in roles:
        return [Problem(header.id, "does not call change_guard, as all do.", "Include the role among its guards.")]
    if header.risk != READS and "resource_lock" not in roles:
        return [Problem(header.id, f"says that it is {header.risk}, but holds no lock.", "Include resource_lock.")]
    if header.risk == READS and "resource_lock" in roles:
        return [Problem(header.id, "says that it only reads, but holds a lock.", "Mend `risk`, or leave the lock out.")]
    return []


def input_problems(procedure: Procedure) -> list[Problem]:
    """Return the inputs that an operator may set and nothing reads."""
    header = procedure.header
    return [
        Problem(header.id, f"takes the input '{name}', which nothing reads.", "Use it, or leave it out.")
        for name in header.inputs
        if not re.search(rf"inputs\.{name}\b|'{name}'", procedure.body)
    ]


def way_back_problems(procedure: Procedure) -> list[Problem]:
    """Return a problem when a header promises a way back that no step takes."""
    header = procedure.header
    if header.reversible and not WAY_BACK.search(procedure.body):
        return [Problem(header.id, "says that it is reversible, but has no way back.", "Look at hasivu_run.direction.")]
    return []
