"""Faults that are brought about before a run, or while one is on its way, and how the run ends with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from support.killing import new_run, started, steps, wait_for
from support.sandbox import Sandbox

RUN_SECONDS = 420


@contextmanager
def faulty(sandbox: Sandbox, part: str, **wanted: Any) -> Iterator[None]:
    """Let a part of the sandbox have faults, and none afterwards."""
    set_faults(sandbox, part, **wanted)
    try:
        yield
    finally:
        clear(sandbox, part)


def set_faults(sandbox: Sandbox, part: str, **wanted: Any) -> None:
    """Let a part of the sandbox have these faults and no others, at once as it reads them."""
    file = sandbox.home / "sandbox" / part / "faults.json"
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(wanted))
    draft.replace(file)


def clear(sandbox: Sandbox, part: str) -> None:
    """Take all faults of a part away."""
    (sandbox.home / "sandbox" / part / "faults.json").unlink(missing_ok=True)


def ends(sandbox: Sandbox, *command: str) -> dict[str, Any]:
    """Run a command to its end, and return what it printed."""
    done = sandbox.play(*command, "--json", timeout=RUN_SECONDS)
    result = printed(done.stdout or "{}")
    assert result.get("exit_code") == done.returncode, done.stdout + done.stderr
    return result


def ends_with(sandbox: Sandbox, step: str, act: Callable[[], Any], *command: str) -> dict[str, Any]:
    """Start a command, act once its run has ended a step, and return what it printed at its end."""
    known = set(sandbox.runs())
    with started(sandbox, *command, "--json") as process:
        run = new_run(sandbox, known)
        wait_for(lambda: step in steps(run, "step_finished") or process.poll() is not None, RUN_SECONDS)
        assert process.poll() is None, f"the run ended before it came to {step}"
        act()
        return printed(process.communicate(timeout=RUN_SECONDS)[0])


def printed(text: str) -> dict[str, Any]:
    """Return what a command with --json printed."""
    result: dict[str, Any] = json.loads(text)
    return result
