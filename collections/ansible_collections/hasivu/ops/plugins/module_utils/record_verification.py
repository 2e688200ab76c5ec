# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Verify a record: that no line was altered, dropped or reordered, no file changed, and who signed it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record_line, record_origin
from ansible_collections.hasivu.ops.plugins.module_utils.record import PASSING, RECORD
from ansible_collections.hasivu.ops.plugins.module_utils.record_chain import broken_chain, changed_lines
from ansible_collections.hasivu.ops.plugins.module_utils.record_seal import LINES, MANIFEST, SIGNATURE
from ansible_collections.hasivu.ops.plugins.module_utils.record_signers import signing_key

JudgeKey = Callable[[str], list[str]]


def problems_of(directory: Path, judge_key: JudgeKey) -> list[str]:
    """Return every sign that a record is not as it was written, without a network.

    Args:
        directory: The folder of the run.
        judge_key: Returns what is wrong with the key that signed, if anything.
    """
    lines = record_line.read_lines(directory / RECORD)
    try:
        content = (directory / MANIFEST).read_bytes()
    except OSError:
        return [*broken_chain(lines), "The record is not sealed, for it has no manifest.json."]
    manifest = read_manifest(content)
    if not manifest:
        return [*broken_chain(lines), "manifest.json was altered: it is not a manifest any more."]
    found = [
        *line_problems(directory, lines, manifest),
        *file_problems(directory, manifest),
        *name_problems(directory, manifest),
    ]
    return [*found, *signature_problems(directory, content, manifest, judge_key)]


def read_manifest(content: bytes) -> dict[str, Any]:
    """Return the manifest, or nothing when it is none."""
    try:
        manifest = json.loads(content)
    except ValueError:
        return {}
    listed = isinstance(manifest, dict) and isinstance(manifest.get("files"), dict)
    return manifest if listed else {}


def line_problems(directory: Path, lines: list[bytes], manifest: dict[str, Any]) -> list[str]:
    """Name the first line of the record that is not as it was written."""
    whole = hashlib.sha256(b"".join(lines)).hexdigest() == manifest["files"].get(RECORD)
    if whole and (not lines or record_line.digest(lines[-1]) == manifest.get("head")):
        return broken_chain(lines)
    listed = directory / LINES
    if digest_of(directory, LINES) == manifest["files"].get(LINES):
        expected = [line.split()[0] for line in listed.read_text(encoding="ascii").splitlines()]
        return changed_lines(expected, lines)
    return broken_chain(lines) or [f"{RECORD} is not the file that the manifest lists."]


def file_problems(directory: Path, manifest: dict[str, Any]) -> list[str]:
    """Name the other files that were altered, removed or added."""
    listed = {name: digest for name, digest in manifest["files"].items() if name != RECORD}
    found = {str(path.relative_to(directory)) for path in record_origin.files_below(directory)}
    kept = sorted(listed.keys() & found)
    altered = [f"{name} was altered." for name in kept if digest_of(directory, name) != listed[name]]
    removed = [f"{name} was removed." for name in sorted(listed.keys() - found)]
    added = sorted(found - listed.keys() - {RECORD, MANIFEST, SIGNATURE, *PASSING})
    return [*altered, *removed, *(f"{name} was added after the record was sealed." for name in added)]


def name_problems(directory: Path, manifest: dict[str, Any]) -> list[str]:
    """Tell when the record lies in the folder of another run."""
    same = manifest.get("run") == directory.name
    return [] if same else [f"The folder is named {directory.name}, the manifest {manifest.get('run')}."]


def signature_problems(directory: Path, content: bytes, manifest: dict[str, Any], judge_key: JudgeKey) -> list[str]:
    """Say what is wrong with the signature of a manifest, if anything."""
    path = directory / SIGNATURE
    if not path.is_file():
        reason = manifest.get("unsigned")
        return [f"The manifest is not signed: {reason}." if reason else f"{SIGNATURE} was removed."]
    key = signing_key(content, path)
    if key is None:
        return ["The signature does not fit manifest.json: one of them was altered."]
    return judge_key(key)


def digest_of(directory: Path, name: str) -> str | None:
    """Return the SHA-256 of a file of the record, or nothing when it is missing."""
    path = directory / name
    return record_origin.file_digest(path) if path.is_file() else None
