"""rotate-redis done, rehearsed, refused and undone; the outcome is seen at the server, in AWS and in the cluster."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from support.aws import Secret
from support.faulting import ends, faulty
from support.killing import kill_at, started, wait_for
from support.kubernetes import Kubernetes
from support.rotation import published_login_works
from support.sandbox import Sandbox
from support.searching import holding, in_logs, processes
from support.thorough import THOROUGH, thorough

pytestmark = pytest.mark.xdist_group("rotate-others")

NAME = "hasivu/sandbox/redis/auth-token"
AT_ONCE = ("-e", "min_interval_days=0")
FOREIGN = "11111111-2222-3333-4444-555555555555"

STORE = "Store a new token as pending, before the cache accepts it"
ACCEPT = "Let the cache accept the wanted token beside the present one"
PUBLISH = "Publish the wanted token in exchange for the other one"
SYNC = "Bring the login into the Secret of the cluster"
ROLL = "Let the first consumer read it"
DRAIN = "Wait until no client holds the other token, and see that no login is refused"
ALONE = "Let the cache accept no other token"
VERIFY = "Check that the wanted token works and the other one is refused"


class Cache:
    """The cache of a sandbox, and the secret with its token."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.secret = Secret(sandbox, NAME)

    def connect(self, token: str) -> redis.Redis:
        where = self.sandbox.endpoints()["redis"]
        return redis.Redis(host=where["host"], port=where["port"], password=token, retry=Retry(NoBackoff(), 0))

    def lets_in(self, token: str) -> bool:
        try:
            with self.connect(token) as client:
                return bool(client.ping())
        except redis.AuthenticationError:
            return False

    def accepts(self, fields: dict[str, str]) -> bool:
        return self.lets_in(fields["password"])

    def accepted(self) -> list[str]:
        """Return the versions whose token is let in."""
        return [version for version, fields in self.secret.values().items() if self.accepts(fields)]

    def tokens(self) -> int:
        """Return how many tokens the server itself knows."""
        users = (self.sandbox.home / "sandbox" / "redis" / "users.acl").read_text().splitlines()
        return next(line for line in users if line.startswith("user default ")).count(" #")

    def check_settled(self) -> None:
        """Check that one token is let in, the published one, and that the cluster holds it."""
        current = self.secret.current()
        assert self.accepted() == [current]
        assert self.tokens() == 1
        assert not [version for version, stages in self.secret.stages().items() if "AWSPENDING" in stages]
        assert Kubernetes(self.sandbox).secret("hasivu-redis")["password"] == self.secret.value(current)["password"]

    def asked(self, action: str) -> int:
        """Return how often AWS was asked to do something, and did it."""
        return sum(
            one["action"] == action and one["status"] < 400 and "hasivu-ops" in one["client"]
            for one in self.sandbox.requests("aws")
        )


@pytest.fixture
def cache(sandbox: Sandbox) -> Iterator[Cache]:
    found = Cache(sandbox)
    yield found
    found.check_settled()


@thorough
def test_done_the_published_token_works_at_every_moment_and_stands_nowhere(sandbox: Sandbox, cache: Cache) -> None:
    before = cache.secret.current()
    seen = []
    over = threading.Event()

    def look_at_processes() -> None:
        while not over.wait(0.2):
            tokens = [fields["password"].encode() for fields in cache.secret.values().values()]
            seen.extend(token for _, content in processes() for token in tokens if token in content)

    looking = threading.Thread(target=look_at_processes)
    looking.start()
    try:
        with published_login_works(cache.secret, cache.accepts):
            result = sandbox.run("rotate-redis", "-v", *AT_ONCE)
    finally:
        over.set()
        looking.join()
    assert result["exit_code"] == 0, result
    after = cache.secret.current()
    assert after != before
    assert cache.accepted() == [after]
    tokens = [fields["password"] for fields in cache.secret.values().values()]
    assert all(16 <= len(token) <= 128 for token in tokens)
    assert seen == []
    assert holding([sandbox.home / "runs", sandbox.home / "private"], tokens) == []
    assert in_logs(sandbox, tokens) == []
    assert not any(token in str(result) for token in tokens)
    assert sandbox.play("runs", "verify", result["run"]).returncode == 0


