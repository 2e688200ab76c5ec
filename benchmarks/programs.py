"""Starting the programs that are compared."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PROGRAMS = Path(sys.executable).parent
PATIENCE_SECONDS = 1800


class BenchmarkError(Exception):
    """A program that is compared did not do its work, so there is no figure."""


def run(*command: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a program in the folder of the project and return what it printed.

    Raises:
        BenchmarkError: It failed.
    """
    done = subprocess.run(
        list(map(str, command)),
        env=dict(environment or base_environment()),
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise BenchmarkError(f"{Path(command[0]).name} ended with {done.returncode}, so nothing is measured: {said}")
    return done.stdout


def base_environment() -> dict[str, str]:
    """Return the environment of every program: no colours, no settings of Ansible from outside."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "AWS_", "PG"))}
    return {**kept, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', os.defpath)}", "NO_COLOR": "1"}
