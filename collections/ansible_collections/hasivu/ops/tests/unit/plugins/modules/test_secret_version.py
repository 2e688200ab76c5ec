# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Storing a version when the answer is lost, or the id was taken in between."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils.secret import Secret, SecretError
from ansible_collections.hasivu.ops.plugins.modules.secret_version import put
from botocore.exceptions import ClientError, ReadTimeoutError

OPTIONS = {
    "version_id": "new", "whole": False, "generate": ["password"], "replace": {"username": "b"}, "copy": {},
    "length": 40, "exclude_characters": "/",
}  # fmt: skip
MODULE: Any = SimpleNamespace(params=OPTIONS)


class Account:
    """A Secrets Manager with one secret, whose next PutSecretValue goes wrong in a way of the test."""

    def __init__(self, error: Exception | None, *, stores: bool, other: str = "") -> None:
        self.versions = {"old": json.dumps({"username": "a", "password": "one", "host": "db"})}
        self.error, self.stores, self.other = error, stores, other
        self.puts = 0

    def describe_secret(self, **_: Any) -> dict[str, Any]:
        return {"VersionIdsToStages": {"old": ["AWSCURRENT"]}}

    def get_random_password(self, **_: Any) -> dict[str, str]:
        return {"RandomPassword": "two"}

    def get_secret_value(self, VersionId: str, **_: Any) -> dict[str, str]:  # noqa: N803  # as AWS names it
        if VersionId not in self.versions:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSecretValue")
        return {"SecretString": self.versions[VersionId]}

    def put_secret_value(self, ClientRequestToken: str, SecretString: str, **_: Any) -> None:  # noqa: N803
        self.puts += 1
        if self.stores:
            self.versions[ClientRequestToken] = self.other or SecretString
        if self.error:
            raise self.error


LOST = ReadTimeoutError(endpoint_url="https://secretsmanager")
TAKEN = ClientError({"Error": {"Code": "ResourceExistsException", "Message": "in use"}}, "PutSecretValue")
DENIED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutSecretValue")


def test_a_new_version_keeps_what_is_not_replaced() -> None:
    account = Account(None, stores=True)
    put(MODULE, Secret(account, "s"))
    assert json.loads(account.versions["new"]) == {"username": "b", "password": "two", "host": "db"}


def test_a_lost_answer_is_looked_up_and_not_asked_again() -> None:
    account = Account(LOST, stores=True)
    put(MODULE, Secret(account, "s"))
    assert account.puts == 1


def test_an_id_that_was_taken_in_between_keeps_the_value_that_took_it() -> None:
    account = Account(TAKEN, stores=True, other='{"username": "b", "password": "three"}')
    put(MODULE, Secret(account, "s"))
    assert json.loads(account.versions["new"])["password"] == "three"


@pytest.mark.parametrize("error", [LOST, DENIED])
def test_what_was_not_stored_is_an_error_without_a_value(error: Exception) -> None:
    with pytest.raises(SecretError) as caught:
        put(MODULE, Secret(Account(error, stores=False), "s"))
    assert not {"one", "two"} & set(str(caught.value).replace(":", " ").split())
