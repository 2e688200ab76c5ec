# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Locks as objects of S3, created with If-None-Match and replaced with If-Match."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.aws import error_code, new_client
from ansible_collections.hasivu.ops.plugins.module_utils.lock import (
    ConflictError,
    Lock,
    StoreUnavailableError,
    from_json,
    to_json,
)

MISSING = ("NoSuchKey", "404")
WRITTEN_BY_ANOTHER = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409", *MISSING)
ATTEMPTS = 2


class ObjectStore:
    """Keeps each lock as an object in one bucket."""

    name = "s3"

    def __init__(self, bucket: str, region: str, endpoint_url: str | None) -> None:
        """Remember the bucket; nothing is asked yet."""
        self._bucket = bucket
        self._where = (region, endpoint_url)
        self._opened: Any = None

    def read(self, resource: str) -> tuple[Lock | None, Any]:
        """Return the lock of a resource and the ETag that it stands under."""
        try:
            answer = self._client().get_object(Bucket=self._bucket, Key=key_of(resource))
            return from_json(json.loads(answer["Body"].read())), answer["ETag"]
        except Exception as error:  # boto3 raises errors of many families
            if error_code(error) in MISSING:
                return None, None
            raise StoreUnavailableError(str(error)) from error

    def write(self, resource: str, lock: Lock, version: Any) -> None:
        """Create the object, or replace the one that was read."""
        condition = {"IfMatch": version} if version else {"IfNoneMatch": "*"}
        body = json.dumps(to_json(lock)).encode()
        try:
            self._client().put_object(
                Bucket=self._bucket, Key=key_of(resource), Body=body, ContentType="application/json", **condition
            )
        except Exception as error:  # boto3 raises errors of many families
            if error_code(error) in WRITTEN_BY_ANOTHER:
                raise ConflictError(str(error)) from error
            raise StoreUnavailableError(str(error)) from error

    def forget(self) -> None:
        """Let the next request make a client of its own."""
        self._opened = None

    def _client(self) -> Any:
        # Making a client takes longer than asking S3, and the keeper asks for as long as the run lives.
        self._opened = self._opened or new_client("s3", *self._where, attempts=ATTEMPTS)
        return self._opened


def key_of(resource: str) -> str:
    """Return the key of the object of a resource."""
    return f"locks/{resource}.json"
