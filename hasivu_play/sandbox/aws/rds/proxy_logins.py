"""Who may log in through a proxy: the users that the current versions of its secrets name, and nobody else."""

from __future__ import annotations

import json

from ministack.core.responses import request_scope
from ministack.services import secretsmanager

from hasivu_play.sandbox.aws.environment import ACCOUNT
from hasivu_play.sandbox.aws.rds.store import Proxy


def logins(proxy: Proxy) -> dict[str, str]:
    """Return the password of each user whose login is current now, as each new login asks for them."""
    found: dict[str, str] = {}
    with request_scope(ACCOUNT, proxy.region):
        for entry in proxy.shown["Auth"]:
            held = current(entry["SecretArn"])
            if "username" in held and "password" in held:
                found[held["username"]] = held["password"]
    return found


def current(secret_id: str) -> dict[str, str]:
    """Return the fields of the version that is current; none where there is no such secret or it is no login."""
    secret = secretsmanager._resolve(secret_id)[1]
    if not secret or secret.get("DeletedDate"):
        return {}
    version = secretsmanager._find_stage_version(secret, "AWSCURRENT")[1]
    try:
        fields: dict[str, str] = json.loads((version or {}).get("SecretString") or "{}")
    except ValueError:
        return {}
    return fields
