"""Settles payments: reads its login in Secrets Manager, keeps it for a while, and answers as whom it is logged in."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import boto3
import psycopg

kept: dict[str, Any] = {}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer who is logged in, and which version of the secret said so."""
    secret = login()
    with psycopg.connect(
        host=os.environ["DATABASE_HOST"],
        port=os.environ["DATABASE_PORT"],
        dbname=os.environ["DATABASE_NAME"],
        user=secret["username"],
        password=secret["password"],
        application_name="hasivu-platform-api-payments",
        connect_timeout=5,
    ) as connection:
        row = connection.execute("SELECT session_user::text").fetchone()
    found = {"session_user": row[0] if row else "", "secret_version": kept["version"]}
    return {"statusCode": 200, "body": json.dumps({**found, "version": context.function_version})}


def login() -> dict[str, str]:
    """Return the secret, read anew when what is kept is too old."""
    if time.monotonic() >= kept.get("until", 0):
        answer = boto3.client("secretsmanager").get_secret_value(SecretId=os.environ["SECRET_ID"])
        until = time.monotonic() + float(os.environ["SECRET_CACHE_SECONDS"])
        kept.update(secret=json.loads(answer["SecretString"]), version=answer["VersionId"], until=until)
    secret: dict[str, str] = kept["secret"]
    return secret
