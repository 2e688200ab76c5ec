"""Modules called as Ansible's worker calls them, with what the inventory of the sandbox says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.killing import kill_tree
from support.sandbox import PROJECT, Sandbox

CALL = """
import json, sys
from ansible_collections.hasivu.ops.plugins.action.in_worker import call_main
print(call_main(sys.argv[1], json.load(sys.stdin)))
"""


def aws_environment(sandbox: Sandbox) -> dict[str, str]:
    """Return the environment of a step in the sandbox."""
    return {
        **sandbox.environment,
        "PYTHONPATH": str(PROJECT / "collections"),
        "AWS_ENDPOINT_URL": sandbox.endpoints()["aws"]["url"],
        "AWS_SHARED_CREDENTIALS_FILE": str(sandbox.home / "sandbox" / "credentials" / "aws"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def defaults(sandbox: Sandbox) -> dict[str, Any]:
    """Return where the sandbox's AWS and Kubernetes are."""
    kubeconfig = str(sandbox.home / "sandbox" / "credentials" / "kubeconfig")
    return {"region": "ap-south-1", "kubeconfig": kubeconfig, "namespace": "hasivu"}


def server(sandbox: Sandbox) -> dict[str, Any]:
    """Return where the sandbox's database is."""
    where = sandbox.endpoints()["postgresql"]
    place = {key: where[key] for key in ("host", "port", "database")}
    return {**place, "sslmode": "disable", "application_name": "hasivu-ops/test"}


def maintainer(sandbox: Sandbox) -> dict[str, Any]:
    """Return the login with which procedures look at the database."""
    return {**server(sandbox), "user": "hasivu_maint", "password": sandbox.credential("database_hasivu_maint")}


@contextmanager
def calling(sandbox: Sandbox, module: str, arguments: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """Call a module and go on; whatever is left of it at the end is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", CALL, f"hasivu.ops.{module}"],
        env=aws_environment(sandbox),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(arguments))
    process.stdin.close()
    process.stdin = None
    try:
        yield process
    finally:
        kill_tree(process.pid)
        process.wait()


def call(sandbox: Sandbox, module: str, check: bool = False, **arguments: Any) -> dict[str, Any]:
    """Call a module and return its result."""
    with calling(sandbox, module, {**arguments, "_ansible_check_mode": check}) as process:
        said, problems = process.communicate(timeout=200)
    assert said.strip(), problems
    result: dict[str, Any] = json.loads(said)
    return result
