"""Whether the project is as it was signed, where the environment asks for that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.project_content import MEND, verdict_of

from hasivu_play.doctor_check import Check

NAME = "project content"


def check_content(root: Path, variables: dict[str, Any]) -> Check:
    """Verify the project by the variables of an environment, as they are resolved."""
    wanted = (variables.get("policy") or {}).get("project_verification", "none")
    if wanted == "none":
        return Check(NAME, ok=True, says="not verified before a run, for the policy does not ask for it")
    signers = variables.get("project_signers")
    if wanted != "required" or not signers:
        says = f"project_verification is '{wanted}', and project_signers '{signers or ''}'"
        return Check(NAME, ok=False, says=says, mend="Set them to `required` and the path of those who may sign.")
    verdict = verdict_of(root, Path(str(signers)))
    says = " ".join(verdict.problems) or f"{verdict.files} files are as {verdict.signer} signed them"
    return Check(NAME, not verdict.problems, says, MEND)
