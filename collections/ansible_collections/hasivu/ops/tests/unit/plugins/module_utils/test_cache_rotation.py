"""How far the rotation of a token is, whose connections are older, and what forbids to begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.cache import CacheError
from ansible_collections.hasivu.ops.plugins.module_utils.cache_clients import older_clients
from ansible_collections.hasivu.ops.plugins.module_utils.cache_group import Group, address_of, objections_to
from ansible_collections.hasivu.ops.plugins.module_utils.cache_rotation import cache_standing

NOW = datetime(2026, 12, 6, 7, 0, 0, 400000, UTC)
WELL = {"ReplicationGroupId": "hasivu", "Status": "available", "AuthTokenEnabled": True}


@pytest.mark.parametrize(
    ("stages", "new", "old", "state"),
    [
        ({"old": ["AWSCURRENT"]}, None, True, "S0"),
        ({"new": ["AWSPENDING"], "old": ["AWSCURRENT"]}, False, True, "S1"),
        ({"new": ["AWSPENDING"], "old": ["AWSCURRENT"]}, True, True, "S2"),
        ({"new": ["AWSCURRENT"], "old": ["AWSPREVIOUS"]}, True, True, "S4"),
        ({"new": ["AWSCURRENT"], "old": ["AWSPREVIOUS"]}, True, False, "S7"),
        ({"new": ["AWSCURRENT"], "old": ["AWSPREVIOUS"]}, False, True, "broken"),
        ({"other": ["AWSPENDING"], "old": ["AWSCURRENT"]}, None, True, "foreign"),
    ],
)
def test_a_rotation_is_told_from_stages_and_logins(
    stages: dict[str, list[str]], new: bool | None, old: bool, state: str
) -> None:
    found = cache_standing(stages, "new", "old", new, old)
    assert (found.state, found.go_on) == (state, state not in ("broken", "foreign"))
    assert "role" not in found.meaning


def client(age: int, **more: str) -> dict[str, str]:
    return {"addr": f"10.0.0.{age}:1", "age": str(age), "user": "default", "flags": "N", **more}


def test_a_connection_counts_as_old_when_it_is_surely_older_than_the_instant() -> None:
    since = NOW - timedelta(seconds=60)
    clients = [client(59), client(60), client(61, name="report"), client(900)]
    assert [one["seconds"] for one in older_clients(clients, since, NOW)] == [900, 61]
    assert older_clients(clients, since, NOW)[1]["name"] == "report"


def test_replicas_and_other_users_hold_no_token() -> None:
    since = NOW - timedelta(seconds=60)
    assert older_clients([client(900, flags="S"), client(900, user="sandbox")], since, NOW) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"AuthTokenEnabled": False}, "asks for no AUTH token"),
        ({"UserGroupIds": ["people"]}, "RBAC"),
        ({"Status": "modifying"}, "is modifying"),
    ],
)
def test_a_group_that_is_not_fit_is_refused(change: dict[str, object], words: str) -> None:
    assert objections_to(WELL) == []
    (sentence,) = objections_to({**WELL, **change})
    assert words in sentence


def test_the_address_is_that_of_the_configuration_or_of_the_primary() -> None:
    primary = {"NodeGroups": [{"PrimaryEndpoint": {"Address": "a", "Port": 1}}]}
    assert address_of({**WELL, **primary}) == ("a", 1)
    assert address_of({**WELL, **primary, "ConfigurationEndpoint": {"Address": "b", "Port": 2}}) == ("b", 2)
    with pytest.raises(CacheError, match="no address"):
        address_of(WELL)


class Quoting:
    """An AWS that quotes what it was sent, as an error may."""

    def modify_replication_group(self, **parameters: str) -> None:
        error = RuntimeError("quoted")
        said = {"Code": "InvalidParameterValue", "Message": f"Bad token {parameters['AuthToken']}."}
        error.response = {"Error": said}  # type: ignore[attr-defined]
        raise error


def test_an_error_that_quotes_the_token_does_not_pass_it_on() -> None:
    with pytest.raises(CacheError) as raised:
        Group(Quoting(), "hasivu").change_token("a-very-secret-token", "ROTATE")
    assert raised.value.code == "InvalidParameterValue"
    assert "a-very-secret-token" not in str(raised.value)
    assert raised.value.__cause__ is None
