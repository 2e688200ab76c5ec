"""Passwords and verifiers of a rotation, old and new, are found nowhere but in the secret and in pg_authid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.killing import ended, new_run, started
from support.rotation import AGAIN, login, verifiers, version_with
from support.sandbox import Sandbox
from support.searching import files, logs, processes

pytestmark = pytest.mark.xdist_group("rotate-db")

STATISTICS = "SELECT query FROM pg_stat_statements"
LOUD = ("log_statement = 'ddl'", "log_min_duration_statement = 0", "pg_stat_statements.track_utility = 'on'")


def test_no_password_and_no_verifier_is_found_where_it_does_not_belong(rotating: Sandbox) -> None:
    known = set(rotating.runs())
    secrets = {login(rotating)["password"], *verifiers(rotating)}
    found: set[str] = set()
    with everything_logged(rotating), started(rotating, "run", "rotate-db", "-v", *AGAIN) as process:
        run = new_run(rotating, known)
        while process.poll() is None and not ended(run, "Release the lock that this run holds"):
            pending = version_with(rotating, "AWSPENDING")
            if pending:
                secrets.add(login(rotating, VersionId=pending)["password"])
            secrets |= set(verifiers(rotating))
            found |= search(secrets, [*processes(), *files(rotating.home / "private")])
        out, err = process.communicate(timeout=180)
        assert process.returncode == 0, out + err
        secrets |= {login(rotating)["password"], *verifiers(rotating)}
    assert len(secrets) >= 5
    queries = [("statistics", row["query"].encode()) for row in rotating.rows(STATISTICS)]
    found |= search(secrets, [("output", (out + err).encode()), *queries, *files(rotating.home / "runs")])
    found |= search(secrets, logs(rotating))
    assert found == set()
    assert any(b"pg_roles" in content for where, content in logs(rotating) if "postgresql" in where)  # it was loud


@contextmanager
def everything_logged(sandbox: Sandbox) -> Iterator[None]:
    """Let the server write down every statement meanwhile."""
    alter(sandbox, [f"ALTER SYSTEM SET {setting}" for setting in LOUD])
    try:
        yield
    finally:
        alter(sandbox, [f"ALTER SYSTEM RESET {setting.split(' = ')[0]}" for setting in LOUD])


def alter(sandbox: Sandbox, statements: list[str]) -> None:
    """Change settings of the server."""
    with sandbox.database() as connection:
        for statement in [*statements, "SELECT pg_reload_conf()"]:
            connection.execute(statement.encode())


def search(secrets: set[str], places: Iterator[tuple[str, bytes]] | list[tuple[str, bytes]]) -> set[str]:
    """Return where a secret stands, or what makes up a verifier, however it is written."""
    parts = {part.encode() for secret in secrets for part in ({secret, *secret.split("$")[-1].split(":")})}
    wanted = {part for part in parts if len(part) > 20}
    return {where for where, content in places if any(part in content for part in wanted)}
