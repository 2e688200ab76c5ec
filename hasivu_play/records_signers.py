"""Who may sign records, and whether one of them signed this one."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.record_seal import SIGNATURE
from ansible_collections.hasivu.ops.plugins.module_utils.signature import NAMESPACE, fingerprint

from hasivu_play.errors import UsageError
from hasivu_play.home import sandbox_directory
from hasivu_play.project import installed_project
from hasivu_play.records_run import Run

ALLOWED_SIGNERS = "allowed_signers"


def check_signer(run: Run, content: bytes, manifest: dict[str, Any]) -> list[str]:
    """Say what is wrong with the signature of a manifest, if anything."""
    path = run.directory / SIGNATURE
    if not path.is_file():
        reason = manifest.get("unsigned")
        return [f"The manifest is not signed: {reason}." if reason else f"{SIGNATURE} was removed."]
    key = signing_key(content, path)
    if key is None:
        return ["The signature does not fit manifest.json: one of them was altered."]
    return check_key(run, key)


def signing_key(content: bytes, path: Path) -> str | None:
    """Return the public key that signed, or nothing when the signature is not of this content."""
    from sshsig import InvalidSignature, check_signature

    try:
        return str(check_signature(content, path.read_bytes(), NAMESPACE).openssh_str())
    except (InvalidSignature, NotImplementedError, ValueError, AssertionError):
        return None


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


def keys_in(path: Path, moment: str | None) -> set[str]:
    """Return the keys of an `allowed_signers` file that may sign records at a moment."""
    from sshsig.allowed_signers import load_allowed_signers_file

    with path.open(encoding="ascii") as file:
        signers = load_allowed_signers_file(file)
    return {signer.base64_key for signer in signers if may_sign(signer.options or {}, moment)}


def may_sign(options: dict[str, str], moment: str | None) -> bool:
    """Tell whether the options of a signer allow records, at the time that the record ended."""
    namespaces = options.get("namespaces", "*").split(",")
    if not any(fnmatch(NAMESPACE, namespace) for namespace in namespaces) or "cert-authority" in options:
        return False
    when = datetime.fromisoformat(moment) if moment else datetime.now(UTC)
    after, before = options.get("valid-after"), options.get("valid-before")
    return not (after and when < time_of(after)) and not (before and when >= time_of(before))


def time_of(text: str) -> datetime:
    """Read a time as `allowed_signers` writes it: YYYYMMDD[HHMM[SS]][Z]; without Z it is the time of this machine."""
    digits = text.removesuffix("Z")
    moment = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S")
    return moment.replace(tzinfo=UTC) if text.endswith("Z") else moment.astimezone()