def test_a_rehearsal_writes_nothing_at_the_wire(sandbox: Sandbox, cache: Cache) -> None:
    before = world(cache)
    rehearsed = sandbox.run("rotate-redis", "--check", *AT_ONCE)
    assert rehearsed["exit_code"] == 0, rehearsed
    assert world(cache) == before


@thorough
def test_again_too_early_it_is_refused(sandbox: Sandbox, cache: Cache) -> None:
    assert sandbox.run("rotate-redis", *AT_ONCE)["exit_code"] == 0
    before = cache_itself(cache)
    refused = sandbox.run("rotate-redis")
    assert refused["exit_code"] == 3
    assert "days apart" in refused["message"]
    assert cache_itself(cache) == before


def test_killed_at_every_boundary_in_turn_it_goes_on_and_makes_one_token(sandbox: Sandbox, cache: Cache) -> None:
    made = len(cache.secret.versions())
    stored, changes = cache.asked("secretsmanager:PutSecretValue"), cache.asked("elasticache:ModifyReplicationGroup")
    before = cache.secret.current()
    with published_login_works(cache.secret, cache.accepts):
        run = kill_at(sandbox, STORE, "run", "rotate-redis", *AT_ONCE)
        for step in (ACCEPT, PUBLISH, SYNC, ROLL, ALONE, VERIFY) if THOROUGH else (ACCEPT, SYNC, ALONE):
            run = kill_at(sandbox, step, "resume", run.name)
        result = ends(sandbox, "resume", run.name)
    assert result["exit_code"] == 0, result
    assert len(cache.secret.versions()) == made + 1
    assert cache.asked("secretsmanager:PutSecretValue") == stored + 1
    assert cache.asked("elasticache:ModifyReplicationGroup") == changes + 2
    assert cache.secret.current() != before
    tokens = [fields["password"] for fields in cache.secret.values().values()]
    assert holding([sandbox.home / "runs", sandbox.home / "private"], tokens) == []
    assert in_logs(sandbox, tokens) == []


@thorough
@pytest.mark.parametrize("step", [ACCEPT, DRAIN])
def test_killed_it_goes_back_also_when_the_way_back_is_killed(sandbox: Sandbox, cache: Cache, step: str) -> None:
    before = cache.secret.current()
    with published_login_works(cache.secret, cache.accepts):
        run = kill_at(sandbox, step, "run", "rotate-redis", *AT_ONCE)
        back = kill_at(sandbox, ALONE, "rollback", run.name)
        result = ends(sandbox, "resume", back.name)
    assert result["exit_code"] == 0, result
    assert cache.secret.current() == before


@thorough
def test_done_it_can_still_go_back(sandbox: Sandbox, cache: Cache) -> None:
    before = cache.secret.current()
    done = sandbox.run("rotate-redis", *AT_ONCE)
    assert done["exit_code"] == 0, done
    with published_login_works(cache.secret, cache.accepts):
        result = ends(sandbox, "rollback", done["run"])
    assert result["exit_code"] == 0, result
    assert cache.secret.current() == before


def test_another_rotation_that_is_under_way_is_left_alone(sandbox: Sandbox, cache: Cache) -> None:
    before = cache.secret.current()
    cache.secret.put(FOREIGN, {"password": "a-token-that-somebody-else-made"})
    try:
        result = sandbox.run("rotate-redis", *AT_ONCE)
        assert result["exit_code"] == 5
        assert FOREIGN in result["message"]
        assert cache.secret.stages()[FOREIGN] == ["AWSPENDING"]
    finally:
        cache.secret.forget(FOREIGN)
    assert cache.secret.current() == before


