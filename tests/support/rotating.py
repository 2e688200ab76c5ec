"""Rotations under test: killed at a step, watched while they work, and looked through for secrets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.aws import Secret
from support.killing import kill_when, lines, steps
from support.sandbox import Sandbox


def kill_at(sandbox: Sandbox, step: str, *command: str) -> Path:
    """Start a command, kill it as soon as a step begins, and return the folder of its run."""
    run = kill_when(sandbox, lambda run: step in begun(run), *command)
    assert lines(run)[-1]["event"] != "run_finished", f"{command} ended before it was killed"
    return run


def begun(run: Path) -> list[str]:
    """Return the steps that a run has begun."""
    return steps(run, "step_started")


def finished(sandbox: Sandbox, *arguments: str) -> dict[str, Any]:
    """Run a command that takes --json to its end, and return what it printed."""
    done = sandbox.play(*arguments, "--json")
    result: dict[str, Any] = json.loads(done.stdout or "{}")
    assert result.get("exit_code") == done.returncode, done.stdout + done.stderr
    return result


@contextmanager
def published_login_works(secret: Secret, works: Callable[[dict[str, str]], bool]) -> Iterator[list[str]]:
    """Try the published login again and again; a version that is refused while it is published is named."""
    refused: list[str] = []
    tries = 0
    over = threading.Event()

    def watch() -> None:
        nonlocal tries
        while not over.wait(0.05):
            version = secret.current()
            let_in = works(secret.value(version))
            tries += 1
            if not let_in and secret.current() == version:
                refused.append(version)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield refused
    finally:
        over.set()
        thread.join()
    assert tries > 0
    assert refused == []
