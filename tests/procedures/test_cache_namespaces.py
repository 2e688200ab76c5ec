"""A namespace of the cache is forgotten, and nothing beside it."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from ansible.module_utils.testing import patch_module_args
from ansible_collections.hasivu.ops.plugins.modules import cache_namespace_invalidation
from support.sandbox import Sandbox

pytestmark = pytest.mark.xdist_group("cache-namespaces")


@pytest.fixture
def cache(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(sandbox.home / "sandbox" / "credentials" / "aws"))
    where = sandbox.endpoints()["redis"]
    with redis.Redis(where["host"], where["port"], password=sandbox.credential("redis")) as client:
        yield client
        for key in client.scan_iter(match="trial*", count=1000):
            client.unlink(key)


def forget(sandbox: Sandbox, *namespaces: str, check_mode: bool = False, **options: str) -> dict[str, Any]:
    asked = {
        "namespaces": list(namespaces),
        "region": "ap-south-1",
        "endpoint_url": sandbox.endpoints()["aws"]["url"],
        "secret_id": "hasivu/sandbox/redis/auth-token",
        "replication_group_id": "hasivu-sandbox",
        "tls": False,
        "_ansible_check_mode": check_mode,
        **options,
    }
    printed = io.StringIO()
    with patch_module_args(asked), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        cache_namespace_invalidation.main()
    result: dict[str, Any] = json.loads(printed.getvalue())
    return result


def test_only_the_namespace_is_forgotten(sandbox: Sandbox, cache: redis.Redis) -> None:
    cache.mset({f"trial:menu:{number}": "x" for number in range(1500)} | {"trial:menus": "stays", "trials:1": "stays"})
    everything = cache.dbsize()
    rehearsed = forget(sandbox, "trial:menu:", "trial:none:", check_mode=True)
    assert rehearsed["keys"] == {"trial:menu:": 1500, "trial:none:": 0}
    assert cache.dbsize() == everything
    result = forget(sandbox, "trial:menu:", "trial:none:")
    assert (result["changed"], result["keys"]) == (True, rehearsed["keys"])
    assert cache.exists("trial:menu:7") == 0
    assert cache.mget("trial:menus", "trials:1") == [b"stays", b"stays"]
    assert forget(sandbox, "trial:menu:", "trial:none:")["changed"] is False
    commands = {name for name in cache.info("commandstats") if "flush" in name or name == "cmdstat_keys"}
    assert not commands


@pytest.mark.parametrize("namespace", ["*", "", "menu", "m*:", ":", "menu:[a]:"])
def test_a_namespace_that_could_take_everything_is_refused(sandbox: Sandbox, namespace: str) -> None:
    assert forget(sandbox, namespace)["stop"] == "bad_input"


def test_a_cache_that_cannot_be_asked_may_hold_newer_facts(sandbox: Sandbox, cache: redis.Redis) -> None:
    result = forget(sandbox, "trial:", replication_group_id="nobody")
    assert (result["failed"], result["stop"]) == (True, "resumable")
    assert sandbox.credential("redis") not in str(result)
