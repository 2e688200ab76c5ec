# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a copy would be apart from production."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.rds_isolation import checks


def subnets(*names: str) -> dict[str, Any]:
    return {"VpcId": "vpc-1", "Subnets": [{"SubnetIdentifier": name} for name in names]}


def rule(*addresses: str, port: int = 5432, **more: Any) -> dict[str, Any]:
    ranges = [{"CidrIp": one} for one in addresses]
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ranges, **more}


GROUP: dict[str, Any] = {
    "GroupId": "sg-1",
    "VpcId": "vpc-1",
    "IpPermissions": [rule("10.1.1.1/32")],
    "IpPermissionsEgress": [],
}
WANTED = {"security_groups": ["sg-1"], "admitted": ["10.1.1.1/32"], "port": 5432}
WORLD: dict[str, Any] = {
    "own": subnets("a", "b"),
    "other": subnets("c"),
    "groups": [GROUP],
    "wanted": WANTED,
    "free": {"a": 9, "b": 9},
}


def wrong(**changes: Any) -> list[str]:
    """Return the names of the checks that do not hold."""
    return [one["name"] for one in checks(**{**WORLD, **changes}) if not one["ok"]]


def test_a_place_of_its_own_is_apart() -> None:
    assert wrong() == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"other": subnets("b", "c")}, "subnets_apart"),
        ({"own": None}, "subnets_apart"),
        ({"other": None}, "subnets_apart"),
        ({"free": {"a": 9, "b": 1}}, "isolated_addresses"),
        ({"free": {"a": 9}}, "isolated_addresses"),
        ({"groups": [{**GROUP, "VpcId": "vpc-2"}]}, "groups_in_place"),
        ({"wanted": {**WANTED, "security_groups": ["sg-1", "sg-2"]}}, "groups_in_place"),
        ({"wanted": {**WANTED, "security_groups": []}}, "groups_in_place"),
        ({"wanted": {**WANTED, "admitted": ["10.1.1.1/32", "10.1.1.2/32"]}}, "lets_nobody_else_in"),
        ({"groups": [{**GROUP, "IpPermissions": []}]}, "lets_nobody_else_in"),
        ({"groups": [{**GROUP, "IpPermissionsEgress": [{"IpProtocol": "-1"}]}]}, "calls_nobody"),
    ],
)
def test_what_is_not_apart_is_told(changes: dict[str, Any], name: str) -> None:
    assert name in wrong(**changes)


@pytest.mark.parametrize(
    "surplus",
    [
        rule("10.1.0.0/16"),
        rule("0.0.0.0/0"),
        rule("10.1.1.1/32", port=22),
        {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.1.1.1/32"}]},
        rule(Ipv6Ranges=[{"CidrIpv6": "::/0"}]),
        rule(UserIdGroupPairs=[{"GroupId": "sg-production"}]),
        rule(PrefixListIds=[{"PrefixListId": "pl-1"}]),
    ],
)
def test_one_rule_too_many_is_told(surplus: dict[str, Any]) -> None:
    group = {**GROUP, "IpPermissions": [*GROUP["IpPermissions"], surplus]}
    assert wrong(groups=[group]) == ["lets_nobody_else_in"]
