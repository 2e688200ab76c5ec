# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a new version of a secret holds, and where its stages must go."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.secret import (
    CURRENT,
    PENDING,
    PREVIOUS,
    Stages,
    fields_of,
    holder_of,
)

Move = tuple[str, str | None, str | None]


def new_text(current: str, name: str, options: dict[str, Any], generated: dict[str, str]) -> str:
    """Return the whole current value with some fields replaced; every other field stays as it is.

    Args:
        current: The value that is current now.
        name: The secret's name, for a message.
        options: `whole`, `copy` (new field to old one) and `replace` of the module.
        generated: A new random text for each field that is to get one; under the empty name for the whole value.

    Raises:
        SecretError: The current value has no fields and some are to be replaced.
    """
    if options["whole"]:
        return generated[""]
    fields = fields_of(current, name)
    copied = {new: fields[old] for new, old in options["copy"].items() if old in fields}
    return json.dumps({**fields, **copied, **options["replace"], **generated})


def to_current(stages: Stages, version_id: str, replaces: str) -> tuple[list[Move], str]:
    """Return the moves that make a version current in exchange for another, or why they must not be made."""
    current, pending = holder_of(stages, CURRENT), holder_of(stages, PENDING)
    moves: list[Move] = []
    if current not in (version_id, replaces):
        return [], f"AWSCURRENT stands on {current or 'no version'}, and not on {replaces}"
    if current != version_id:
        moves.append((CURRENT, version_id, replaces))
    if pending == version_id:
        moves.append((PENDING, None, version_id))
    return moves, ""


def to_previous(stages: Stages, version_id: str, replaces: str) -> tuple[list[Move], str]:
    """Return the moves that take a version back in favour of the one it replaced, or why they must not be made."""
    current = holder_of(stages, CURRENT)
    if current == version_id:
        former = replaces or holder_of(stages, PREVIOUS)
        if not former or former == version_id:
            return [], f"no version is left that {version_id} replaced"
        return [(CURRENT, former, version_id), *taken_off(stages, version_id)], ""
    if replaces and current != replaces:
        return [], f"AWSCURRENT stands on {current or 'no version'}, and neither on {version_id} nor on {replaces}"
    return taken_off(stages, version_id), ""


def taken_off(stages: Stages, version_id: str) -> list[Move]:
    """Return the move that takes AWSPENDING off a version, where it has it."""
    return [(PENDING, None, version_id)] if PENDING in stages.get(version_id, []) else []


def moved(stages: Stages, moves: list[Move]) -> Stages:
    """Return the stages as they are after some moves; AWSPREVIOUS follows AWSCURRENT by itself."""
    after = {version: set(held) for version, held in stages.items()}
    for stage, to, off in moves:
        for held in after.values():
            held.discard(stage)
        if to:
            after.setdefault(to, set()).add(stage)
        if stage == CURRENT and off:
            for held in after.values():
                held.discard(PREVIOUS)
            after.setdefault(off, set()).add(PREVIOUS)
    return {version: sorted(held) for version, held in sorted(after.items()) if held}
