"""Modules called as Ansible's worker calls them, with what the inventory of the sandbox says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from ansible_collections.hasivu.ops.plugins.action.in_worker import call_main

from support.killing import kill_tree
from support.sandbox import PROJECT, Sandbox

CALL = """
import json, sys
from ansible_collections.hasivu.ops.plugins.action.in_worker import call_main
print(call_main(sys.argv[1], json.load(sys.stdin)))
"""


def aws_environment(sandbox: Sandbox) -> dict[str, str]:
    """Return what a step of the sandbox has in its environment."""
    return {
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
def calling(sandbox: Sandbox, module: str, **arguments: Any) -> Iterator[subprocess.Popen[str]]:
    """Call a module in a process of its own and go on; whatever is left of it at the end is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", CALL, f"hasivu.ops.{module}"],
        env={**sandbox.environment, **aws_environment(sandbox), "PYTHONPATH": str(PROJECT / "collections")},
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
        process.communicate()


def call(sandbox: Sandbox, module: str, check: bool = False, **arguments: Any) -> dict[str, Any]:
    """Call a module in this process and return its result."""
    with patch.dict(os.environ, aws_environment(sandbox)):
        said = call_main(f"hasivu.ops.{module}", {**arguments, "_ansible_check_mode": check})
    result: dict[str, Any] = json.loads(said)
    return result
