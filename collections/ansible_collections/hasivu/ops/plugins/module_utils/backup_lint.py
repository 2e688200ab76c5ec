# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the declared backups can meet the declared objectives; nothing but the declarations is looked at."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.backup_declared import (
    MOST_RETENTION_DAYS,
    NONE,
    Backup,
    minutes,
    read_backup,
)
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

Finding = dict[str, str]
Tier = dict[str, Any]
DECLARE = "Correct `backups` in recovery_objectives.yml of the inventory, and make the backup what it says."


def lint(backups: list[dict[str, Any]], tiers: list[Tier]) -> list[Finding]:
    """Return what is wrong with the declarations.

    Args:
        backups: The declared backups, one for each way to get an asset back.
        tiers: The tiers of services, each with `name`, `assets`, `rpo_s` and `rto_s`.
    """
    known, wrong = read_all(backups)
    found = [*wrong, *tier_findings(tiers)]
    for tier in sound(tiers):
        for asset in tier["assets"]:
            own = [backup for backup in known if backup.asset == asset]
            found += asset_findings(tier, asset, own, unread=any(one["where"] == asset for one in wrong))
    promised = {asset for tier in sound(tiers) for asset in tier["assets"]}
    return found + [stray(asset) for asset in sorted({backup.asset for backup in known} - promised)]


def read_all(backups: list[dict[str, Any]]) -> tuple[list[Backup], list[Finding]]:
    """Return the backups that can be read, and a finding for each other."""
    known, wrong = [], []
    for position, declared in enumerate(backups, 1):
        try:
            known.append(read_backup(declared if isinstance(declared, dict) else {}))
        except ValueError as error:
            name = str(declared.get("asset") or "") if isinstance(declared, dict) else ""
            wrong.append(unreadable(name or f"entry {position} of backups", str(error)))
    return known, wrong


def sound(tiers: list[Tier]) -> list[Tier]:
    """Return the tiers that say all that they must."""
    return [tier for tier in tiers if not missing_in(tier)]


def missing_in(tier: Tier) -> list[str]:
    """Return what a tier does not say."""
    numbers = [name for name in ("rpo_s", "rto_s") if not isinstance(tier.get(name), int | float) or tier[name] <= 0]
    return [name for name in ("name", "assets") if not tier.get(name)] + numbers


def tier_findings(tiers: list[Tier]) -> list[Finding]:
    """Return a finding for each tier that does not say all that it must, and one when there is none."""
    if not tiers:
        return [undeclared("recovery_objectives.tiers", "No tier of services has an objective.")]
    return [
        undeclared(str(tier.get("name") or "a tier"), f"A tier does not say its {', '.join(missing_in(tier))}.")
        for tier in tiers
        if missing_in(tier)
    ]


def asset_findings(tier: Tier, asset: str, own: list[Backup], *, unread: bool) -> list[Finding]:
    """Return what is wrong with the backups of an asset."""
    if not own:
        return [] if unread else [nothing_backs_up(tier, asset)]
    found = [] if best(own).worst_case_s() <= tier["rpo_s"] else [cannot_meet(tier, asset, best(own))]
    if all(backup.copy == NONE for backup in own):
        found.append(no_copy(asset))
    if all(backup.immutability == NONE for backup in own):
        found.append(no_immutability(asset))
    return found + [too_long(backup) for backup in own if too_long_kept(backup)]


def best(own: list[Backup]) -> Backup:
    """Return the backup that loses least."""
    return min(own, key=Backup.worst_case_s)


def too_long_kept(backup: Backup) -> bool:
    """Tell whether a backup is said to be kept longer than its mechanism can."""
    return backup.retention_days > MOST_RETENTION_DAYS.get(backup.mechanism, backup.retention_days)


def cannot_meet(tier: Tier, asset: str, backup: Backup) -> Finding:
    """Return the finding of an objective that no declared backup can meet."""
    worst, wanted = minutes(backup.worst_case_s() / 60), minutes(tier["rpo_s"] / 60)
    return finding(
        what=f"{tier['name']} promises to lose at most {wanted} of {asset}, and its backups can lose {worst}.",
        where=asset,
        why=f"The best that is declared is {backup.in_words()}.",
        do="Declare and set up a mechanism that loses less, such as point-in-time recovery, or promise less.",
        severity="critical",
        key="rpo-cannot-be-met",
    )


def nothing_backs_up(tier: Tier, asset: str) -> Finding:
    """Return the finding of an asset without a backup."""
    return finding(
        what=f"No backup of {asset} is declared, and {tier['name']} has an objective for it.",
        where=asset,
        why="What nobody declared, nobody makes, watches or tries.",
        do=DECLARE,
        severity="critical",
        key="backup-not-declared",
    )


def unreadable(asset: str, problem: str) -> Finding:
    """Return the finding of a declaration that cannot be read."""
    return finding(
        what=f"A declared backup of {asset} cannot be judged: {problem}.",
        where=asset,
        why="A backup that cannot be judged may be none.",
        do=DECLARE,
        severity="high",
        key="backup-declared-badly",
    )


def undeclared(where: str, what: str) -> Finding:
    """Return the finding of an objective that is not declared in full."""
    return finding(
        what=what,
        where=where,
        why="Nobody can tell whether a recovery was good enough.",
        do="Write name, assets, rpo_s and rto_s of each tier into recovery_objectives.yml of the inventory.",
        severity="high",
        key="objective-not-declared",
    )


def no_copy(asset: str) -> Finding:
    """Return the finding of backups that lie only where the asset does."""
    return finding(
        what=f"No backup of {asset} has a copy in another account or Region.",
        where=asset,
        why="Who can delete the asset can delete these backups, and what destroys the Region destroys both.",
        do="Copy one of them into the second account or the DR Region, and declare where.",
        severity="high",
        key="backup-without-copy",
    )


def no_immutability(asset: str) -> Finding:
    """Return the finding of backups that can all be deleted."""
    return finding(
        what=f"Every backup of {asset} can be deleted before its time.",
        where=asset,
        why="Ransomware and insiders delete the backups first.",
        do="Lock one of them, with a vault lock or Object Lock, and declare it.",
        severity="medium",
        key="backup-not-immutable",
    )


def too_long(backup: Backup) -> Finding:
    """Return the finding of a retention that its mechanism does not have."""
    most = MOST_RETENTION_DAYS[backup.mechanism]
    return finding(
        what=f"The backups of {backup.asset} are to be kept {backup.retention_days:g} days, and {most} is the most.",
        where=backup.asset,
        why="Nobody will find on day 36 what was promised.",
        do=DECLARE,
        severity="high",
        key="retention-impossible",
    )


def stray(asset: str) -> Finding:
    """Return the finding of a backup that no objective asks for."""
    return finding(
        what=f"Backups of {asset} are declared, and no tier has an objective for it.",
        where=asset,
        why="Nobody can tell whether these backups are good enough.",
        do="Name the asset in a tier of recovery_objectives, or take the declaration out.",
        severity="medium",
        key="asset-without-objective",
    )
