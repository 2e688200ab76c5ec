"""Who may sign the records of an environment."""

from __future__ import annotations

from ansible_collections.hasivu.ops.plugins.module_utils.record_signers import keys_in
from ansible_collections.hasivu.ops.plugins.module_utils.signature import fingerprint

from hasivu_play.errors import UsageError
from hasivu_play.home import sandbox_directory
from hasivu_play.project import installed_project
from hasivu_play.records_run import Run

ALLOWED_SIGNERS = "allowed_signers"


def check_key(run: Run, key: str) -> list[str]:
    """Say when a key may not sign records of this environment, or could not at that time."""
    try:
        known = known_signers(run)
    except (OSError, ValueError, UsageError) as error:
        return [f"The known signers of {run.environment} cannot be read: {error}"]
    if key.split()[1] in known:
        return []
    return [f"The signer {fingerprint(key)} is not known in {run.environment}. Add the key to its {ALLOWED_SIGNERS}."]


def known_signers(run: Run) -> set[str]:
    """Return the keys that may have signed a run: those of its environment, and the sandbox's own for the sandbox."""
    own = sandbox_directory() / "credentials" / "record_ed25519.pub"
    keys = {own.read_text(encoding="ascii").split()[1]} if run.environment == "sandbox" and own.is_file() else set()
    listed = installed_project().inventory(run.environment) / ALLOWED_SIGNERS
    return keys | keys_in(listed, run.ended) if listed.is_file() else keys
