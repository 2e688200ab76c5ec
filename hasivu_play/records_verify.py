"""Verify a record: that no line was altered, dropped or reordered, no file changed, and who signed it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record_line, record_origin
from ansible_collections.hasivu.ops.plugins.module_utils.record import PASSING, RECORD
from ansible_collections.hasivu.ops.plugins.module_utils.record_seal import LINES, MANIFEST, SIGNATURE

from hasivu_play.records_lines import broken_chain, changed_lines
from hasivu_play.records_run import Run
from hasivu_play.records_signers import check_signer


@dataclass(frozen=True)
class Verification:
    """Whether a record is as it was written, and every sign that it is not."""

    problems: list[str]

    @property
    def ok(self) -> bool:
        """Tell whether there is no problem."""
        return not self.problems


def verify(run: Run) -> Verification:
    """Check lines, files, manifest and signature of a record, without a network."""
    lines = record_line.read_lines(run.directory / RECORD)
    try:
        content = (run.directory / MANIFEST).read_bytes()
    except OSError:
        return Verification([*broken_chain(lines), "The record is not sealed, for it has no manifest.json."])
    manifest = read_manifest(content)
    if not manifest:
        return Verification([*broken_chain(lines), "manifest.json was altered: it is not a manifest any more."])
    problems = [*line_problems(run, lines, manifest), *file_problems(run, manifest), *name_problems(run, manifest)]
    return Verification([*problems, *check_signer(run, content, manifest)])


def read_manifest(content: bytes) -> dict[str, Any]:
    """Return the manifest, or nothing when it is none."""
    try:
        manifest = json.loads(content)
    except ValueError:
        return {}
    listed = isinstance(manifest, dict) and isinstance(manifest.get("files"), dict)
    return manifest if listed else {}


def line_problems(run: Run, lines: list[bytes], manifest: dict[str, Any]) -> list[str]:
    """Name the first line of the record that is not as it was written."""
    whole = hashlib.sha256(b"".join(lines)).hexdigest() == manifest["files"].get(RECORD)
    if whole and (not lines or record_line.digest(lines[-1]) == manifest.get("head")):
        return broken_chain(lines)
    listed = run.directory / LINES
    if digest_of(run, LINES) == manifest["files"].get(LINES):
        expected = [line.split()[0] for line in listed.read_text(encoding="ascii").splitlines()]
        return changed_lines(expected, lines)
    return broken_chain(lines) or [f"{RECORD} is not the file that the manifest lists."]


def file_problems(run: Run, manifest: dict[str, Any]) -> list[str]:
    """Name the other files that were altered, removed or added."""
    listed = {name: digest for name, digest in manifest["files"].items() if name != RECORD}
    found = {str(path.relative_to(run.directory)) for path in record_origin.files_below(run.directory)}
    altered = [f"{name} was altered." for name in sorted(listed.keys() & found) if digest_of(run, name) != listed[name]]
    removed = [f"{name} was removed." for name in sorted(listed.keys() - found)]
    added = sorted(found - listed.keys() - {RECORD, MANIFEST, SIGNATURE, *PASSING})
    return [*altered, *removed, *(f"{name} was added after the record was sealed." for name in added)]


def name_problems(run: Run, manifest: dict[str, Any]) -> list[str]:
    """Tell when the record lies in the folder of another run."""
    return (
        [] if manifest.get("run") == run.id else [f"The folder is named {run.id}, the manifest {manifest.get('run')}."]
    )


def digest_of(run: Run, name: str) -> str | None:
    """Return the SHA-256 of a file of the record, or nothing when it is missing."""
    path = run.directory / name
    return record_origin.file_digest(path) if path.is_file() else None
