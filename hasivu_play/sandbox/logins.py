"""The logins that the database accepts now: a rotation may have changed them since the sandbox was made."""

from __future__ import annotations

import configparser
import json

from hasivu_play.sandbox.layout import Layout

REGION = "ap-south-1"
SECRETS = {"hasivu_app_a": "application", "hasivu_app_b": "application", "hasivu_monitor": "monitor"}


def current_login(layout: Layout, role: str) -> tuple[str, str]:
    """Return the role that is live where roles take turns, and its password; while AWS is down, those of the start."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    if role not in SECRETS:
        return role, layout.read_credential(f"database_{role}")
    file = configparser.ConfigParser()
    file.read(layout.credential("aws"))
    key = file["default"]
    config = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 1})
    try:
        url = layout.endpoints()["aws"]["url"]
        client = boto3.client(
            "secretsmanager",
            REGION,
            endpoint_url=url,
            config=config,
            aws_access_key_id=key["aws_access_key_id"],
            aws_secret_access_key=key["aws_secret_access_key"],
        )
        value = client.get_secret_value(SecretId=f"hasivu/sandbox/database/{SECRETS[role]}")["SecretString"]
    except (BotoCoreError, ClientError, KeyError):
        return role, layout.read_credential(f"database_{role}")
    login = json.loads(value)
    return login["username"], login["password"]
