"""lambda-change refused, rehearsed, done, done again, taken back and under faults; seen with boto3 and by calling."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.faulting import faulty
from support.functions import ORDERS, alias, as_it_was, call, client, configuration, update, versions
from support.sandbox import PROGRAMS, PROJECT, Sandbox
from support.thorough import thorough

pytestmark = pytest.mark.xdist_group("lambda-change")

PAYMENTS = "hasivu-platform-api-payments"


@pytest.fixture(autouse=True)
def untouched(sandbox: Sandbox) -> Iterator[None]:
    """Give every test the function as it was seeded, and leave it so."""
    with as_it_was(sandbox):
        yield


def change(sandbox: Sandbox, *arguments: str, function: str = ORDERS) -> dict[str, object]:
    """Run the procedure on a function."""
    inputs = [part for argument in arguments for part in (["-e", argument] if "=" in argument else [argument])]
    return sandbox.run("lambda-change", "-e", f"function={function}", *inputs)


def test_a_rehearsal_writes_nothing_at_the_wire(sandbox: Sandbox) -> None:
    before = (configuration(sandbox), alias(sandbox), versions(sandbox))
    written = changing_requests(sandbox)
    result = change(sandbox, "memory_size=640", "--check")
    assert (result["exit_code"], result["changed"]) == (0, 1)
    assert changing_requests(sandbox) == written
    assert (configuration(sandbox), alias(sandbox), versions(sandbox)) == before
    assert "MemorySize: 640" in (sandbox.home / "runs" / str(result["run"]) / "record.jsonl").read_text()


def test_a_change_reaches_users_changes_nothing_else_and_is_taken_back(sandbox: Sandbox) -> None:
    before, route, known = configuration(sandbox), alias(sandbox), versions(sandbox)
    done = change(sandbox, "memory_size=1024")
    assert done["exit_code"] == 0, done
    assert configuration(sandbox) == {**before, "MemorySize": 1024}
    (new,) = set(versions(sandbox)) - set(known)
    assert (alias(sandbox)["version"], alias(sandbox)["weights"]) == (new, {})
    assert configuration(sandbox, "live")["MemorySize"] == 1024
    assert configuration(sandbox, "live")["Environment"] == before["Environment"]
    assert call(sandbox)["version"] == new
    assert secrets_in_record(sandbox, str(done["run"])) == []

    again = change(sandbox, "memory_size=1024")
    assert (again["exit_code"], again["changed"]) == (0, 0)
    assert versions(sandbox) == [*known, new]

    back = sandbox.play("rollback", str(done["run"]), "--json")
    assert json.loads(back.stdout)["exit_code"] == 0, back.stdout + back.stderr
    assert configuration(sandbox) == before
    assert alias(sandbox) == route


@pytest.mark.parametrize(
    ("arguments", "function", "exit_code", "reason"),
    [
        pytest.param(("memory_size=1024",), "hasivu-platform-legacy-export", 2, "does not begin with", marks=thorough),
        (("memory_size=64",), ORDERS, 2, "memory_size"),
        ((), ORDERS, 3, "Nothing is to be changed"),
        pytest.param(("timeout=60",), ORDERS, 3, "API Gateway", marks=thorough),
        pytest.param(("runtime=python3.9",), ORDERS, 3, "out of support since 2025-12-15", marks=thorough),
    ],
)
def test_what_must_not_be_asked_for_changes_nothing(
    sandbox: Sandbox, arguments: tuple[str, ...], function: str, exit_code: int, reason: str
) -> None:
    before = (configuration(sandbox), configuration(sandbox, name=function), alias(sandbox))
    inputs = [part for argument in (f"function={function}", *arguments) for part in ("-e", argument)]
    result = sandbox.play("run", "lambda-change", *inputs)
    assert result.returncode == exit_code, result.stdout + result.stderr
    assert reason in result.stdout + result.stderr
    assert (configuration(sandbox), configuration(sandbox, name=function), alias(sandbox)) == before


def test_what_else_lies_in_latest_does_not_reach_users_unasked(sandbox: Sandbox) -> None:
    update(sandbox, Timeout=21)
    route = alias(sandbox)
    result = change(sandbox, "memory_size=768")
    assert result["exit_code"] == 3
    assert "Timeout" in str(result["message"])
    assert configuration(sandbox)["MemorySize"] == 512
    assert alias(sandbox) == route


def test_a_version_that_fails_users_is_taken_back(sandbox: Sandbox) -> None:
    variables = configuration(sandbox)["Environment"]["Variables"]
    update(sandbox, Environment={"Variables": {**variables, "FAIL_ORDERS": "yes"}})
    route = alias(sandbox)
    canary = {"share": 0.5, "watch_seconds": 60, "look_seconds": 0.25, "max_error_rate": 0.01}
    canary |= {"slower_factor": 1.5, "slower_ms": 5000, "least_calls": 20}
    inputs = {"function": ORDERS, "memory_size": 896, "ship_latest": True, "lambda_canary": canary}
    with users(sandbox):
        sandbox.ansible_playbook("playbooks/lambda-change.yml", "-i", "inventory/sandbox", "-e", json.dumps(inputs))
    manifest = sandbox.manifest(sandbox.runs()[-1].name)
    assert manifest["exit_code"] == 1, manifest
    assert "does worse" in manifest["message"]
    assert "calls failed" in manifest["message"]
    assert alias(sandbox) == route
    assert configuration(sandbox)["MemorySize"] == 512
    assert "error" not in call(sandbox, "/orders")


@thorough
def test_a_version_that_does_not_even_start_meets_no_user(sandbox: Sandbox) -> None:
    variables = configuration(sandbox)["Environment"]["Variables"]
    update(sandbox, Environment={"Variables": {**variables, "DATABASE_PASSWORD": "wrong"}})
    route = alias(sandbox)
    moved = requests(sandbox, "lambda:UpdateAlias")
    result = change(sandbox, "memory_size=832", "ship_latest=true")
    assert result["exit_code"] == 1, result
    assert "does not work" in str(result["message"])
    assert alias(sandbox) == route
    assert requests(sandbox, "lambda:UpdateAlias") == moved


def test_an_update_in_progress_is_waited_for_and_throttling_is_no_failure(sandbox: Sandbox) -> None:
    with faulty(sandbox, "aws", lambda_update_seconds=12):
        client(sandbox, "lambda").update_function_configuration(FunctionName=ORDERS, Description="deployed meanwhile")
    with faulty(sandbox, "aws", throttled={"lambda:GetFunctionConfiguration": 3}):
        result = change(sandbox, "memory_size=704")
    assert result["exit_code"] == 0, result
    assert configuration(sandbox, "live")["MemorySize"] == 704
    assert configuration(sandbox)["Description"] == "deployed meanwhile"


@thorough
def test_an_update_that_aws_gives_up_reaches_no_user(sandbox: Sandbox) -> None:
    route, known = alias(sandbox), versions(sandbox)
    with faulty(sandbox, "aws", lambda_update_fails=True):
        result = change(sandbox, "memory_size=960")
    assert result["exit_code"] == 4, result
    assert "failed" in str(result["message"])
    assert (alias(sandbox), versions(sandbox)) == (route, known)
    assert configuration(sandbox)["MemorySize"] == 512


def test_variables_come_from_a_secret_and_no_value_is_told(sandbox: Sandbox) -> None:
    before = configuration(sandbox)
    secret = {"secret_id": "hasivu/sandbox/database/maintenance"}
    secret["variables"] = {"DATABASE_USER": "username", "DATABASE_PASSWORD": "password"}  # type: ignore[assignment]
    where = {"function": ORDERS, "prefix": "hasivu-platform-api-", "alias": "live", "region": "ap-south-1"}
    asked = {**where, "endpoint_url": sandbox.endpoints()["aws"]["url"], "environment_from_secret": secret}
    done = subprocess.run(
        [PROGRAMS / "ansible", "hasivu-database", "-i", "inventory/sandbox", "-m", "hasivu.ops.lambda_configuration",
         "-a", json.dumps(asked), "--diff"],
        cwd=PROJECT,
        env={**sandbox.environment, "AWS_SHARED_CREDENTIALS_FILE": str(sandbox.home / "sandbox/credentials/aws")},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    now = configuration(sandbox)["Environment"]["Variables"]
    assert now["DATABASE_USER"] == "hasivu_maint"
    assert now["DATABASE_PASSWORD"] == sandbox.credential("database_hasivu_maint")
    assert set(now) == set(before["Environment"]["Variables"])
    assert "Environment.DATABASE_PASSWORD" in done.stdout
    assert not [name for name, value in sandbox.secrets().items() if value in done.stdout + done.stderr]


def test_the_functions_of_the_sandbox_log_in_with_what_they_were_given(sandbox: Sandbox) -> None:
    assert call(sandbox)["session_user"] == "hasivu_app_a"
    assert call(sandbox, name=PAYMENTS)["session_user"] == "hasivu_app_a"


@contextmanager
def users(sandbox: Sandbox) -> Iterator[None]:
    """Order lunch again and again, as a city does."""
    enough = threading.Event()

    def order() -> None:
        while not enough.is_set():
            call(sandbox, "/orders")

    threads = [threading.Thread(target=order, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        for thread in threads:
            thread.join()


def requests(sandbox: Sandbox, action: str) -> int:
    """Return how often AWS was asked for something."""
    return sum(request["action"] == action for request in sandbox.requests("aws"))


def changing_requests(sandbox: Sandbox) -> dict[str, int]:
    """Return how many requests may have changed something, by part."""
    parts = ("aws", "kubernetes")
    return {part: sum(request["changing"] for request in sandbox.requests(part)) for part in parts}


def secrets_in_record(sandbox: Sandbox, run: str) -> list[str]:
    """Return the secrets that a file of a record holds."""
    files = [path.read_text(errors="replace") for path in (sandbox.home / "runs" / run).iterdir() if path.is_file()]
    return [name for name, value in sandbox.secrets().items() if any(value in content for content in files)]
