# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which keys may sign records, and which of them signed a manifest."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils.signature import NAMESPACE

PUBLIC_KEY = "ssh-"


def signing_key(content: bytes, path: Path, namespace: str = NAMESPACE) -> str | None:
    """Return the public key that signed in a namespace, or nothing when the signature is not of this content."""
    from sshsig import InvalidSignature, check_signature

    try:
        return str(check_signature(content, path.read_bytes(), namespace).openssh_str())
    except (InvalidSignature, NotImplementedError, ValueError, AssertionError):
        return None


def keys_of(path: Path, moment: str | None) -> set[str]:
    """Return the keys of a file that may sign records at a moment: an `allowed_signers` file, or one public key.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is neither.
    """
    text = path.read_text(encoding="ascii")
    return {text.split()[1]} if text.startswith(PUBLIC_KEY) else keys_in(path, moment)


def keys_in(path: Path, moment: str | None, wanted: str = NAMESPACE) -> set[str]:
    """Return the keys of an `allowed_signers` file that may sign in a namespace, by default records, at a moment."""
    from sshsig.allowed_signers import load_allowed_signers_file

    with path.open(encoding="ascii") as file:
        signers = load_allowed_signers_file(file)
    return {signer.base64_key for signer in signers if may_sign(signer.options or {}, moment, wanted)}


def may_sign(options: dict[str, str], moment: str | None, wanted: str = NAMESPACE) -> bool:
    """Tell whether the options of a signer allow a namespace, by default records, at a moment, by default now."""
    namespaces = options.get("namespaces", "*").split(",")
    if not any(fnmatch(wanted, namespace) for namespace in namespaces) or "cert-authority" in options:
        return False
    when = datetime.fromisoformat(moment) if moment else datetime.now(UTC)
    after, before = options.get("valid-after"), options.get("valid-before")
    return not (after and when < time_of(after)) and not (before and when >= time_of(before))


def time_of(text: str) -> datetime:
    """Read a time as `allowed_signers` writes it: YYYYMMDD[HHMM[SS]][Z]; without Z it is the time of this machine."""
    digits = text.removesuffix("Z")
    moment = datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S")
    return moment.replace(tzinfo=UTC) if text.endswith("Z") else moment.astimezone()
