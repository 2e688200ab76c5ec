"""Settles payments: reads its login in Secrets Manager, keeps it for a while, and answers as whom it is logged in.

Messages of the queue are payments, which it writes once each; the task `settle` closes the accounts of the day.
"""

from __future__ import annotations

import json
import os
import time
from typing import Any

import boto3
import psycopg

kept: dict[str, Any] = {}

WRITE = """
INSERT INTO payments (order_id, amount_paise, status, razorpay_payment_id)
SELECT %(order_id)s, %(amount_paise)s, 'captured', %(id)s
 WHERE NOT EXISTS (SELECT FROM payments WHERE order_id = %(order_id)s AND razorpay_payment_id = %(id)s)
"""
SETTLE = """
INSERT INTO settlements (school_id, settled_on, amount_paise)
SELECT id, current_date, 0 FROM schools
 WHERE NOT EXISTS (SELECT FROM settlements WHERE school_id = schools.id AND settled_on = current_date)
"""


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Do what is asked for, and answer who is logged in, and which version of the secret said so."""
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
        for record in event.get("Records", []):
            connection.execute(WRITE, json.loads(record["body"]))
        if event.get("task") == "settle":
            connection.execute(SETTLE)
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
