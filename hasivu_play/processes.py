"""The processes below this one: Ansible, and its workers, which live in sessions of their own."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def children(process: int) -> list[int]:
    """Return the direct children of a process, as Linux lists them."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in task.read_text(encoding="ascii").split()]
    return found


def descendants(process: int) -> list[int]:
    """Return every process below a process, parents first."""
    found: list[int] = []
    waiting = children(process)
    while waiting:
        child = waiting.pop(0)
        found.append(child)
        waiting += children(child)
    return found


def send(processes: list[int], signal_number: signal.Signals) -> None:
    """Send a signal to processes, some of which may be gone."""
    for process in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(process, signal_number)
