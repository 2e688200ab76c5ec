"""Whether the declared backups of an environment can meet its declared objectives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.backup_lint import lint

from hasivu_play.doctor_check import Check

NAME = "backups"
LITERAL = "Write both into recovery_objectives.yml of the inventory as they are, without templates."


def check_backups(variables: dict[str, Any]) -> Iterator[Check]:
    """Hold the backups against the objectives, without asking anybody."""
    promised = variables.get("recovery_objectives")
    backups, tiers = variables.get("backups"), promised.get("tiers") if isinstance(promised, dict) else None
    if not isinstance(backups, list) or not isinstance(tiers, list):
        yield Check(NAME, ok=False, says="backups or recovery_objectives.tiers is no list", mend=LITERAL)
        return
    found = lint(backups, tiers)
    for one in found:
        yield Check(NAME, ok=False, says=one["what"], mend=f"{one['why']} {one['do']}")
    if not found:
        yield Check(NAME, ok=True, says=f"{len(backups)} can meet the objectives of {len(tiers)} tiers")
