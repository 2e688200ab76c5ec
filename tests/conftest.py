"""One sandbox for each test worker, started the way a user starts it and stopped at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.sandbox import Sandbox, start_and_stop


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start a sandbox in a state folder of its own."""
    yield from start_and_stop(Sandbox(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def rotating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start a sandbox for tests that change the logins, so that the other one keeps those that it was made with."""
    yield from start_and_stop(Sandbox(tmp_path_factory.mktemp("rotating")))
