# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The review of the objectives as findings and as parts of a page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import backup_declared, backup_lint, recovery_verdict
from ansible_collections.hasivu.ops.plugins.module_utils.backup_drift import drift
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_tables import sections
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import deadline, finding

Entry = dict[str, Any]
DRILLED = "drill"


def review(declared: Entry, history: Entry, answers: Entry, now: datetime) -> Entry:
    """Return findings, facts and sections.

    Args:
        declared: `tiers`, `backups`, `database_asset`, `alarm_s` and `drill_days`.
        history: What recovery_history_info returned.
        answers: What RDS answered of the `instance` and of its `snapshots`.
        now: The time.
    """
    tiers = backup_lint.sound(declared["tiers"])
    known, _ = backup_lint.read_all(declared["backups"])
    database = [backup for backup in known if backup.asset == declared["database_asset"]]
    found = [
        *backup_lint.lint(declared["backups"], declared["tiers"]),
        *drift(database, declared["alarm_s"], answers, now),
        *recovery_verdict.record_findings(history),
        *test_findings(declared["backups"], now.date(), declared["drill_days"]),
    ]
    for tier in tiers:
        found += recovery_verdict.tier_findings(tier, history["measurements"], now, declared["drill_days"])
    return {
        "findings": [dated(one, now.date()) for one in found],
        "facts": facts(tiers, known, history),
        "sections": sections(tiers, declared["backups"], known, history["measurements"]),
        "notes": [],
    }


def dated(one: dict[str, str], today: date) -> dict[str, str]:
    """Return a finding with the day by which it must be mended."""
    day = deadline(one["severity"], today)
    return {**one, "deadline": day} if day else one


def test_findings(backups: list[Entry], today: date, most_days: int) -> list[dict[str, str]]:
    """Return the declared backups whose restore nobody tried, or not for long; drills prove those that name them."""
    found = []
    for declared in backups:
        tried, asset = declared.get("last_restore_test"), str(declared.get("asset"))
        if tried == DRILLED:
            continue
        age = days_since(tried, today)
        if age is None or age > most_days:
            found.append(not_tried(asset, str(declared.get("mechanism")), age))
    return found


def days_since(tried: Any, today: date) -> int | None:
    """Return how many days ago a restore was tried, or nothing when that is not known."""
    try:
        return (today - date.fromisoformat(str(tried))).days
    except ValueError:
        return None


def not_tried(asset: str, mechanism: str, age: int | None) -> dict[str, str]:
    """Return the finding of a backup that was not restored lately."""
    way = backup_declared.MECHANISMS.get(mechanism, mechanism)
    when = "never tried as far as is declared" if age is None else f"last tried {age} days ago"
    return finding(
        what=f"To get {asset} back from {way} was {when}.",
        where=asset,
        why="A backup proves itself only when it is restored.",
        do="Restore it beside the live one, look at it, and write the day into `last_restore_test` of the inventory.",
        severity="medium",
        key="restore-not-tried",
    )


def facts(tiers: list[Entry], known: list[backup_declared.Backup], history: Entry) -> list[Entry]:
    """Return how much was looked at."""
    return [
        {"name": "Tiers with objectives", "value": len(tiers), "kind": "number"},
        {"name": "Declared backups", "value": len(known), "kind": "number"},
        {"name": "Measurements from verified records", "value": len(history["measurements"]), "kind": "number"},
        {"name": "Records that do not verify", "value": len(history["unverified"]), "kind": "number"},
    ]
