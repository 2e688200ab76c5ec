# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Talking to RDS about database instances: what it answers as plain data, and what it refuses as sentences."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hasivu.ops.plugins.module_utils.aws import AWS_OPTIONS, client, error_code

Fields = dict[str, Any]

RUN_TAG = "hasivu-run"
INSTANCE_OPTIONS: dict[str, dict[str, Any]] = {
    **AWS_OPTIONS,
    "instance_id": {"type": "str", "required": True},
    "deadline_seconds": {"type": "int", "default": 14400},
    "poll_seconds": {"type": "float", "default": 15},
}
RUN_TAG_OPTIONS: dict[str, dict[str, Any]] = {"run_id": {"type": "str", "required": True}}

NOT_FOUND = ("DBInstanceNotFound", "DBInstanceNotFoundFault", "DBSnapshotNotFound", "DBSnapshotNotFoundFault")
# What RDS refuses before anything is done, and what to do about it.
REFUSALS = {
    "DBInstanceAlreadyExists": "Choose another identifier, or go on with the run that made it.",
    "DBInstanceAutomatedBackupNotFound": "Restore from a snapshot, or name a backup that is there.",
    "DBParameterGroupNotFound": "Make the parameter group again, or name another one.",
    "DBSnapshotAlreadyExists": "Choose another name for the snapshot.",
    "DBSubnetGroupNotFoundFault": "Make the subnet group again, or name another one.",
    "InstanceQuotaExceeded": "Delete an instance that nobody needs, or ask AWS to raise the quota of DB instances.",
    "InsufficientDBInstanceCapacity": "Choose another instance class, or another Availability Zone, and try again.",
    "InvalidParameterCombination": "Mend the parameters, then run again.",
    "InvalidParameterValue": "Mend the parameters, then run again.",
    "KMSKeyNotAccessibleFault": "Enable the key again, or cancel its deletion: without it no backup can be read.",
    "OptionGroupNotFoundFault": "Make the option group again, or name another one.",
    "PointInTimeRestoreNotEnabled": "Restore from a snapshot; this instance has no point in time to go back to.",
    "StorageQuotaExceeded": "Delete storage that nobody needs, or ask AWS to raise the quota.",
    "AccessDenied": "Let the role of the operator do this.",
}
# States from which no waiting leads to a database that can be used.
HOPELESS = (
    *("failed", "incompatible-restore", "incompatible-parameters", "incompatible-network", "incompatible-option-group"),
    *("incompatible-credentials", "storage-full", "restore-error", "inaccessible-encryption-credentials", "deleting"),
    "inaccessible-encryption-credentials-recoverable",
)
ADVICE = {
    "incompatible-parameters": "Give the instance a parameter group that fits its class, and restart it.",
    "storage-full": "Give the instance more storage.",
    "incompatible-restore": "Restore to another point in time, or from a snapshot.",
    "incompatible-network": "Look at the subnets: are there free addresses?",
}


def rds_client(module: AnsibleModule) -> Any:
    """Return a client of RDS."""
    return client(module, "rds")


def plain(answer: Any) -> Any:
    """Return what boto3 answered as JSON knows it: dates as RFC 3339 in UTC."""
    return json.loads(json.dumps(answer, default=text))


def text(value: Any) -> str:
    """Return a date as RFC 3339 in UTC with microseconds, and anything else that JSON does not know as text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return str(value)


def now() -> str:
    """Return the time in UTC."""
    return text(datetime.now(UTC))


def moment(written: str) -> datetime:
    """Return a moment that was written as RFC 3339; without an offset it is UTC.

    Raises:
        ValueError: It is none.
    """
    found = datetime.fromisoformat(written)
    return found.replace(tzinfo=found.tzinfo or UTC)


def find_instance(rds: Any, identifier: str) -> Fields | None:
    """Return what RDS tells of an instance, or nothing where there is none."""
    try:
        found = rds.describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    except Exception as error:  # boto3 raises errors of many families
        if error_code(error) in NOT_FOUND:
            return None
        raise
    return plain(found[0]) if found else None


def find_snapshot(rds: Any, identifier: str) -> Fields | None:
    """Return what RDS tells of a snapshot, or nothing where there is none."""
    try:
        found = rds.describe_db_snapshots(DBSnapshotIdentifier=identifier)["DBSnapshots"]
    except Exception as error:  # boto3 raises errors of many families
        if error_code(error) in NOT_FOUND:
            return None
        raise
    return plain(found[0]) if found else None


def tags_of(shown: Fields) -> dict[str, str]:
    """Return the tags of an instance or snapshot by key."""
    return {tag["Key"]: tag["Value"] for tag in shown.get("TagList", [])}


def tag_list(tags: dict[str, Any]) -> list[dict[str, str]]:
    """Return tags as RDS takes them."""
    return [{"Key": key, "Value": str(value)} for key, value in sorted(tags.items())]


def is_ours(shown: Fields, run_id: str) -> bool:
    """Tell whether an instance or snapshot was made by this run, or by one that it goes on with."""
    return tags_of(shown).get(RUN_TAG) == run_id


def give_up(module: AnsibleModule, doing: str, error: Exception, begun: bool = False, **more: Any) -> NoReturn:
    """Fail with what was being done, what AWS said and what to do about it.

    Args:
        module: The module that fails.
        doing: What was being done.
        error: What was raised.
        begun: Whether the procedure has changed something before; then a refusal stops a run that must be resumed.
        more: What the module tells besides; with `changed` it has changed something itself.
    """
    code = error_code(error)
    said = (getattr(error, "response", None) or {}).get("Error", {}).get("Message") or str(error)
    advice, goes_on = REFUSALS.get(code), begun or bool(more.get("changed"))
    then = f"{advice} Then resume the run." if advice and goes_on else advice
    module.fail_json(
        msg=f"{doing} failed: {code}: {said.rstrip('.')}. {then or 'Mend the cause, then resume the run.'}",
        stop="refused" if advice and not goes_on else "resumable",
        error_code=code,
        **more,
    )


def wait_for(ask: Callable[[], bool], deadline: float, poll_seconds: float) -> bool:
    """Ask again and again until the answer is yes; tell whether it came before the deadline of the monotonic clock."""
    while not ask():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(poll_seconds, left))
    return True
