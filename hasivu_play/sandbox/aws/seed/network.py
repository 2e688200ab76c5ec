"""Security groups: one in order, one open to the world, one that lets nobody in."""

from __future__ import annotations

import re

from hasivu_play.sandbox.aws.internal import query_call

# name, description, port, source
GROUPS = (
    ("hasivu-database", "PostgreSQL from the cluster", "5432", "10.20.0.0/16"),
    ("hasivu-bastion", "Administration", "22", "0.0.0.0/0"),
)
FENCE, FENCE_DESCRIPTION = "hasivu-fence", "Keeps every client from a database that was left"


async def plant() -> None:
    """Make the groups and their rules."""
    await query_call("ec2", "CreateSecurityGroup", GroupName=FENCE, GroupDescription=FENCE_DESCRIPTION)
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
