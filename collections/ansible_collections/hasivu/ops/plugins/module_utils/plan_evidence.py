# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan, its signatures and those who were allowed to sign, kept in the record of the run that they allowed."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils.plan_approvals import Approval
from ansible_collections.hasivu.ops.plugins.module_utils.plan_document import NAME, Plan, PlanError, read_plan

SIGNERS = "allowed_signers"


def keep(directory: Path, plan: Plan, approvals: list[Approval], signers: Path) -> None:
    """Copy into a record what allowed its run; the seal of the record then covers it.

    Raises:
        OSError: It cannot be written.
    """
    for number, approval in enumerate(approvals, 1):
        write(directory / f"{NAME}.{number}.sig", approval.file.read_bytes())
    if signers.is_file():
        write(directory / SIGNERS, signers.read_bytes())
    write(directory / NAME, plan.content)


def write(path: Path, content: bytes) -> None:
    """Write a file for its owner only."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def kept_plan(directory: Path) -> Plan | None:
    """Return the plan by which a run was allowed, or nothing."""
    try:
        return read_plan(directory / NAME)
    except PlanError:
        return None
