"""IAM: the credential report tells when passwords and access keys were used last."""

from __future__ import annotations

from typing import Any

from ministack.services import iam

NEVER = "no_information"
NONE = "N/A"
WITHOUT_KEY = ["false", NONE, NONE, NONE, NONE]
WITHOUT_CERTIFICATES = ["false", NONE, "false", NONE]


def apply() -> None:
    """Replace the report."""
    iam._build_credential_report = report


def report() -> str:
    """Return the report: the root account, then a line for each user."""
    return "\n".join([iam._CRED_REPORT_HEADER, root(), *(line(name) for name in iam._users)])


def root() -> str:
    """Return the line of a root account that has a second factor and no keys."""
    unknown = ["not_supported", NEVER, "not_supported", "not_supported", "true"]
    made = min((user["CreateDate"] for user in iam._users.values()), default=iam._now())
    account = f"arn:aws:iam::{iam.get_account_id()}:root"
    return ",".join(["<root_account>", account, made, *unknown, *WITHOUT_KEY * 2, *WITHOUT_CERTIFICATES])


def line(name: str) -> str:
    """Return the line of a user."""
    user = iam._users[name]
    keys = sorted(
        (key for key in iam._access_keys.values() if key["UserName"] == name), key=lambda key: key["CreateDate"]
    )
    columns = [column for key in keys[:2] for column in access_key(key)] + WITHOUT_KEY * (2 - len(keys))
    factor = any(device.get("User") == name for device in iam._mfa_devices.values())
    start = [name, user["Arn"], user["CreateDate"], *password(name, user), str(factor).lower()]
    return ",".join(start + columns + WITHOUT_CERTIFICATES)


def password(name: str, user: dict[str, Any]) -> list[str]:
    """Return whether a user has a password, its last use, its last change and its next rotation."""
    profile = iam._login_profiles.get(name)
    if profile is None:
        return ["false", NONE, NONE, NONE]
    return ["true", user.get("PasswordLastUsed", NEVER), profile["CreateDate"], NONE]


def access_key(key: dict[str, Any]) -> list[str]:
    """Return whether a key is active, when it was made, and its last use."""
    used = key.get("_last_used", {})
    last = [used.get(field, NONE) for field in ("date", "region", "service")]
    return [str(key["Status"] == "Active").lower(), key["CreateDate"], *last]
