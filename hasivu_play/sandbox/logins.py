"""The logins that the database accepts now: a rotation may have changed them since the sandbox was made."""

from __future__ import annotations

import json

from hasivu_play.sandbox.aws_client import client
from hasivu_play.sandbox.layout import Layout

SECRETS = {"hasivu_app_a": "application", "hasivu_app_b": "application", "hasivu_monitor": "monitor"}


def current_login(layout: Layout, role: str) -> tuple[str, str]:
    """Return the role that is live where roles take turns, and its password; while AWS is down, those of the start."""
    from botocore.exceptions import BotoCoreError, ClientError

    if role not in SECRETS:
        return role, layout.read_credential(f"database_{role}")
    try:
        secrets = client(layout, "secretsmanager")
        value = secrets.get_secret_value(SecretId=f"hasivu/sandbox/database/{SECRETS[role]}")["SecretString"]
    except (BotoCoreError, ClientError, KeyError):
        return role, layout.read_credential(f"database_{role}")
    login = json.loads(value)
    return login["username"], login["password"]
