"""A rotation as a test sees it: secret, roles and orders from outside, while somebody logs in all the time."""

from __future__ import annotations

import functools
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from kubernetes import client, config

from support.aws import Secret
from support.aws import client as aws_client
from support.killing import wait_for
from support.sandbox import Sandbox

APPLICATION = "hasivu/sandbox/database/application"
MONITOR = "hasivu/sandbox/database/monitor"
AGAIN = ("-e", "min_interval_days=0")
PAIR = ("hasivu_app_a", "hasivu_app_b")


@functools.cache
def aws(sandbox: Sandbox, service: str) -> Any:
    """Return a client of the sandbox's AWS, the same for whoever asks again."""
    return aws_client(sandbox, service)


def stages(sandbox: Sandbox, secret: str = APPLICATION) -> dict[str, list[str]]:
    """Return the stages of each version."""
    found = aws(sandbox, "secretsmanager").describe_secret(SecretId=secret)["VersionIdsToStages"]
    return {version: sorted(held) for version, held in found.items()}


def version_with(sandbox: Sandbox, stage: str, secret: str = APPLICATION) -> str:
    """Return the version that has a stage, or nothing."""
    return next((version for version, held in stages(sandbox, secret).items() if stage in held), "")


def login(sandbox: Sandbox, secret: str = APPLICATION, **which: str) -> dict[str, Any]:
    """Return what a version of a secret holds; the current one by default."""
    value = aws(sandbox, "secretsmanager").get_secret_value(SecretId=secret, **which)["SecretString"]
    held: dict[str, Any] = json.loads(value)
    return held


def connect(sandbox: Sandbox, held: dict[str, Any], **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
    """Log in with what a version holds."""
    where = sandbox.endpoints()["postgresql"]
    return psycopg.connect(
        host=where["host"], port=where["port"], dbname=where["database"], sslmode="disable", user=held["username"],
        password=held["password"], autocommit=True, connect_timeout=20, **options,
    )  # fmt: skip


def works(sandbox: Sandbox, held: dict[str, Any]) -> bool:
    """Tell whether the server lets a login in."""
    try:
        connect(sandbox, held).close()
    except psycopg.OperationalError as error:
        if any(words in str(error) for words in ("authentication failed", "not permitted to log in")):
            return False
        raise
    return True


def open_roles(sandbox: Sandbox) -> list[str]:
    """Return the roles of the pair that may log in."""
    query = "SELECT rolname FROM pg_roles WHERE rolcanlogin AND rolname = ANY (%s) ORDER BY 1"
    return [row["rolname"] for row in sandbox.rows(query, list(PAIR))]


def verifiers(sandbox: Sandbox) -> list[str]:
    """Return the SCRAM verifiers of the roles."""
    query = "SELECT rolpassword FROM pg_authid WHERE rolname LIKE 'hasivu_%%' AND rolpassword IS NOT NULL"
    return [row["rolpassword"] for row in sandbox.rows(query.replace("%%", "%"))]


def http(sandbox: Sandbox, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask the application."""
    url = sandbox.endpoints()["application"]["url"] + path
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        found: dict[str, Any] = json.loads(response.read())
    return found


@contextmanager
def orders_flowing(sandbox: Sandbox, per_second: float) -> Iterator[None]:
    """Let orders be placed all the while, and check that none failed and none that was acknowledged is missing."""
    before = http(sandbox, "/stats")
    http(sandbox, "/_traffic", {"per_second": per_second})
    try:
        yield
    finally:
        http(sandbox, "/_traffic", {"per_second": 0})
    after = wait_for(lambda: settled(sandbox))
    assert after["failed"] == before["failed"], after["last_failure"]
    assert after["ok"] > before["ok"]
    assert missing_orders(sandbox) == []


def settled(sandbox: Sandbox) -> dict[str, Any] | None:
    """Return the counts of the traffic once every order that was tried has ended."""
    stats = http(sandbox, "/stats")
    return stats if stats["attempted"] == stats["ok"] + stats["failed"] else None


def missing_orders(sandbox: Sandbox) -> list[int]:
    """Return the acknowledged orders that the table does not hold."""
    file = sandbox.home / "sandbox" / "application" / "acknowledged_orders.jsonl"
    numbers = [json.loads(line)["id"] for line in file.read_text().splitlines()]
    query = "SELECT id FROM unnest(%s::bigint[]) AS acknowledged(id) EXCEPT SELECT id FROM orders"
    return [row["id"] for row in sandbox.rows(query, numbers)]


@contextmanager
def published_login_works(secret: Secret, works: Callable[[dict[str, str]], bool]) -> Iterator[list[str]]:
    """Try the published login again and again; a version that is refused while it is published is named."""
    refused: list[str] = []
    tries = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal tries
        while not over.wait(0.05):
            version = secret.current()
            let_in = works(secret.value(version))
            tries += 1
            if not let_in and secret.current() == version:
                refused.append(version)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield refused
    finally:
        over.set()
        thread.join()
    assert tries > 3
    assert refused == []


def application_login_works(sandbox: Sandbox) -> AbstractContextManager[list[str]]:
    """Log in to the database with the published login of the application again and again."""
    return published_login_works(Secret(sandbox, APPLICATION), functools.partial(works, sandbox))


def stored_versions(sandbox: Sandbox) -> int:
    """Return how often a value was stored in Secrets Manager."""
    return sum(request["action"] == "secretsmanager:PutSecretValue" for request in sandbox.requests("aws"))


def pods(sandbox: Sandbox) -> set[str]:
    """Return the names of the pods, but for those of Jobs, which a schedule starts at any time."""
    api = config.new_client_from_config(str(sandbox.home / "sandbox" / "credentials" / "kubeconfig"))
    found = client.CoreV1Api(api).list_namespaced_pod("hasivu").items
    return {pod.metadata.name for pod in found if {owner.kind for owner in pod.metadata.owner_references} != {"Job"}}


def exit_of(done: Any) -> dict[str, Any]:
    """Return what a command with --json printed."""
    try:
        result: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise AssertionError(f"exit {done.returncode}\n{done.stdout}\n{done.stderr}") from None
    return result


def assert_at_rest(sandbox: Sandbox, live: str) -> None:
    """Check that one role is live, its login is published, the other is closed, and the application uses it."""
    current = login(sandbox)
    assert current["username"] == live
    assert open_roles(sandbox) == [live]
    assert works(sandbox, current)
    held = [stage for stages_of_one in stages(sandbox).values() for stage in stages_of_one]
    assert sorted(held) == ["AWSCURRENT", "AWSPREVIOUS"]
    assert http(sandbox, "/ready")["status"] == "ready"
    users = "SELECT DISTINCT usename FROM pg_stat_activity WHERE application_name IN ('hasivu-web', 'hasivu-api')"
    assert {row["usename"] for row in sandbox.rows(users)} == {live}
