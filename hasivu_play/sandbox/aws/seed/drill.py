"""Where the recovery of the database is rehearsed: subnets of their own, and a group for the operator alone."""

from __future__ import annotations

import re

from hasivu_play.sandbox.aws.environment import REGION
from hasivu_play.sandbox.aws.internal import query_call
from hasivu_play.sandbox.aws.seed import network

NAME = "hasivu-drill"
RANGES = ((f"{REGION}a", "172.31.240.0/24"), (f"{REGION}b", "172.31.241.0/24"))
GROUP = (NAME, "PostgreSQL of a restored copy, from the host of the operator", "5432", "127.0.0.1/32")
IDENTIFIER = "sg-0d411b0c500000001"  # the inventory names it
# The rule of egress that every new group has: a copy calls nobody.
EVERYTHING = {"IpPermissions__1__IpProtocol": "-1", "IpPermissions__1__IpRanges__1__CidrIp": "0.0.0.0/0"}


async def plant() -> None:
    """Make subnets, subnet group and security group."""
    subnets = [await make_subnet(zone, addresses) for zone, addresses in RANGES]
    members = {f"SubnetIds__SubnetIdentifier__{n}": subnet for n, subnet in enumerate(subnets, start=1)}
    what = {"DBSubnetGroupName": NAME, "DBSubnetGroupDescription": "Copies of the database, apart from it"}
    await query_call("rds", "CreateDBSubnetGroup", REGION, **what, **members)
    await network.make(REGION, *GROUP, IDENTIFIER)
    await query_call("ec2", "RevokeSecurityGroupEgress", REGION, GroupId=IDENTIFIER, **EVERYTHING)


async def make_subnet(zone: str, addresses: str) -> str:
    """Make a subnet of the VPC, and return its identifier."""
    answer = await query_call("ec2", "CreateSubnet", REGION, AvailabilityZone=zone, CidrBlock=addresses)
    return str(re.findall("<subnetId>(.*?)</subnetId>", answer)[0])
