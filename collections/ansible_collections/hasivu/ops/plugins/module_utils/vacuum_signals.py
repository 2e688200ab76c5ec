# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A request to end, as a question that a loop asks."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def termination() -> Iterator[Callable[[], str | None]]:
    """Give a function that says why the process is to end, and put the former handlers back afterwards.

    A process whose parent was killed is to end as well: nobody is left to hear what it did.
    """
    asked = threading.Event()
    parent = os.getppid()
    former = listen(asked) if threading.current_thread() is threading.main_thread() else {}
    try:
        yield lambda: why_ended(asked, parent)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def listen(asked: threading.Event) -> dict[signal.Signals, Any]:
    """Let the signals set an event, and return the handlers that they had."""

    def note(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    return {number: signal.signal(number, note) for number in SIGNALS}


def why_ended(asked: threading.Event, parent: int) -> str | None:
    """Say why the process is to end, or nothing when it may go on."""
    if asked.is_set():
        return "the process was asked to end"
    return "the process that started it is gone" if os.getppid() != parent else None
