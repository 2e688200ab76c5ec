"""IAM: the credential report is made first and read then, and tells when passwords and access keys were used last."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ministack.services import iam

from hasivu_play.sandbox.aws.faults import Faults

NEVER = "no_information"
NONE = "N/A"
WITHOUT_KEY = ["false", NONE, NONE, NONE, NONE]
WITHOUT_CERTIFICATES = ["false", NONE, "false", NONE]
STARTING = b"<Description>No report exists. Starting a new report generation task</Description>"

Handler = Callable[[dict[str, Any]], Any]


def apply(faults: Faults) -> None:
    """Replace the report, how it is asked for, and what the summary says of the root user."""
    iam._build_credential_report = lambda: report(faults)
    handlers = iam._IAM_HANDLERS
    handlers["GenerateCredentialReport"] = started_first(handlers["GenerateCredentialReport"], faults)
    handlers["GetCredentialReport"] = refused_while_pending(handlers["GetCredentialReport"], faults)
    handlers["GetAccountSummary"] = with_root(handlers["GetAccountSummary"], faults)


def started_first(original: Handler, faults: Faults) -> Handler:
    """Return GenerateCredentialReport that starts a report, and says that it is complete when it is asked again."""

    def handle(parameters: dict[str, Any]) -> Any:
        pending = faults.read().get("credential_report_pending", False)
        first = not iam._credential_reports.get("report")
        if pending:
            return state("INPROGRESS")
        status, headers, body = original(parameters)
        return state("STARTED") if first else (status, headers, body.replace(STARTING, b""))

    return handle


def state(word: str) -> Any:
    """Return the answer that a report is not complete."""
    result = f"<GenerateCredentialReportResult><State>{word}</State></GenerateCredentialReportResult>"
    return iam._xml(200, "GenerateCredentialReportResponse", result, ns="iam")


def refused_while_pending(original: Handler, faults: Faults) -> Handler:
    """Return GetCredentialReport that gives nothing while a report is being made."""

    def handle(parameters: dict[str, Any]) -> Any:
        if faults.read().get("credential_report_pending", False):
            return iam._error(404, "ReportInProgress", "The credential report is being generated.", ns="iam")
        return original(parameters)

    return handle


def with_root(original: Handler, faults: Faults) -> Handler:
    """Return GetAccountSummary that says of the root user what the report says."""

    def handle(parameters: dict[str, Any]) -> Any:
        status, headers, body = original(parameters)
        for name, value in (("AccountMFAEnabled", has_factor(faults)), ("AccountAccessKeysPresent", has_key(faults))):
            entry = rf"(<key>{name}</key><value>)\d+".encode()
            body = re.sub(entry, rf"\g<1>{int(value)}".encode(), body)
        return status, headers, body

    return handle


def has_factor(faults: Faults) -> bool:
    """Say whether the root user has a second factor."""
    return not faults.read().get("root_without_mfa", False)


def has_key(faults: Faults) -> bool:
    """Say whether the root user has an access key."""
    return bool(faults.read().get("root_key", False))


def report(faults: Faults) -> str:
    """Return the report: the root account, then a line for each user."""
    return "\n".join([iam._CRED_REPORT_HEADER, root(faults), *(line(name) for name in iam._users)])


def root(faults: Faults) -> str:
    """Return the line of a root account, which has a second factor and no keys unless a fault says otherwise."""
    factor = str(has_factor(faults)).lower()
    unknown = ["not_supported", NEVER, "not_supported", "not_supported", factor]
    made = min((user["CreateDate"] for user in iam._users.values()), default=iam._now())
    account = f"arn:aws:iam::{iam.get_account_id()}:root"
    first = ["true", made, NONE, NONE, NONE] if has_key(faults) else WITHOUT_KEY
    return ",".join(["<root_account>", account, made, *unknown, *first, *WITHOUT_KEY, *WITHOUT_CERTIFICATES])


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
