"""Starting a run and killing it, as a power cut or an impatient operator would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from support.sandbox import PROGRAMS, Sandbox

LOOK_SECONDS = 0.02
KILL_SECONDS = 0.002  # the next step begins soon
PATIENCE_SECONDS = 90
RUN_SECONDS = 200


@contextmanager
def started(sandbox: Sandbox, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Start hasivu-play and go on; whatever is left of it at the end is killed."""
    process = subprocess.Popen(
        [PROGRAMS / "hasivu-play", *arguments],
        env=sandbox.environment,
        cwd=sandbox.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill_tree(process.pid)
        process.communicate()


def kill_tree(pid: int) -> None:
    """Send SIGKILL to a process and to all that descend from it, which go no step further while they are looked for."""
    kill_all(frozen(pid))


def kill_all(processes: list[int]) -> None:
    """Send SIGKILL to processes, some of which may have ended already."""
    for one in processes:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


def frozen(pid: int) -> list[int]:
    """Stop a process and all that descend from it, parents before their children, and return them."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    return [pid, *(one for child in children(pid) for one in frozen(child))]


def descendants(pid: int) -> list[int]:
    """Return the processes that descend from one, each before its children."""
    return [one for child in children(pid) for one in (child, *descendants(child))]


def children(pid: int) -> list[int]:
    """Return the processes that one has started."""
    try:
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except (FileNotFoundError, ProcessLookupError):
        return []


def wait_for(what: Callable[[], Any], seconds: float = PATIENCE_SECONDS, look_seconds: float = LOOK_SECONDS) -> Any:
    """Return what a function returns as soon as it returns something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = what()
        if found:
            return found
        time.sleep(look_seconds)
    raise AssertionError(f"nothing came of {what} in {seconds} seconds")


def new_run(sandbox: Sandbox, known: set[Path]) -> Path:
    """Wait for the record of a run that was not there before, and return its folder."""
    folder = sandbox.home / "runs"

    def look() -> Path | None:
        found = set(folder.iterdir()) - known if folder.is_dir() else set()
        return next((run for run in found if (run / "record.jsonl").exists()), None)

    found: Path = wait_for(look)
    return found


def lines(run: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a record that is being written."""
    whole, _, _ = (run / "record.jsonl").read_text().rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def steps(run: Path, event: str) -> list[str]:
    """Return the names of the steps that a run has begun (`step_started`) or ended (`step_finished`)."""
    return [line["name"] for line in lines(run) if line["event"] == event]


def kill_when(sandbox: Sandbox, reached: Callable[[Path], bool], *command: str) -> Path:
    """Start a command of hasivu-play, kill it as soon as its run has come so far, and return the folder of the run."""
    known = set(sandbox.runs())
    with started(sandbox, *command) as process:
        run = new_run(sandbox, known)
        wait_for(lambda: reached(run) or process.poll() is not None, RUN_SECONDS, KILL_SECONDS)
        kill_tree(process.pid)
    assert reached(run), lines(run)[-1]
    return run


def kill_at(sandbox: Sandbox, step: str, *command: str) -> Path:
    """Start a command, kill it as soon as a step begins, and return the folder of its run."""
    run = kill_when(sandbox, lambda run: step in begun(run), *command)
    assert lines(run)[-1]["event"] != "run_finished", f"{command} ended before it was killed"
    return run


def kill_after(sandbox: Sandbox, step: str, *command: str) -> Path:
    """Start a command, kill it when a step has ended, and return the folder of its run."""
    return kill_when(sandbox, lambda run: ended(run, step), *command)


def begun(run: Path) -> list[str]:
    """Return the steps that a run has begun."""
    return steps(run, "step_started")


def ended(run: Path, step: str) -> bool:
    """Tell whether a step of a run has ended."""
    return step in steps(run, "step_finished")
