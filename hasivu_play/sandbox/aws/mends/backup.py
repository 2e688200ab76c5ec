"""AWS Backup: ListBackupJobs honours every filter, and a fault can make a job run."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ministack.services import backup

from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.faults import Faults
from hasivu_play.sandbox.database_servers import INSTANCE

VAULT = "hasivu-sandbox"
INSTANCE_ARN = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{INSTANCE}"

Job = dict[str, Any]
TESTS: dict[str, Callable[[Job, str], bool]] = {
    "accountId": lambda job, value: value in ("*", ACCOUNT),
    "backupVaultName": lambda job, value: job["BackupVaultName"] == value,
    "completeAfter": lambda job, value: job.get("CompletionDate", 0) > epoch(value),
    "completeBefore": lambda job, value: 0 < job.get("CompletionDate", 0) < epoch(value),
    "createdAfter": lambda job, value: job["CreationDate"] > epoch(value),
    "createdBefore": lambda job, value: job["CreationDate"] < epoch(value),
    "resourceArn": lambda job, value: job["ResourceArn"] == value,
    "resourceType": lambda job, value: value in ("*", job.get("ResourceType")),
    "state": lambda job, value: value in ("ALL", job["State"]),
}


def apply(faults: Faults) -> None:
    """Replace ListBackupJobs."""

    def list_jobs(query: dict[str, str]) -> Any:
        jobs = [*backup._jobs.values(), *running(faults)]
        kept = [job for job in jobs if all(TESTS[name](job, query[name]) for name in query.keys() & TESTS.keys())]
        kept.sort(key=lambda job: float(job["CreationDate"]), reverse=True)
        return backup._paginate(kept, query, "BackupJobs")

    backup._list_jobs = list_jobs


def epoch(value: str) -> float:
    """Return a moment of a query as seconds since 1970."""
    return datetime.fromisoformat(value).timestamp()


def running(faults: Faults) -> list[Job]:
    """Return the job that the fault `backup_running` stands for."""
    if not faults.read().get("backup_running"):
        return []
    started = time.time() - 120
    return [job("5b0c1d4e-0000-4000-8000-00000000beef", "RUNNING", started, None)]


def job(identifier: str, state: str, started: float, completed: float | None) -> Job:
    """Return a job that backs up the database instance."""
    record = {
        "AccountId": ACCOUNT,
        "BackupJobId": identifier,
        "BackupVaultName": VAULT,
        "BackupVaultArn": f"arn:aws:backup:{REGION}:{ACCOUNT}:backup-vault:{VAULT}",
        "ResourceArn": INSTANCE_ARN,
        "ResourceType": "RDS",
        "ResourceName": INSTANCE,
        "IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/service-role/AWSBackupDefaultServiceRole",
        "CreationDate": started,
        "StartBy": started + 3600,
        "State": state,
        "PercentDone": "100.0" if completed else "40.0",
        "BackupSizeInBytes": 0,
        "IsParent": False,
    }
    if completed is not None:
        point = f"arn:aws:rds:{REGION}:{ACCOUNT}:snapshot:awsbackup:job-{identifier}"
        record |= {"CompletionDate": completed, "RecoveryPointArn": point}
    return record
