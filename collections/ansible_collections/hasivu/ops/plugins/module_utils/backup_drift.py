# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the database is backed up as it is declared, as far as RDS tells."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.backup_declared import Backup, minutes
from ansible_collections.hasivu.ops.plugins.module_utils.recovery_objectives import instant
from ansible_collections.hasivu.ops.plugins.module_utils.report_finding import finding

Finding = dict[str, str]
Answer = dict[str, Any]
LATE = 1.1  # a snapshot that starts a little late is no drift


def drift(own: list[Backup], alarm_s: float, answers: dict[str, Answer], now: datetime) -> list[Finding]:
    """Return where the backups of the database differ from their declaration.

    Args:
        own: The declared backups of the database.
        alarm_s: Seconds that the latest restorable time may lag before somebody must act.
        answers: The results of asking RDS for the `instance` and its `snapshots`.
        now: The time.
    """
    found = [unknown(name, answer) for name, answer in answers.items() if not answered(answer)]
    if answered(answers["instance"]):
        found += instance_drift(own, alarm_s, answers["instance"]["answer"], now)
    if answered(answers["snapshots"]):
        found += snapshot_drift(own, answers["snapshots"]["answer"], now)
    return found


def answered(answer: Answer) -> bool:
    """Tell whether RDS answered a question."""
    return not answer.get("failed") and answer.get("answer") is not None


def instance_drift(own: list[Backup], alarm_s: float, instance: Answer, now: datetime) -> list[Finding]:
    """Compare retention, log and protection of the instance."""
    where = str(instance.get("DBInstanceIdentifier") or "the database")
    found = []
    kept = instance.get("BackupRetentionPeriod")
    promised = max((backup.retention_days for backup in own if backup.mechanism == "pitr"), default=0)
    if promised and (kept is None or kept < promised):
        told = "an unknown time" if kept is None else f"{kept} days"
        found.append(
            drifted(where, f"RDS keeps the backups of {where} for {told}, and {promised:g} days are declared.")
        )
    if promised:
        found += lag(where, alarm_s, instance.get("LatestRestorableTime"), now)
    if instance.get("DeletionProtection") is not True:
        found.append(drifted(where, f"{where} is not protected against deletion."))
    return found


def lag(where: str, alarm_s: float, latest: str | None, now: datetime) -> list[Finding]:
    """Compare the time to which the instance can be restored with the clock."""
    if not latest:
        return [unknown("LatestRestorableTime", {"msg": f"RDS does not say to what time {where} can be restored"})]
    behind = (now - instant(latest)).total_seconds()
    if behind <= alarm_s:
        return []
    return [
        finding(
            what=f"{where} can be restored only to {latest}, {minutes(round(behind / 60))} ago.",
            where=where,
            why=f"More than {minutes(alarm_s / 60)} of writes would be lost now.",
            do="Look at RecentEvents of the instance and at the write load; the log is not being uploaded.",
            severity="critical",
            key="restorable-time-lags",
        )
    ]


def snapshot_drift(own: list[Backup], snapshots: list[Answer], now: datetime) -> list[Finding]:
    """Compare the age of the newest snapshot with the declared interval."""
    declared = [backup for backup in own if backup.mechanism == "snapshot"]
    if not declared:
        return []
    most = LATE * min(backup.worst_case_s() for backup in declared)
    complete = [one["SnapshotCreateTime"] for one in snapshots if one.get("Status") == "available"]
    if not complete:
        return [drifted("snapshots", "The database has no complete snapshot, and snapshots are declared.")]
    age = min((now - instant(at)).total_seconds() for at in complete)
    if age <= most:
        return []
    told, wanted = minutes(round(age / 60)), minutes(round(most / LATE / 60))
    return [drifted("snapshots", f"The newest snapshot is {told} old, and one is declared every {wanted} at the most.")]


def drifted(where: str, what: str) -> Finding:
    """Return the finding of a backup that is not as it was declared."""
    return finding(
        what=what,
        where=where,
        why="The objective was promised for the backup that is declared.",
        do="Set the backup as it is declared, or declare what it is and promise no more.",
        severity="high",
        key="backup-drifted",
    )


def unknown(name: str, answer: Answer) -> Finding:
    """Return the finding of a question that was not answered."""
    return finding(
        what=f"How the database is backed up could not be read: {answer.get('msg') or 'RDS said nothing'}.",
        where=f"RDS {name}",
        why="A backup that nobody can see may be none.",
        do="Mend the access to RDS, which needs rds:DescribeDBInstances and rds:DescribeDBSnapshots; then run again.",
        severity="high",
        key="backup-unknown",
    )
