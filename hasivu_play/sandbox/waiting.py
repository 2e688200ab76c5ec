"""Waiting for something to become true."""

from __future__ import annotations

import time
from collections.abc import Callable

POLL_SECONDS = 0.03


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again until the condition holds; say whether it did before the time was over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
