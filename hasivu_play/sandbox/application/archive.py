"""The archive of daily reports in S3, written with the access key that the pod read when it started."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

KEPT_IN = "hasivu-reports-key"
SECONDS = 3

logger = logging.getLogger(__name__)


class Archive:
    """Where a pod puts the reports that it makes."""

    def __init__(self, config: Mapping[str, str], secret: Mapping[str, str]) -> None:
        """Keep address and key; nothing is opened yet."""
        self._bucket = config.get("reports-bucket", "")
        self._login: dict[str, Any] = {
            "endpoint_url": config.get("aws-endpoint-url"),
            "region_name": config.get("aws-region"),
            "aws_access_key_id": secret.get("access_key_id"),
            "aws_secret_access_key": secret.get("secret_access_key"),
        }
        self._client: Any = None

    async def put(self, report: dict[str, Any]) -> bool:
        """Put a report into the archive, and tell whether it is there; the report itself is answered all the same."""
        return await asyncio.to_thread(self._put, f"daily/{report['date']}.json", json.dumps(report).encode())

    def _put(self, name: str, content: bytes) -> bool:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            if self._client is None:
                config = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 1})
                self._client = boto3.session.Session().client("s3", config=config, **self._login)
            self._client.put_object(Bucket=self._bucket, Key=name, Body=content)
        except (BotoCoreError, ClientError, ValueError) as error:
            logger.warning("The report %s was not archived: %s", name, type(error).__name__)
            return False
        return True
