"""One command at a time may change a sandbox; a second one waits."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from hasivu_play.sandbox.layout import Layout

LOCK = "lock"


@contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """Hold the sandbox's lock; the system drops it when the process ends, however it ends."""
    layout.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = layout.root / LOCK
    path.touch(mode=0o600)
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
