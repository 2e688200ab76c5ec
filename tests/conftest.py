"""One sandbox for each test worker, started the way a user starts it and stopped at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.sandbox import Sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start a sandbox in a state folder of its own."""
    yield from start_and_stop(Sandbox(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def rotating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start a sandbox for tests that change the logins, so that the other one keeps those that it was made with."""
    yield from start_and_stop(Sandbox(tmp_path_factory.mktemp("rotating")))


def start_and_stop(started: Sandbox) -> Iterator[Sandbox]:
    """Start a sandbox, and stop it at the end."""
    up = started.play("sandbox", "up")
    assert up.returncode == 0, up.stdout + up.stderr
    try:
        yield started
    finally:
        down = started.play("sandbox", "down")
        assert down.returncode == 0, down.stdout + down.stderr
