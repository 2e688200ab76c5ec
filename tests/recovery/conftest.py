"""A sandbox of its own for each file of tests that may lose its database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.sandbox import Sandbox, start_and_stop


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Start a sandbox whose database the tests of a file may rename and lose."""
    yield from start_and_stop(Sandbox(tmp_path_factory.mktemp("home")))
