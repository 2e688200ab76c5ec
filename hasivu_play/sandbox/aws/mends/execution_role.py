"""Lambda: a function calls AWS with a session of its role, and not with the number of the account for a key."""

from __future__ import annotations

import hashlib
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc, sts

from hasivu_play.sandbox.aws.environment import ACCOUNT


def apply() -> None:
    """Replace the credentials that a function finds in its environment."""
    lambda_runtime.execution_credentials = session_of
    lambda_svc.execution_credentials = session_of


def session_of(config: dict[str, Any]) -> dict[str, str]:
    """Return the credentials of the session in which a function runs, the same for every one of its calls."""
    role, name = config["Role"].rpartition("/")[2], config["FunctionName"]
    seed = f"{config['FunctionArn']}:{config['Role']}"
    digest, secret, token = (
        hashlib.sha256(f"{kind}:{seed}".encode()).hexdigest() for kind in ("key", "secret", "token")
    )
    key = f"ASIA{digest[:16].upper()}"
    identity = {"Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}", "UserId": f"{role}:{name}"}
    sts.register_session(key, {**identity, "SecretAccessKey": secret, "SessionToken": token})
    return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}
