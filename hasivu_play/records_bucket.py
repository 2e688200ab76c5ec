"""The bucket of an archive as S3 answers for it; every request names the account that the bucket must belong to."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.aws import ATTEMPTS, error_code, new_client

from hasivu_play.environment import environment_kept
from hasivu_play.errors import PlayError, RefusedError, StoppedError
from hasivu_play.records_archive import Archive

THERE_ALREADY = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
UNLOCKED = "ObjectLockConfigurationNotFoundError"
MISSING = ("NoSuchBucket", "404")
AGAIN = "Run the same command again; what is there already is not written twice."


@dataclass(frozen=True)
class Stored:
    """An object as S3 tells of it."""

    version: str
    sha256: str
    modified: datetime
    mode: str
    retain_until: datetime | None


class Bucket:
    """Writes objects that nobody can change before their time, and reads back what is there."""

    def __init__(self, archive: Archive, settings: dict[str, str], attempts: int = ATTEMPTS) -> None:
        """Make a client with the settings of an environment, `aws_environment`; nothing is asked yet."""
        self.archive = archive
        self._where = {"Bucket": archive.bucket, "ExpectedBucketOwner": archive.owner}
        try:
            with environment_kept(settings):
                self._client = new_client("s3", archive.region, None, attempts)
        except Exception as error:  # boto3 raises errors of many families
            raise RefusedError(f"S3 cannot be called: {error}. Check aws_environment in the inventory.") from error

    def refuse_unlocked(self) -> None:
        """Refuse a bucket in which an object could be changed or removed.

        Raises:
            RefusedError: It is such a bucket, or nobody can tell.
        """
        lock = self._ask("get_object_lock_configuration")
        if lock.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
            raise RefusedError(f"The bucket {self.archive.bucket} has no Object Lock. Enable it, or name another.")
        if self._ask("get_bucket_versioning").get("Status") != "Enabled":
            raise RefusedError(f"The bucket {self.archive.bucket} keeps no versions. Enable versioning there.")

    def _ask(self, operation: str) -> dict[str, Any]:
        name = self.archive.bucket
        try:
            answer: dict[str, Any] = getattr(self._client, operation)(**self._where)
        except Exception as error:  # boto3 raises errors of many families
            code = error_code(error)
            if code == UNLOCKED:
                return {}
            if code in MISSING:
                raise RefusedError(f"There is no bucket {name}. Make it with Object Lock, or name another.") from error
            raise RefusedError(
                f"Whether {name} of account {self.archive.owner} is locked could not be read ({code}: {error}). "
                "Check the bucket, its owner, the credentials and the network."
            ) from error
        return answer

    def write(self, key: str, content: bytes) -> bool:
        """Write an object that is not there yet, and tell whether it was this call that wrote it.

        S3 takes the whole object or nothing, and only when its SHA-256 is the one that is sent with it.
        """
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=self.archive.days)
        try:
            self._client.put_object(
                **self._where,
                Key=key,
                Body=content,
                ContentType="application/gzip",
                ChecksumSHA256=base64.b64encode(hashlib.sha256(content).digest()).decode(),
                ObjectLockMode=self.archive.mode,
                ObjectLockRetainUntilDate=until,
                IfNoneMatch="*",
            )
        except Exception as error:  # boto3 raises errors of many families
            if error_code(error) in THERE_ALREADY:
                return False
            raise self._failed("was not written", key, error) from error
        return True

    def look(self, key: str) -> Stored:
        """Return what is there: its digest as S3 computed it, and its retention."""
        try:
            head = self._client.head_object(**self._where, Key=key, ChecksumMode="ENABLED")
            version = {"VersionId": head["VersionId"]} if "VersionId" in head else {}
            retention = self._retention(key, version)
        except Exception as error:  # boto3 raises errors of many families
            raise self._failed("could not be read back", key, error) from error
        return Stored(
            version=head.get("VersionId", ""),
            sha256=base64.b64decode(head.get("ChecksumSHA256", "")).hex(),
            modified=head["LastModified"],
            mode=retention.get("Mode", ""),
            retain_until=retention.get("RetainUntilDate"),
        )

    def _retention(self, key: str, version: dict[str, str]) -> dict[str, Any]:
        try:
            answer = self._client.get_object_retention(**self._where, Key=key, **version)
        except self._client.exceptions.ClientError as error:
            if error_code(error) == "NoSuchObjectLockConfiguration":
                return {}
            raise
        retention: dict[str, Any] = answer["Retention"]
        return retention

    def read(self, key: str) -> bytes:
        """Return the content of an object."""
        try:
            content: bytes = self._client.get_object(**self._where, Key=key)["Body"].read()
        except Exception as error:  # boto3 raises errors of many families
            raise self._failed("could not be read back", key, error) from error
        return content

    def retain(self, key: str, version: str, until: datetime) -> None:
        """Keep an object for longer, which is always allowed."""
        retention = {"Mode": self.archive.mode, "RetainUntilDate": until}
        try:
            self._client.put_object_retention(**self._where, Key=key, VersionId=version, Retention=retention)
        except Exception as error:  # boto3 raises errors of many families
            raise self._failed("is kept too short, and that could not be mended", key, error) from error

    def _failed(self, what: str, key: str, error: Exception) -> PlayError:
        return StoppedError(f"{self.archive.address(key)} {what} ({error_code(error)}: {error}). {AGAIN}")
