"""The content of a project, verified before it runs where the inventory asks for it."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils.project_content import MEND, Verdict, verdict_of

from hasivu_play.doctor_environment import resolve
from hasivu_play.errors import RefusedError, UsageError
from hasivu_play.project import Project

VERIFICATION, SIGNERS = "project_verification", "project_signers"
FIRST_HOST = "all[0]"
REQUIRED = "required"


def refuse_changed(project: Project, environment: str) -> None:
    """Refuse to run a project that is not as it was signed, where the environment asks for that.

    The guard in each procedure asks the same; this asks before a playbook is begun, which might have lost its guard.

    Raises:
        RefusedError: It differs, or nobody can tell.
    """
    signers = signers_of(project, environment)
    problems = verdict_of(project.root, signers).problems if signers else []
    if problems:
        raise RefusedError(f"{' '.join(problems)} {MEND}")


def signers_of(project: Project, environment: str) -> Path | None:
    """Return who may sign the project for an environment, or nothing where no verification is asked for.

    Raises:
        RefusedError: It cannot be read.
    """
    inventory = project.inventory(environment)
    names = ["policy", *([SIGNERS] if project.mentions(environment, SIGNERS) else [])]
    resolved, problem = resolve(project, inventory, FIRST_HOST, names)
    wanted, signers = (resolved.get("policy") or {}).get(VERIFICATION, "none"), resolved.get(SIGNERS)
    if not problem and wanted == "none":
        return None
    if problem or wanted != REQUIRED or not signers:
        what = problem or f"{VERIFICATION} is '{wanted}', and {SIGNERS} '{signers or ''}'."
        raise RefusedError(f"Whether the project is to be verified cannot be told: {what} Mend {inventory}/group_vars.")
    return Path(str(signers))


def verify_project(project: Project, environment: str, signers: Path | None) -> Verdict:
    """Return whether the project is as it was signed, by signers that were named or by those of an environment.

    Raises:
        UsageError: Nobody says who may sign.
    """
    known = signers or signers_of(project, environment)
    if known is None:
        raise UsageError(f"{environment} asks for no verification. Name those who may sign with --signers FILE.")
    verdict: Verdict = verdict_of(project.root, known)
    return verdict