@thorough
def test_without_the_cache_it_is_refused_and_nothing_is_stored(sandbox: Sandbox, cache: Cache) -> None:
    versions = cache.secret.versions()
    assert sandbox.play("sandbox", "fault", "redis-down").returncode == 0
    try:
        result = sandbox.run("rotate-redis", *AT_ONCE)
    finally:
        assert sandbox.play("sandbox", "fault", "redis-down", "--clear").returncode == 0
    assert result["exit_code"] == 3
    assert "does not answer" in result["message"]
    assert cache.secret.versions() == versions


@thorough
def test_a_client_that_nobody_told_keeps_the_old_token_alive(sandbox: Sandbox, cache: Cache) -> None:
    before = cache.secret.current()
    stranger = cache.connect(cache.secret.value(before)["password"])
    stranger.client_setname("report-of-the-finance-team")
    wait_for(lambda: int(stranger.client_list(client_id=[stranger.client_id()])[0]["age"]) >= 2)
    result = sandbox.run("rotate-redis", *AT_ONCE)
    assert result["exit_code"] == 4
    assert "report-of-the-finance-team" in result["message"]
    assert len(cache.accepted()) == 2
    stranger.close()
    assert ends(sandbox, "resume", result["run"])["exit_code"] == 0
    assert cache.secret.current() != before


@thorough
def test_a_consumer_that_never_becomes_ready_stops_the_run_and_both_tokens_work(sandbox: Sandbox, cache: Cache) -> None:
    before = cache.secret.current()
    cluster = Kubernetes(sandbox)
    run = kill_at(sandbox, ROLL, "run", "rotate-redis", *AT_ONCE)
    image = cluster.set_image("hasivu-web", "registry.example.com/does-not-exist:1")
    try:
        stopped = ends(sandbox, "resume", run.name)
        assert stopped["exit_code"] == 4, stopped
        assert "ImagePull" in stopped["message"]
        assert len(cache.accepted()) == 2
    finally:
        cluster.set_image("hasivu-web", image)
    result = ends(sandbox, "rollback", stopped["run"])
    assert result["exit_code"] == 0, result
    assert cache.secret.current() == before


@thorough
def test_two_at_once_do_not_both_work(sandbox: Sandbox, cache: Cache) -> None:
    """Pods take so long to start that the one that works still does when the other one asks for the lock."""
    versions, command = cache.secret.versions(), ("run", "rotate-redis", *AT_ONCE)
    wait_for(lambda: Kubernetes(sandbox).serves("hasivu-web"))
    with (
        faulty(sandbox, "kubernetes", pod_start_seconds=20),
        started(sandbox, *command) as one,
        started(sandbox, *command) as two,
    ):
        one.communicate(timeout=300)
        two.communicate(timeout=300)
    assert sorted([one.returncode, two.returncode]) == [0, 6]
    assert len(cache.secret.versions()) == len(versions) + 1


def world(cache: Cache) -> dict[str, Any]:
    """Return everything that a write would change, locks too."""
    return {
        **cache_itself(cache),
        "aws": [request for request in cache.sandbox.requests("aws") if request["changing"]],
        "kubernetes": [request for request in cache.sandbox.requests("kubernetes") if request["changing"]],
    }


def cache_itself(cache: Cache) -> dict[str, Any]:
    """Return the cache with its tokens and their versions."""
    where = cache.sandbox.endpoints()["redis"]
    login = {"username": "sandbox", "password": cache.sandbox.credential("redis_admin")}
    with redis.Redis(host=where["host"], port=where["port"], **login) as server:
        info = server.info("persistence")["rdb_changes_since_last_save"], server.dbsize()
    return {
        "stages": cache.secret.stages(),
        "redis": info,
        "users": (cache.sandbox.home / "sandbox" / "redis" / "users.acl").read_text(),
    }
