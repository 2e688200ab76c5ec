"""A sandbox that only the tests of the sandbox itself may kill, break and take down."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from hasivu_play.sandbox import supervisor
from hasivu_play.sandbox.layout import Layout

UP = (
    "import pathlib, sys; from hasivu_play.sandbox import layout, supervisor;"
    "supervisor.up(layout.Layout(pathlib.Path(sys.argv[1])))"
)


@pytest.fixture(scope="session")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """Start a sandbox with two commands at the same time."""
    layout = Layout(tmp_path_factory.mktemp("own") / "sandbox")
    commands = [subprocess.Popen([sys.executable, "-c", UP, str(layout.root)]) for _ in range(2)]
    try:
        assert [command.wait(180) for command in commands] == [0, 0]
        yield layout
    finally:
        supervisor.down(layout)


@pytest.fixture
def up(layout: Layout) -> dict[str, Any]:
    """Return the status of that sandbox with every part running."""
    return supervisor.up(layout)
