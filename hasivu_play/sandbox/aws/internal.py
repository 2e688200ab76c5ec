"""Calls to ministack from inside its own process, for the seed: no socket, no client library."""

from __future__ import annotations

import json
import uuid
from typing import Any
from urllib.parse import urlencode

from ministack import app
from ministack.core.responses import request_scope

from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION

TARGETS = {
    "secretsmanager": "secretsmanager",
    "logs": "Logs_20140328",
    "monitoring": "GraniteServiceVersion20100801",
    "sqs": "AmazonSQS",
    "acm": "CertificateManager",
    "ssm": "AmazonSSM",
    "events": "AWSEvents",
    "kms": "TrentService",
    "cloudtrail": "CloudTrail_20131101",
}


class SeedError(Exception):
    """Raised when ministack refuses a part of the seed; only another version of it does."""


async def call(
    service: str,
    method: str,
    path: str,
    body: bytes = b"",
    query: dict[str, list[str]] | None = None,
    region: str = REGION,
    **headers: str,
) -> bytes:
    """Send one request to a service and return the body of its answer."""
    credential = f"AWS4-HMAC-SHA256 Credential=SEED/20260101/{region}/{service}/aws4_request"
    sent = {"authorization": credential, "host": "127.0.0.1", **{k.replace("_", "-"): v for k, v in headers.items()}}
    with request_scope(ACCOUNT, region):
        status, _, answer = await app._dispatch_service_request(
            method, path, sent, body, query or {}, str(uuid.uuid4())
        )
    if status >= 300:
        raise SeedError(f"{service} answered {status} to {method} {path}: {answer.decode()}")
    return bytes(answer)


async def json_call(service: str, operation: str, region: str = REGION, **parameters: Any) -> dict[str, Any]:
    """Call an operation of a service that speaks JSON."""
    body = await call(
        service,
        "POST",
        "/",
        json.dumps(parameters).encode(),
        region=region,
        content_type="application/x-amz-json-1.1",
        x_amz_target=f"{TARGETS[service]}.{operation}",
    )
    answer: dict[str, Any] = json.loads(body) if body else {}
    return answer


async def query_call(service: str, operation: str, region: str = REGION, **parameters: str) -> str:
    """Call an operation of a service that speaks the query protocol; `__` in a name stands for a dot."""
    form = {"Action": operation, **{name.replace("__", "."): value for name, value in parameters.items()}}
    content_type = "application/x-www-form-urlencoded"
    sent = await call(service, "POST", "/", urlencode(form).encode(), region=region, content_type=content_type)
    return sent.decode()


async def rest_call(service: str, method: str, path: str, **parameters: Any) -> dict[str, Any]:
    """Call an operation of a service that speaks REST with JSON."""
    body = await call(service, method, path, json.dumps(parameters).encode(), content_type="application/json")
    answer: dict[str, Any] = json.loads(body) if body else {}
    return answer
