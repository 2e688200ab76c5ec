"""Approving a plan: another person signs its bytes with the SSH key that the environment knows them by."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils import plan_approvals, signature
from ansible_collections.hasivu.ops.plugins.module_utils.plan_approvals import Approval, approvals_of
from ansible_collections.hasivu.ops.plugins.module_utils.plan_document import NAMESPACE, Plan

from hasivu_play.errors import RefusedError, UsageError
from hasivu_play.home import sandbox_directory
from hasivu_play.project import Project

ALLOWED_SIGNERS = "allowed_signers"
SECONDS = 300


def approve(project: Project, plan: Plan, key: Path) -> Approval:
    """Sign a plan, and write the signature beside it.

    Raises:
        RefusedError: The signature would not count.
        UsageError: The key cannot sign.
    """
    now = datetime.now(UTC)
    if now >= plan.expires:
        raise RefusedError(f"The plan expired at {plan.expires:%Y-%m-%d %H:%M} UTC. Make a new one.")
    armored = sign(plan.content, key)
    path = write_beside(plan, armored)
    found = approvals_of(plan, signers_of(project, plan.fields["environment"]), now.isoformat(), ())
    mine = [one for one in found.counted if one.file == path]
    if not mine:
        path.unlink()
        reasons = [reason for reason in found.refused if path.name in reason] or found.refused
        raise RefusedError(f"This approval would not count: {' '.join(reasons)}")
    return mine[0]


def signers_of(project: Project, environment: str) -> Path:
    """Return the file of those who may sign in an environment; the sandbox has it in its own folder."""
    folder = sandbox_directory() if environment == "sandbox" else project.inventory(environment)
    return folder / ALLOWED_SIGNERS


def sign(content: bytes, key: Path, namespace: str = NAMESPACE) -> str:
    """Return a signature, by default of a plan; ssh-keygen asks for what a key needs, such as a passphrase."""
    program = shutil.which("ssh-keygen")
    if program is None:
        return sign_here(content, key, namespace)
    command = [program, "-Y", "sign", "-n", namespace, "-f", str(key)]
    done = subprocess.run(command, input=content, capture_output=True, check=False, timeout=SECONDS)
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="replace").split())
        raise UsageError(f"ssh-keygen cannot sign with {key}: {said}. Give the path of your SSH key.")
    return done.stdout.decode("ascii")


def sign_here(content: bytes, key: Path, namespace: str) -> str:
    """Return a signature without ssh-keygen, for an Ed25519 key without a passphrase."""
    try:
        return str(signature.sign(signature.load_key(str(key)), content, namespace))
    except signature.SigningKeyError as error:
        raise UsageError(f"{str(error)[0].upper()}{str(error)[1:]}. Install OpenSSH for other keys.") from error


def write_beside(plan: Plan, armored: str) -> Path:
    """Write a signature under a name that tells its key, so that two people do not meet in one file."""
    draft = plan.path.with_name(f".{plan.path.name}.approval")
    draft.write_text(armored, encoding="ascii")
    key = plan_approvals.key_that_signed(plan.content, draft)
    if key is None:
        draft.unlink()
        raise UsageError("Plans are signed with Ed25519 or RSA keys, and this is another kind. Use such a key.")
    mark = "".join(letter for letter in signature.fingerprint(key)[7:] if letter.isalnum())[:12]
    path = Path(plan.path.with_name(f"{plan.path.name}.{mark}.sig"))
    draft.chmod(0o644)
    draft.replace(path)
    return path
