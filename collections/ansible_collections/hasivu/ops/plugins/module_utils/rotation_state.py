# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far a rotation is, told from what is found and not from what was written down."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils.report_file import write_private
from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    CURRENT,
    PENDING,
    PREVIOUS,
    Stages,
    foreign_pending,
    holder_of,
)


@dataclass(frozen=True)
class Seen:
    """What was found of a rotation.

    Attributes:
        stages: Stages of each version of the secret.
        version_id: Version that this rotation makes.
        old_version: Version that was current when the rotation began.
        new_works: Whether the server lets the login of `version_id` in; nothing where there is none to try.
        old_open: Whether the role of the old version may log in.
        old_sessions: Sessions that this role has open.
        alternating: Whether the two versions belong to two roles.
        abandon: Version of another rotation that the operator gives up.
    """

    stages: Stages
    version_id: str
    old_version: str
    new_works: bool | None = None
    old_open: bool = True
    old_sessions: int = 0
    alternating: bool = True
    abandon: str = ""


@dataclass(frozen=True)
class Standing:
    """How far a rotation is, in the names of the procedure, and what that means; some states only a person can end."""

    state: str
    meaning: str
    go_on: bool = True


def standing(seen: Seen) -> Standing:
    """Return how far a rotation is."""
    current = holder_of(seen.stages, CURRENT)
    other = foreign_pending(seen.stages, seen.version_id, seen.abandon)
    if other:
        return Standing("foreign", f"Another rotation is under way: version {other} has AWSPENDING.", go_on=False)
    if current not in (seen.version_id, seen.old_version):
        meaning = f"AWSCURRENT stands on {current or 'no version'}, which this rotation neither found nor made."
        return Standing("moved", meaning, go_on=False)
    if current == seen.version_id:
        return published(seen)
    if PENDING not in seen.stages.get(seen.version_id, []):
        return Standing("S0", "Nothing has been stored yet.")
    if not seen.new_works:
        return Standing("S1", "The new login is stored as pending; the role does not have its password yet.")
    return Standing("S2", "The pending login works already; the published one is as it was.")


def published(seen: Seen) -> Standing:
    """Return how far a rotation is whose version is the current one."""
    if not seen.new_works:
        return Standing("broken", "The published login does not work: somebody changed the role.", go_on=False)
    if not seen.alternating:
        return Standing("S7", "The new login is published, and the old password is gone.")
    if seen.old_open:
        return Standing("S4", "The new login is published; consumers may still use the old one, and both work.")
    if seen.old_sessions:
        return Standing("S6", "The old role is closed, and still has sessions.")
    return Standing("S7", "The new login is published, and the old role is closed.")


def old_version_of(stages: Stages, version_id: str, noted: str) -> str:
    """Return the version that was current when the rotation began: the one that was noted then, else what AWS shows."""
    current = holder_of(stages, CURRENT)
    return noted or (holder_of(stages, PREVIOUS) if current == version_id else current)


def noted_version(paths: list[str], version_id: str) -> str:
    """Return what the first of some notes says was current when this rotation began, or nothing."""
    for path in filter(None, paths):
        try:
            note = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if note.get("version_id") == version_id:
            return str(note["old_version"])
    return ""


def note_version(path: str, version_id: str, old_version: str) -> None:
    """Note, whole or not at all, which version is current as the rotation begins.

    Raises:
        OSError: It cannot be written.
    """
    write_private(Path(path), json.dumps({"version_id": version_id, "old_version": old_version}) + "\n")
