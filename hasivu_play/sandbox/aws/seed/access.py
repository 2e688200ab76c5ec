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
from hasivu_play.sandbox.aws.rds.moments import timestamp
from hasivu_play.sandbox.layout import Layout, write_private

DAY = 86400
OPERATOR = "hasivu-operator"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
READER = "arn:aws:iam::aws:policy/ReadOnlyAccess"

GROUP = "operations"

# name, days since made, days since the password was used (None: no password), policy of its own or group, MFA
USERS: tuple[tuple[str, int, int | None, str, bool], ...] = (
    (OPERATOR, 400, 1, GROUP, True),
    ("anita.deshpande", 620, 2, GROUP, True),
    ("rohit.kulkarni", 410, 6, GROUP, True),
    ("meera.iyer", 300, 140, GROUP, True),
    ("kavya.rao", 12, 3, GROUP, False),
    ("vendor-reporting", 720, None, ADMINISTRATOR, False),
    ("ci-deploy", 500, None, "hasivu-deploy", False),
)

# user, days since made, days since used (None: never)
KEYS: tuple[tuple[str, int, int | None], ...] = (
    ("rohit.kulkarni", 60, 3),
    ("vendor-reporting", 720, 210),
    ("ci-deploy", 110, 1),
    ("ci-deploy", 60, None),
)
ROLES = {
    "hasivu-lambda": {"Service": "lambda.amazonaws.com"},
    "hasivu-backup": {"Service": "backup.amazonaws.com"},
    "partner-import": {"AWS": "*"},
}

# role, name, action: what somebody added for a day
INLINE = (("hasivu-lambda", "debugging", "*"), ("hasivu-backup", "restore-test", "iam:PassRole"))


async def plant(layout: Layout) -> None:
    """Make the group, roles, users and their keys."""
    await make_group()
    await make_roles()
    for name, age, password, policy, mfa in USERS:
        await make_user(name, policy)
        if password is not None:
            await query_call("iam", "CreateLoginProfile", UserName=name, Password=secrets.token_urlsafe(24))
        with request_scope(ACCOUNT, REGION):
            date_back(name, age, password)
        if mfa:
            await give_mfa(name)
    with request_scope(ACCOUNT, REGION):
        for user, age, used in KEYS:
            plant_key(user, age, used)
        adopt_key(client_key(layout))


async def make_group() -> None:
    """Make the group of those who operate the platform, and the policy of the pipeline."""
    await query_call("iam", "CreateGroup", GroupName=GROUP)
    await query_call("iam", "AttachGroupPolicy", GroupName=GROUP, PolicyArn=READER)
    await query_call("iam", "CreatePolicy", PolicyName="hasivu-deploy", PolicyDocument=allow("*"))


async def make_roles() -> None:
    """Make the roles of services and of a partner."""
    for name, principal in ROLES.items():
        await query_call("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=trust(principal))
    for role, name, action in INLINE:
        await query_call("iam", "PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=allow(action))


async def make_user(name: str, policy: str) -> None:
    """Make one user, in the group or with a policy of its own."""
    await query_call("iam", "CreateUser", UserName=name)
    if policy == GROUP:
        await query_call("iam", "AddUserToGroup", GroupName=GROUP, UserName=name)
        return
    arn = policy if policy.startswith("arn:") else f"arn:aws:iam::{ACCOUNT}:policy/{policy}"
    await query_call("iam", "AttachUserPolicy", UserName=name, PolicyArn=arn)


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


def plant_key(user: str, age: int, used: int | None) -> None:
    """Give a user a key that is as old as the story says."""
    key = new_key()
    identifier = key["aws_access_key_id"]
    iam._access_keys[identifier] = {
        "UserName": user,
        "AccessKeyId": identifier,
        "SecretAccessKey": key["aws_secret_access_key"],
        "Status": "Active",
        "CreateDate": timestamp(time.time() - age * DAY),
    }
    if used is not None:
        last = {"date": timestamp(time.time() - used * DAY), "region": REGION, "service": "s3"}
        iam._access_keys[identifier]["_last_used"] = last


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
    iam._access_keys[key["aws_access_key_id"]] = {
        "UserName": OPERATOR,
        "AccessKeyId": key["aws_access_key_id"],
        "SecretAccessKey": key["aws_secret_access_key"],
        "Status": "Active",
        "CreateDate": timestamp(time.time() - 20 * DAY),
    }


def trust(principal: dict[str, str]) -> str:
    """Return the policy that lets somebody take a role."""
    return document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def allow(action: str) -> str:
    """Return the policy that allows an action on everything."""
    return document({"Effect": "Allow", "Action": action, "Resource": "*"})


def document(statement: dict[str, Any]) -> str:
    """Return a policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
