"""IAM: the operator, people with and without reason to be there, and the key that the sandbox's clients use."""

from __future__ import annotations

import configparser
import io
import json
import secrets
import string
import time
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import iam

from hasivu_play.sandbox.aws.environment import ACCOUNT, REGION
from hasivu_play.sandbox.aws.internal import query_call
from hasivu_play.sandbox.aws.mends.rds import timestamp
from hasivu_play.sandbox.layout import Layout, write_private

DAY = 86400
OPERATOR = "hasivu-operator"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
READER = "arn:aws:iam::aws:policy/ReadOnlyAccess"

# name, days since made, days since the password was used (None: no password), managed policy, MFA
USERS: tuple[tuple[str, int, int | None, str, bool], ...] = (
    (OPERATOR, 400, 1, READER, True),
    ("anita.deshpande", 620, 2, READER, True),
    ("rohit.kulkarni", 410, 6, READER, True),
    ("meera.iyer", 300, 140, READER, True),
    ("vendor-reporting", 720, None, ADMINISTRATOR, False),
    ("ci-deploy", 500, None, READER, False),
)
ROLES = {"hasivu-lambda": "lambda.amazonaws.com", "hasivu-backup": "backup.amazonaws.com"}


async def plant(layout: Layout) -> None:
    """Make roles, users and their keys."""
    for name, service in ROLES.items():
        await query_call("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust(service))
    for name, age, password, policy, mfa in USERS:
        await make_user(name, policy)
        if password is not None:
            await query_call("iam", "CreateLoginProfile", UserName=name, Password=secrets.token_urlsafe(24))
        with request_scope(ACCOUNT, REGION):
            date_back(name, age, password)
        if mfa:
            await give_mfa(name)
    with request_scope(ACCOUNT, REGION):
        adopt_key(client_key(layout))


async def make_user(name: str, policy: str) -> None:
    """Make one user with one key and one policy."""
    await query_call("iam", "CreateUser", UserName=name)
    await query_call("iam", "CreateAccessKey", UserName=name)
    await query_call("iam", "AttachUserPolicy", UserName=name, PolicyArn=policy)


async def give_mfa(name: str) -> None:
    """Give a user a second factor."""
    await query_call("iam", "CreateVirtualMFADevice", VirtualMFADeviceName=name)
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/{name}"
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    await query_call("iam", "EnableMFADevice", UserName=name, SerialNumber=serial, **codes)


def date_back(name: str, age: int, password: int | None) -> None:
    """Let a user and its keys be as old as the story says."""
    made = timestamp(time.time() - age * DAY)
    iam._users[name]["CreateDate"] = made
    if password is not None:
        iam._users[name]["PasswordLastUsed"] = timestamp(time.time() - password * DAY)
        iam._login_profiles[name]["CreateDate"] = made
    for key in iam._access_keys.values():
        if key["UserName"] == name:
            key["CreateDate"] = made


def client_key(layout: Layout) -> dict[str, str]:
    """Return the key in the sandbox's AWS credentials file, made where there is none."""
    path = layout.credential("aws")
    file = configparser.ConfigParser()
    if not path.exists():
        file["default"] = new_key()
        content = io.StringIO()
        file.write(content)
        write_private(path, content.getvalue())
    file.read(path)
    return dict(file["default"])


def new_key() -> dict[str, str]:
    """Return a key in the form of AWS; its letters cannot be taken for an account number."""
    letters = "".join(secrets.choice(string.ascii_uppercase) for _ in range(16))
    return {"aws_access_key_id": f"AKIA{letters}", "aws_secret_access_key": secrets.token_urlsafe(30)}


def adopt_key(key: dict[str, str]) -> None:
    """Make the clients' key the operator's only one."""
    for identifier in [name for name, value in iam._access_keys.items() if value["UserName"] == OPERATOR]:
        del iam._access_keys[identifier]
    iam._access_keys[key["aws_access_key_id"]] = {
        "UserName": OPERATOR,
        "AccessKeyId": key["aws_access_key_id"],
        "SecretAccessKey": key["aws_secret_access_key"],
        "Status": "Active",
        "CreateDate": timestamp(time.time() - 20 * DAY),
    }


def trust(service: str) -> str:
    """Return the policy that lets an AWS service take a role."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
