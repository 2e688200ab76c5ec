"""AUTH tokens of ElastiCache: what AWS accepts and refuses, and who is let into the real server meanwhile."""

import signal
import socket
import time
from datetime import UTC, datetime, timedelta

import pytest
import redis
from botocore.exceptions import ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry
from support.killing import wait_for

from hasivu_play.sandbox.valkey import Valkey

GROUP = "hasivu-sandbox"
FIRST, SECOND, THIRD = "first-token-of-the-test", "second-token-of-the-test", "third-token!&#$^<>-of-the-test"
PATIENCE_SECONDS = 120
ONCE = Retry(NoBackoff(), 0)


class Cache:
    """The emulator and the server behind its replication group."""

    def __init__(self, aws):
        self.aws = aws
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.server = Valkey(aws.layout, "redis", probe.getsockname()[1])
        aws.layout.write_endpoints({**aws.layout.endpoints(), "redis": self.server.endpoint()})

    def start(self):
        self.server.start()
        self.aws.start()
        self.api = self.aws.client("elasticache")

    def group(self):
        return self.api.describe_replication_groups(ReplicationGroupId=GROUP)["ReplicationGroups"][0]

    def ask(self, strategy, token, **more):
        changed = {"AuthToken": token, "AuthTokenUpdateStrategy": strategy, "ApplyImmediately": True, **more}
        return self.api.modify_replication_group(ReplicationGroupId=GROUP, **changed)["ReplicationGroup"]

    def change(self, strategy, token):
        self.ask(strategy, token)
        self.wait()

    def wait(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.group()["Status"] != "available":
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def refusal(self, strategy, token, **more):
        with pytest.raises(ClientError) as raised:
            self.ask(strategy, token, **more)
        return raised.value.response["Error"]["Code"]

    def accepted(self, *tokens):
        return [self.lets_in(token) for token in tokens]

    def lets_in(self, token):
        where = self.server.endpoint()
        try:
            return redis.Redis(host=where["host"], port=where["port"], password=token, retry=ONCE).ping()
        except redis.AuthenticationError:
            return False


@pytest.fixture(scope="module")
def started(prepare_aws, tmp_path_factory):
    one = Cache(prepare_aws(tmp_path_factory.mktemp("cache")))
    try:
        one.start()
        yield one
    finally:
        one.server.stop()
        one.aws.end(signal.SIGTERM)


@pytest.fixture
def cache(started):
    """Return the group with the first token and no other."""
    for strategy in ("ROTATE", "SET"):
        started.change(strategy, FIRST)
    return started


def test_rotate_accepts_the_last_two_tokens_and_set_the_last_one_only(cache):
    """After ROTATE "the cluster will support the previous AUTH token in addition to the one specified"; with two tokens
    "the oldest AUTH token will also be removed"; after SET "the server supports only the AUTH token specified"
    (ElastiCache User Guide, Modifying the AUTH token)."""
    cache.change("ROTATE", SECOND)
    assert cache.accepted(FIRST, SECOND, THIRD) == [True, True, False]
    cache.change("ROTATE", THIRD)
    assert cache.accepted(FIRST, SECOND, THIRD) == [False, True, True]
    cache.change("SET", THIRD)
    assert cache.accepted(FIRST, SECOND, THIRD) == [False, False, True]
    assert cache.aws.layout.read_credential("redis") == THIRD


def test_a_token_that_is_accepted_can_be_rotated_again_and_then_set(cache):
    """SET takes "the same value as the last AUTH token rotated" (ElastiCache User Guide, Setting the AUTH token), so
    the way back is to rotate the old token once more."""
    cache.change("ROTATE", SECOND)
    assert cache.refusal("SET", FIRST) == "InvalidParameterValue"
    cache.change("ROTATE", FIRST)
    assert cache.accepted(FIRST, SECOND) == [True, True]
    cache.change("SET", FIRST)
    assert cache.accepted(FIRST, SECOND) == [True, False]


def test_a_change_is_asynchronous_and_no_second_one_is_taken_meanwhile(cache):
    """Changes are applied "asynchronously and as soon as possible"; InvalidReplicationGroupState means that the group
    "is not in the available state" (ElastiCache API Reference, ModifyReplicationGroup)."""
    cache.server.stop()  # so that the change cannot end while the test looks
    before = cache.group()
    wait_for(lambda: datetime.now(UTC) > before["AuthTokenLastModifiedDate"] + timedelta(seconds=1))  # it tells seconds
    answered = cache.ask("ROTATE", SECOND)
    assert answered["Status"] == "modifying"
    assert answered["PendingModifiedValues"]["AuthTokenStatus"] == "ROTATING"
    assert cache.refusal("ROTATE", THIRD) == "InvalidReplicationGroupState"
    cache.aws.end(signal.SIGKILL)
    cache.aws.start()
    cache.api = cache.aws.client("elasticache")
    assert cache.group()["Status"] == "modifying"
    cache.server.start()
    cache.wait()
    assert cache.accepted(FIRST, SECOND) == [True, True]
    assert cache.group()["AuthTokenLastModifiedDate"] > before["AuthTokenLastModifiedDate"]
    assert "PendingModifiedValues" not in cache.group()


@pytest.mark.parametrize(
    "token", ["short-token-15ch", "x" * 129, "has-a/slash-in-the-middle", "has an @ and some blanks"]
)
def test_a_token_of_the_wrong_form_is_refused(cache, token):
    """16 to 128 characters, letters, digits and ! & # $ ^ < > - (ElastiCache User Guide, AUTH token constraints)."""
    token = token[:15] if token.startswith("short") else token
    assert cache.refusal("ROTATE", token) == "InvalidParameterValue"
    assert cache.accepted(FIRST) == [True]


def test_delete_is_for_the_way_to_rbac_and_other_changes_are_not_emulated(cache):
    """DELETE is "allowed only when transitioning to RBAC" (ElastiCache API Reference, ModifyReplicationGroup)."""
    assert cache.refusal("DELETE", FIRST) == "InvalidParameterCombination"
    assert cache.refusal("ROTATE", SECOND, ApplyImmediately=False) == "NotImplemented"
    assert cache.refusal("ROTATE", SECOND, CacheNodeType="cache.t4g.medium") == "NotImplemented"


def test_tokens_survive_a_restart_of_the_server_and_of_the_emulator(cache):
    cache.change("ROTATE", SECOND)
    cache.server.stop()
    cache.aws.end(signal.SIGKILL)
    cache.start()
    assert cache.server.running()
    assert cache.accepted(FIRST, SECOND) == [True, True]
    cache.change("SET", SECOND)
    assert cache.accepted(FIRST, SECOND) == [False, True]


def test_the_group_says_that_it_asks_for_a_token_over_tls(cache):
    """AUTH is only for groups with encryption in transit (ElastiCache API Reference, CreateReplicationGroup)."""
    assert cache.group()["AuthTokenEnabled"] is True
    assert cache.group()["TransitEncryptionEnabled"] is True
    state = (cache.aws.directory / "state" / "elasticache.json").read_text()
    assert FIRST not in state
