"""Who may log into the server of an instance: what its security groups let in, written into pg_hba.conf.

In AWS a packet that no rule lets in is dropped and the client waits; here the server refuses it at once. As in AWS,
a session that is open when its rule goes away stays open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import ec2

from hasivu_play.sandbox.aws.environment import ACCOUNT
from hasivu_play.sandbox.aws.rds.errors import bad_value

PORT = 5432  # what rules of the groups name; on loopback each instance has another port
# The superuser is the sandbox's own way in, as rdsadmin is that of RDS: no group keeps it out.
HBA = """\
# Written by the AWS emulator from the security groups of the instance.
host all postgres 127.0.0.1/32 scram-sha-256
host replication postgres 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 {method}
"""
Rule = Mapping[str, Any]


def hba(admits: bool) -> str:
    """Return the pg_hba.conf of a server that lets clients in, or refuses every new login."""
    return HBA.format(method="scram-sha-256" if admits else "reject")


def admits(region: str, groups: Iterable[str]) -> bool:
    """Say whether any of some security groups lets an address outside of itself reach PostgreSQL."""
    with request_scope(ACCOUNT, region):
        found = [ec2._security_groups.get(group) for group in groups]
    return any(lets_in(rule) for group in found if group for rule in group["IpPermissions"])


def lets_in(rule: Rule) -> bool:
    """Say whether a rule lets addresses reach PostgreSQL; one that names a group lets its members in, no client."""
    ranges = bool(rule.get("IpRanges") or rule.get("Ipv6Ranges"))
    everything = str(rule.get("IpProtocol")) == "-1"
    return ranges and (everything or int(rule.get("FromPort", 0)) <= PORT <= int(rule.get("ToPort", 0)))


def check_groups(region: str, groups: Iterable[str]) -> None:
    """Refuse security groups that do not exist.

    Raises:
        RdsError: One of them does not.
    """
    with request_scope(ACCOUNT, region):
        missing = [group for group in groups if group not in ec2._security_groups]
    if missing:
        raise bad_value(f"Invalid security group , groupId= {missing[0]}, groupName= .")


def default_group(region: str) -> str:
    """Return the default security group of the VPC."""
    with request_scope(ACCOUNT, region):
        ec2._ensure_defaults_initialized()
        names = {group["GroupName"]: identifier for identifier, group in ec2._security_groups.items()}
    return str(names["default"])
