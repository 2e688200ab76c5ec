"""Security groups: one in order, one open to the world."""

from __future__ import annotations

import re

from hasivu_play.sandbox.aws.internal import query_call

# name, description, port, source
GROUPS = (
    ("hasivu-database", "PostgreSQL from the cluster", "5432", "10.20.0.0/16"),
    ("hasivu-bastion", "Administration", "22", "0.0.0.0/0"),
)


async def plant() -> None:
    """Make the groups and their rules."""
    for name, description, port, source in GROUPS:
        answer = await query_call("ec2", "CreateSecurityGroup", GroupName=name, GroupDescription=description)
        await query_call(
            "ec2",
            "AuthorizeSecurityGroupIngress",
            GroupId=re.findall("<groupId>(.*?)</groupId>", answer)[0],
            IpPermissions__1__IpProtocol="tcp",
            IpPermissions__1__FromPort=port,
            IpPermissions__1__ToPort=port,
            IpPermissions__1__IpRanges__1__CidrIp=source,
        )
