"""The AWS account, the cluster and the database of a sandbox, as their operator works with them."""

from __future__ import annotations

import configparser
import json
import os
import signal
import time
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from kubernetes import client, config

from support.sandbox import Sandbox

ACCOUNT = "204867531290"
GROUP = "pipelines"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:policy/hasivu-deploy"
STRONG = {"MinimumPasswordLength": 14, "PasswordReusePrevention": 24}


def aws(sandbox: Sandbox, service: str, region: str = "ap-south-1") -> Any:
    """Return a client with the credentials of the operator."""
    file = configparser.ConfigParser()
    file.read(sandbox.home / "sandbox" / "credentials" / "aws")
    url = sandbox.endpoints()["aws"]["url"]
    return boto3.client(service, region_name=region, endpoint_url=url, **dict(file["default"]))


def findings(sandbox: Sandbox, run: str) -> list[dict[str, Any]]:
    """Return the findings that a run reported, its advice left out."""
    return [one for one in report(sandbox, run)["findings"] if one["severity"] != "advice"]


def report(sandbox: Sandbox, run: str) -> dict[str, Any]:
    """Return the report of a run."""
    content: dict[str, Any] = json.loads((sandbox.home / "runs" / run / "report.json").read_text())
    return content


def mend_everything(sandbox: Sandbox) -> None:
    """Do what the findings of a fresh sandbox ask for, by the APIs alone."""
    iam = aws(sandbox, "iam")
    iam.update_account_password_policy(**STRONG)
    iam.delete_login_profile(UserName="meera.iyer")
    give_factor(iam, "kavya.rao")
    mend_pipeline(iam)
    iam.detach_user_policy(UserName="vendor-reporting", PolicyArn=ADMINISTRATOR)
    delete_keys(iam, "vendor-reporting")
    iam.delete_user(UserName="vendor-reporting")
    for role, policy in (("hasivu-lambda", "debugging"), ("hasivu-backup", "restore-test")):
        iam.delete_role_policy(RoleName=role, PolicyName=policy)
    own = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    iam.update_assume_role_policy(RoleName="partner-import", PolicyDocument=document(own))
    make_trail(sandbox)
    mend_cluster(sandbox)
    with sandbox.database() as connection:
        connection.execute("DROP ROLE nightly_export")
        connection.execute("REVOKE SELECT ON guardians FROM PUBLIC")


def mend_pipeline(iam: Any) -> None:
    """Give the pipeline a new key, narrow rights, and those through a group."""
    narrow = {"Effect": "Allow", "Action": "lambda:UpdateFunctionCode", "Resource": "*"}
    iam.create_policy_version(PolicyArn=DEPLOY, PolicyDocument=document(narrow), SetAsDefault=True)
    iam.create_group(GroupName=GROUP)
    iam.attach_group_policy(GroupName=GROUP, PolicyArn=DEPLOY)
    iam.add_user_to_group(GroupName=GROUP, UserName="ci-deploy")
    iam.detach_user_policy(UserName="ci-deploy", PolicyArn=DEPLOY)
    old, unused = iam.list_access_keys(UserName="ci-deploy")["AccessKeyMetadata"]
    iam.delete_access_key(UserName="ci-deploy", AccessKeyId=unused["AccessKeyId"])
    iam.create_access_key(UserName="ci-deploy")
    iam.update_access_key(UserName="ci-deploy", AccessKeyId=old["AccessKeyId"], Status="Inactive")


def give_factor(iam: Any, user: str) -> None:
    """Give a user a second factor."""
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=user)["VirtualMFADevice"]["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes)


def delete_keys(iam: Any, user: str) -> None:
    """Delete every key of a user."""
    for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])


def make_trail(sandbox: Sandbox) -> None:
    """Make a trail of all regions and start it."""
    trail = aws(sandbox, "cloudtrail")
    wide = {"IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": True, "EnableLogFileValidation": True}
    trail.create_trail(Name="hasivu", S3BucketName="hasivu-sandbox-backups", **wide)
    trail.start_logging(Name="hasivu")


def mend_cluster(sandbox: Sandbox) -> None:
    """Take away the bindings that nobody answers for."""
    api = config.new_client_from_config(str(sandbox.home / "sandbox" / "credentials" / "kubeconfig"))
    rbac = client.RbacAuthorizationV1Api(api)
    rbac.delete_cluster_role_binding("ci-deploy")
    rbac.delete_namespaced_role_binding("reporting", "hasivu")


def document(statement: dict[str, Any]) -> str:
    """Return a policy of one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def approve(sandbox: Sandbox, *people: str) -> None:
    """Approve whatever these people did until now."""
    now = datetime.now(UTC)
    span = {"start": (now - timedelta(days=40)).isoformat(), "end": (now + timedelta(minutes=5)).isoformat()}
    changes = [{"ticket": "OPS-2211", "by": name, "events": ["*"], **span} for name in people]
    (sandbox.home / "sandbox" / "policy.json").write_text(json.dumps({"approved_changes": changes}))


def flood(sandbox: Sandbox, count: int) -> None:
    """Let the trail hold so many changes by a stranger; they are put into its file while the emulator is stopped."""
    os.kill(sandbox.status()["aws"]["pid"], signal.SIGTERM)
    while answers(sandbox):
        time.sleep(0.05)
    events = sandbox.home / "sandbox" / "aws" / "state" / "cloudtrail.jsonl"
    with events.open("a") as file:
        for number in range(count):
            file.write(json.dumps({"region": "us-east-1", "event": strange_event(number)}) + "\n")
    assert sandbox.play("sandbox", "up").returncode == 0


def answers(sandbox: Sandbox) -> bool:
    """Tell whether the emulator of AWS takes requests."""
    try:
        urllib.request.urlopen(sandbox.endpoints()["aws"]["url"] + "/_health", timeout=10).close()
    except OSError:
        return False
    return True


def strange_event(number: int) -> dict[str, Any]:
    """Return an event of somebody whom nobody knows."""
    moment = time.time() - 3600 - number
    record = {
        "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{ACCOUNT}:user/mallory", "userName": "mallory"},
        "awsRegion": "us-east-1",
        "requestParameters": {"userName": f"sleeper-{number}"},
    }
    return {
        "EventId": str(uuid.uuid4()),
        "EventName": "CreateUser",
        "EventSource": "iam.amazonaws.com",
        "EventTime": moment,
        "Username": "mallory",
        "ReadOnly": "false",
        "Resources": [],
        "CloudTrailEvent": json.dumps(record),
    }
