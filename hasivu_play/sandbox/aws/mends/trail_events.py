"""A call to AWS as CloudTrail tells of it."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import Any

from ministack.services import cloudtrail

from hasivu_play.sandbox.aws.environment import ACCOUNT
from hasivu_play.sandbox.aws.operation import Operation
from hasivu_play.sandbox.aws.protocol import Request, Response
from hasivu_play.sandbox.aws.rds.moments import timestamp

SOURCES = {"cloudwatch": "monitoring"}
RESOURCES = {
    "dBInstanceIdentifier": "AWS::RDS::DBInstance",
    "functionName": "AWS::Lambda::Function",
    "groupId": "AWS::EC2::SecurityGroup",
    "roleName": "AWS::IAM::Role",
    "secretId": "AWS::SecretsManager::Secret",
    "userName": "AWS::IAM::User",
}

# RDS shows "****" for a password (RDS API Reference, PendingModifiedValues), and so does CloudTrail.
PASSWORDS, HIDDEN = ("MasterUserPassword",), "****"

Event = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """Who asked for what, where and when, and how it ended."""

    asked: Operation
    user: str
    key: str
    region: str
    moment: float
    sent: dict[str, Any]
    error: str | None = None

    @property
    def source(self) -> str:
        """Return the address of the service, which names it in events."""
        return f"{SOURCES.get(self.asked.service, self.asked.service)}.amazonaws.com"


def event(call: Call) -> Event:
    """Return an event as LookupEvents shows it."""
    identifier = str(uuid.uuid4())
    return {
        "EventId": identifier,
        "EventName": call.asked.name,
        "EventSource": call.source,
        "EventTime": call.moment,
        "Username": call.user,
        "AccessKeyId": call.key,
        "ReadOnly": "false" if call.asked.changing else "true",
        "Resources": resources(call.sent),
        "CloudTrailEvent": json.dumps(record(call, identifier)),
    }


def record(call: Call, identifier: str) -> dict[str, Any]:
    """Return the record that CloudTrail delivers of a call."""
    return {
        "eventVersion": "1.11",
        "userIdentity": identity(call),
        "eventTime": timestamp(call.moment),
        "eventSource": call.source,
        "eventName": call.asked.name,
        "awsRegion": call.region,
        "requestParameters": call.sent,
        "readOnly": not call.asked.changing,
        "eventID": identifier,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        **({"errorCode": call.error} if call.error else {}),
    }


def identity(call: Call) -> dict[str, str]:
    """Return who called."""
    return {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{call.user}",
        "accountId": ACCOUNT,
        "accessKeyId": call.key,
        "userName": call.user,
    }


def parameters(request: Request) -> dict[str, Any]:
    """Return the parameters of a request, with secrets hidden and first letters small, as CloudTrail shows them.

    Variables of a function are "Omitted from AWS CloudTrail logs" (Lambda API Reference, Environment).
    """
    try:
        sent = {name: values[0] for name, values in request.form.items()} or json.loads(request.body or b"{}")
    except ValueError:  # an S3 body is not JSON
        return {}
    hidden: dict[str, Any] = cloudtrail._scrub(sent)
    hidden |= {name: HIDDEN for name in PASSWORDS if name in hidden}
    if isinstance(hidden.get("Environment"), dict):
        hidden["Environment"] = {}
    return {name[:1].lower() + name[1:]: value for name, value in hidden.items() if name not in ("Action", "Version")}


def resources(sent: dict[str, Any]) -> list[dict[str, str]]:
    """Return the resources that a call names."""
    named = ((RESOURCES[name], value) for name, value in sent.items() if name in RESOURCES and isinstance(value, str))
    return [{"ResourceType": kind, "ResourceName": value} for kind, value in named]


def error_code(response: Response) -> str | None:
    """Return the code of an error, or nothing after a success."""
    if response.status < 400:
        return None
    code = re.search(rb'<Code>([^<]+)|"__type": ?"(?:[^"#]*#)?([^"]+)"', response.body)
    return (code[1] or code[2]).decode() if code else str(response.status)
