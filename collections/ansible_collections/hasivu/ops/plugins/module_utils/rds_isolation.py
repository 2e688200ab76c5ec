# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether an instance in some subnets and security groups is apart from production: decisions only."""

from __future__ import annotations

from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds_checks import FEWEST_ADDRESSES, check

Fields = dict[str, Any]
SOURCES = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")


def checks(
    own: Fields | None, other: Fields | None, groups: list[Fields], wanted: Fields, free: dict[str, int]
) -> list[Fields]:
    """Return each check with C(name), C(ok), C(what) and C(detail).

    Args:
        own: The subnet group of the isolated instance.
        other: That of production.
        groups: The security groups of the isolated instance, as DescribeSecurityGroups shows them.
        wanted: `security_groups`, `admitted` addresses and `port`.
        free: The free addresses of each subnet.
    """
    return [
        apart_check(own, other),
        address_check(own, free),
        place_check(own, groups, wanted["security_groups"]),
        entrance_check(groups, wanted["admitted"], wanted["port"]),
        exit_check(groups),
    ]


def subnets(group: Fields | None) -> set[str]:
    """Return the subnets of a group."""
    return {one["SubnetIdentifier"] for one in (group or {}).get("Subnets", [])}


def apart_check(own: Fields | None, other: Fields | None) -> Fields:
    """Check that no subnet is one of production's."""
    if not subnets(own) or not subnets(other):
        missing = "isolated" if not subnets(own) else "production's"
        return check("subnets_apart", False, f"The {missing} subnet group is not there.", "Make it, or name another.")
    shared = sorted(subnets(own) & subnets(other))
    what = f"{', '.join(shared)} is a subnet of production." if shared else "No subnet is one of production's."
    return check("subnets_apart", not shared, what, "Give the subnet group subnets of its own." if shared else "")


def address_check(own: Fields | None, free: dict[str, int]) -> Fields:
    """Check that the subnets have addresses left."""
    poor = sorted(one for one in subnets(own) if free.get(one, 0) < FEWEST_ADDRESSES)
    what = f"{', '.join(poor)} has too few free addresses." if poor else "Each isolated subnet has free addresses."
    return check("isolated_addresses", not poor, what, "Free addresses, or take other subnets." if poor else "")


def place_check(own: Fields | None, groups: list[Fields], wanted: list[str]) -> Fields:
    """Check that every security group is there, in the VPC of the subnets."""
    found = {one["GroupId"] for one in groups}
    missing = sorted(set(wanted) - found)
    elsewhere = sorted(one["GroupId"] for one in groups if own and one["VpcId"] != own.get("VpcId"))
    wrong = missing or elsewhere or ([] if wanted else ["none"])
    why = "is not there" if missing else "lies in another VPC than the subnets" if elsewhere else "is named"
    what = f"Security group {', '.join(wrong)} {why}." if wrong else "Every security group lies in the VPC."
    return check("groups_in_place", not wrong, what, "Make it there, or name another one." if wrong else "")


def entrance_check(groups: list[Fields], admitted: list[str], port: int) -> Fields:
    """Check that the groups let the operator in at the port of the database, and nobody else anywhere."""
    rules = [rule for group in groups for rule in group.get("IpPermissions", [])]
    surplus = sorted({source for rule in rules for source in sources(rule, admitted, port)})
    if surplus:
        return check(
            "lets_nobody_else_in", False, f"The security groups let {', '.join(surplus)} in.", "Take these rules away."
        )
    missing = sorted(set(admitted) - {one["CidrIp"] for rule in rules for one in rule.get("IpRanges", [])})
    none = missing or not admitted
    what = f"The security groups do not let {', '.join(missing) or 'anybody'} in." if none else "Only the operator."
    return check("lets_nobody_else_in", not none, what, "Let the host of the operator in." if none else "")


def sources(rule: Fields, admitted: list[str], port: int) -> list[str]:
    """Return whom a rule lets in that it should not; an admitted one at another port is one."""
    named = [str(value) for kind in SOURCES for one in rule.get(kind, []) for value in first(one)]
    right_port = rule.get("IpProtocol") == "tcp" and rule.get("FromPort") == rule.get("ToPort") == port
    return [one if right_port else f"{one} at other ports" for one in named if not right_port or one not in admitted]


def first(source: Fields) -> list[Any]:
    """Return the address, list or group that a source names."""
    found = [source[key] for key in ("CidrIp", "CidrIpv6", "PrefixListId", "GroupId") if source.get(key)]
    return found[:1] or ["an unknown source"]


def exit_check(groups: list[Fields]) -> Fields:
    """Check that the copy can call nobody: what production sends on a schedule or by a trigger, a copy would too."""
    open_groups = sorted(one["GroupId"] for one in groups if one.get("IpPermissionsEgress"))
    what = f"{', '.join(open_groups)} lets the copy call others." if open_groups else "The copy can call nobody."
    return check("calls_nobody", not open_groups, what, "Take its rules of egress away." if open_groups else "")
