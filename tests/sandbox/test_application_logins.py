"""Redis and S3 as the application uses them: with the logins that its pods read when they started."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

import pytest
from support.killing import wait_for
from support.kubernetes import Kubernetes
from support.sandbox import Sandbox

pytestmark = pytest.mark.xdist_group("rotate-others")


def get(sandbox: Sandbox, path: str) -> str:
    """Return what the application answers."""
    with urllib.request.urlopen(sandbox.endpoints()["application"]["url"] + path, timeout=15) as response:
        return str(response.read().decode())


def counted(sandbox: Sandbox, result: str) -> int:
    """Return how many menus were looked for in Redis with a result."""
    found = re.search(rf'menu_cache_requests_total{{result="{result}"}} (\d+)', get(sandbox, "/metrics"))
    return int(found[1]) if found else 0


def menu(sandbox: Sandbox) -> dict[str, Any]:
    """Return a menu, whichever pod serves it."""
    found: dict[str, Any] = json.loads(get(sandbox, "/menus/1"))
    return found


def test_a_menu_comes_from_redis_and_without_redis_from_the_database(sandbox: Sandbox) -> None:
    from_database = menu(sandbox)
    hits = counted(sandbox, "hit")
    assert menu(sandbox) == from_database
    assert counted(sandbox, "hit") == hits + 1
    assert sandbox.play("sandbox", "fault", "redis-down").returncode == 0
    try:
        errors = counted(sandbox, "error")
        assert menu(sandbox) == from_database
        assert counted(sandbox, "error") == errors + 1
    finally:
        assert sandbox.play("sandbox", "fault", "redis-down", "--clear").returncode == 0


def test_a_pod_takes_the_token_that_the_secret_held_when_it_started(sandbox: Sandbox) -> None:
    cluster = Kubernetes(sandbox)
    right = cluster.secret("hasivu-redis")["password"]
    errors = counted(sandbox, "error")
    try:
        cluster.set_secret("hasivu-redis", {"password": "a-token-that-is-not-right"})
        menu(sandbox)
        assert counted(sandbox, "error") == errors
        cluster.restart("hasivu-web")
        wait_for(lambda: menu(sandbox) and counted(sandbox, "error") > errors)
        assert menu(sandbox)["items"]
    finally:
        cluster.set_secret("hasivu-redis", {"password": right})
        cluster.restart("hasivu-web")
    hits = counted(sandbox, "hit")
    wait_for(lambda: menu(sandbox) and counted(sandbox, "hit") > hits + 3)
