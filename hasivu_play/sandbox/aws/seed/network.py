"""Security groups: one in order, one open to the world, one that lets nobody in."""

from __future__ import annotations

import re

from ministack.core.responses import request_scope
from ministack.services import ec2

from hasivu_play.sandbox.aws.environment import ACCOUNT, OTHER_REGION, REGION
from hasivu_play.sandbox.aws.internal import query_call

# name, description, port, source; without a port the group lets nobody in
GROUPS = (
    ("hasivu-database", "PostgreSQL from the cluster", "5432", "10.20.0.0/16"),
    ("hasivu-bastion", "Administration", "22", "0.0.0.0/0"),
    ("hasivu-fence", "Keeps every client from a database that was left", "", ""),
)
# The inventory names these.
IDENTIFIERS = {"hasivu-database": "sg-0da7aba5e00000001", "hasivu-fence": "sg-0fe4ce0000000001"}
OTHER_IDENTIFIER = "sg-0da7aba5e00000002"  # the group of databases in the second Region


async def plant() -> None:
    """Make the groups and their rules."""
    for name, description, port, source in GROUPS:
        await make(REGION, name, description, port, source, IDENTIFIERS.get(name))
    await make(OTHER_REGION, *GROUPS[0], OTHER_IDENTIFIER)


async def make(region: str, name: str, description: str, port: str, source: str, identifier: str | None) -> None:
    """Make one group of a Region, with its rule."""
    described = {"GroupName": name, "GroupDescription": description}
    answer = await query_call("ec2", "CreateSecurityGroup", region, **described)
    group = known_as(re.findall("<groupId>(.*?)</groupId>", answer)[0], identifier, region)
    if port:
        await allow(group, port, source, region)


def known_as(made: str, wanted: str | None, region: str) -> str:
    """Give a group the identifier that the inventory knows it by, and return what it has."""
    if wanted is None:
        return made
    with request_scope(ACCOUNT, region):
        ec2._security_groups[wanted] = {**ec2._security_groups.pop(made), "GroupId": wanted}
    return wanted


async def allow(group: str, port: str, source: str, region: str = REGION) -> None:
    """Let a range of addresses reach a port."""
    await query_call(
        "ec2",
        "AuthorizeSecurityGroupIngress",
        region,
        GroupId=group,
        IpPermissions__1__IpProtocol="tcp",
        IpPermissions__1__FromPort=port,
        IpPermissions__1__ToPort=port,
        IpPermissions__1__IpRanges__1__CidrIp=source,
    )
