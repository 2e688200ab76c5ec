"""What is missing or wrong on this machine and in an environment, each with its mend."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hasivu_play.console import aligned
from hasivu_play.doctor_check import Check
from hasivu_play.doctor_environment import check_environment
from hasivu_play.doctor_machine import check_machine
from hasivu_play.project import Project


def examine(project: Project, environment: str, parts: dict[str, Any] | None) -> list[Check]:
    """Look at the machine, then at the environment; `parts` is the status of the sandbox where that is meant."""
    inventory = project.inventory(environment)
    return [*check_machine(), *check_environment(project, inventory, parts)]


def as_text(checks: list[Check]) -> str:
    """Return the checks as columns, with the mend of each that is wrong."""
    lines = aligned([("ok" if check.ok else "WRONG", check.name, check.says) for check in checks]).splitlines()
    mended = zip(lines, checks, strict=True)
    return "\n".join(line if check.ok else f"{line}\n       {check.mend}" for line, check in mended)


def as_dictionary(environment: str, checks: list[Check]) -> dict[str, Any]:
    """Return the checks as JSON holds them."""
    listed = [asdict(check) for check in checks]
    return {"environment": environment, "ok": all(check.ok for check in checks), "checks": listed}
