# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Seal a record: a manifest of every file in its folder, signed, after which nothing in it can change unseen."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record_line, record_origin, signature
from ansible_collections.hasivu.ops.plugins.module_utils.record import PASSING, RECORD

FORMAT = 1
MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
LINES = "record.sha256"
OF_THE_START = (
    "run", "procedure", "title", "risk", "environment", "check", "inputs", "ticket", "break_glass", "resumes",
    "direction", "origin", "launcher", "digests", "plan",
)  # fmt: skip
OF_THE_END = ("state", "exit_code", "changed", "failed_step", "message")


def seal(directory: Path, key_path: str | None) -> dict[str, Any]:
    """Remove what only the living run needed, list the rest in a manifest and sign it; return the manifest.

    The signature is written before the manifest, so that a folder with a manifest is a sealed one.
    """
    for name in PASSING:
        (directory / name).unlink(missing_ok=True)
    lines = record_line.read_lines(directory / RECORD)
    write_private(directory / LINES, digest_list(lines))
    key, signed_by = signer(key_path)
    manifest = {**describe(lines), "files": file_digests(directory), **signed_by}
    content = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    if key:
        write_private(directory / SIGNATURE, signature.sign(key, content.encode()))
    write_private(directory / MANIFEST, content)
    return manifest


def digest_list(lines: list[bytes]) -> str:
    """Return the digest of each line beside its number, by which an altered line is found again."""
    return "".join(f"{record_line.digest(line)}  {number}\n" for number, line in enumerate(lines, 1))


def signer(key_path: str | None) -> tuple[Any, dict[str, Any]]:
    """Return the key to sign with and who that is, or no key and the reason why the manifest stays unsigned."""
    if not key_path:
        return None, {"signer": None, "unsigned": "the inventory names no record_signing_key"}
    try:
        key = signature.load_key(key_path)
    except (signature.SigningKeyError, ImportError) as error:
        return None, {"signer": None, "unsigned": str(error)}
    public = signature.public_key(key)
    return key, {"signer": {"public_key": public, "fingerprint": signature.fingerprint(public)}}


def describe(lines: list[bytes]) -> dict[str, Any]:
    """Return what the first and the last line say of the run, and how many lines there are."""
    start, end = record_line.decode(lines[0]), record_line.decode(lines[-1])
    return {
        "format": FORMAT,
        **{name: start.get(name) for name in OF_THE_START},
        **{name: end.get(name) for name in OF_THE_END},
        "started": {name: start.get(name) for name in ("at", "at_ist")},
        "ended": {name: end.get(name) for name in ("at", "at_ist")},
        "lines": len(lines),
        "head": record_line.digest(lines[-1]),
    }


def file_digests(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of every file of the folder but the manifest and its signature."""
    files = [path for path in record_origin.files_below(directory) if path.name not in (MANIFEST, SIGNATURE)]
    return {str(path.relative_to(directory)): record_origin.file_digest(path) for path in files}


def write_private(path: Path, content: str) -> None:
    """Write a file for its owner only; it is there whole and on the disk, or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
