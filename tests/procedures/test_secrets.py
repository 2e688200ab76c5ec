"""The secrets of the sandbox are found nowhere but where they belong: searched for while a run works, and after it."""

from __future__ import annotations

import os

import pytest
from support.killing import new_run, started, wait_for
from support.maintenance import wear
from support.sandbox import Sandbox
from support.searching import files, logs, processes

pytestmark = pytest.mark.xdist_group("weekly-db")

SLOW = ("-e", "cost_delay_ms=20", "-e", "cost_limit=300")


def test_no_secret_stands_in_a_command_line_an_environment_or_a_file(sandbox: Sandbox) -> None:
    secrets = {name: secret.encode() for name, secret in sandbox.secrets().items()}
    assert len(secrets) >= 8
    wear(sandbox)
    known = set(sandbox.runs())
    found: set[str] = set()
    with started(sandbox, "run", "weekly-db", "-v", *SLOW) as process:
        run = new_run(sandbox, known)
        wait_for(lambda: sandbox.value("SELECT count(*) FROM pg_stat_progress_vacuum"))
        for where, content in [*processes(), *files(sandbox.home / "private"), *files(run)]:
            found |= {f"{name} in {where}" for name, secret in secrets.items() if secret in content}
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0
    for where, content in [("output", (out + err).encode()), *files(sandbox.home / "runs"), *logs(sandbox)]:
        found |= {f"{name} in {where}" for name, secret in secrets.items() if secret in content}
    assert found == set()


def test_the_search_finds_a_secret_where_there_is_one(sandbox: Sandbox) -> None:
    secret = sandbox.credential("database_hasivu_maint").encode()
    credentials = sandbox.home / "sandbox" / "credentials"
    assert any(secret in content for _, content in files(credentials))
    child = os.spawnle(os.P_NOWAIT, "/bin/sleep", "sleep", "5", {"LEAK": secret.decode()})
    try:
        wait_for(lambda: any(secret in content for _, content in processes()), 5)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def test_a_wrong_password_does_not_reach_the_record(sandbox: Sandbox) -> None:
    file = sandbox.home / "sandbox" / "credentials" / "database_hasivu_maint"
    right = file.read_text()
    file.write_text("a-wrong-password-that-is-secret-too")
    try:
        result = sandbox.run("weekly-db")
    finally:
        file.write_text(right)
    assert result["exit_code"] == 3
    assert not [where for where, content in files(sandbox.home / "runs") if b"a-wrong-password" in content]
