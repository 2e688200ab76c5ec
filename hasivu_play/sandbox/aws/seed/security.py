"""What an audit looks at: who did what."""

from __future__ import annotations

import time

from hasivu_play.sandbox.aws.environment import REGION
from hasivu_play.sandbox.aws.mends import trail
from hasivu_play.sandbox.aws.mends.trail_events import Call
from hasivu_play.sandbox.aws.operation import Operation

# service, operation, user, hours ago, parameters
EVENTS = (
    ("iam", "AttachUserPolicy", "rohit.kulkarni", 30, {"userName": "vendor-reporting", "policyArn":
     "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("iam", "UpdateAssumeRolePolicy", "vendor-reporting", 50, {"roleName": "partner-import"}),
    ("iam", "AddUserToGroup", "rohit.kulkarni", 200, {"groupName": "operations", "userName": "kavya.rao"}),
    ("ec2", "AuthorizeSecurityGroupIngress", "rohit.kulkarni", 29, {"cidrIp": "0.0.0.0/0", "fromPort": "22"}),
    ("lambda", "UpdateFunctionConfiguration", "ci-deploy", 5, {"functionName": "hasivu-platform-api-orders"}),
)  # fmt: skip


async def plant() -> None:
    """Put the events into CloudTrail."""
    for service, name, user, hours, sent in EVENTS:
        asked = Operation(service, name, changing=True)
        region = trail.region_of(service, REGION)
        trail.journal.add(Call(asked, user, "", region, time.time() - hours * 3600, dict(sent)))
