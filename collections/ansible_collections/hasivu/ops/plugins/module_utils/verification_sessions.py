# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sessions of the restored and the old server, enough that checks run beside each other."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.database import open_connection
from ansible_collections.hasivu.ops.plugins.module_utils.verification_check import Check, made
from ansible_collections.hasivu.ops.plugins.module_utils.verification_ranges import make_alike

try:
    import psycopg
except ImportError:
    # `connect` says so before anything of it is used.
    psycopg = None

Step = tuple[str, str, Callable[[], list[Check]]]


class Sessions:
    """Read-only sessions of one server, lent to one check at a time."""

    def __init__(self, login: dict[str, Any], count: int, statement_seconds: int) -> None:
        """Open the sessions.

        Raises:
            psycopg.OperationalError: The server cannot be reached or does not let the role in.
        """
        self._stack = ExitStack()
        self._idle: queue.SimpleQueue[psycopg.Connection[dict[str, Any]]] = queue.SimpleQueue()
        with self._stack:
            for _ in range(count):
                opened = open_connection(login, read_only=True, statement_timeout=f"{statement_seconds}s")
                self._stack.enter_context(opened)
                make_alike(opened)
                self._idle.put(opened)
            self._stack = self._stack.pop_all()

    @contextmanager
    def lend(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """Lend a session; wait for one that is free."""
        lent = self._idle.get()
        try:
            yield lent
        finally:
            self._idle.put(lent)

    def close(self) -> None:
        """Close every session."""
        self._stack.close()


def side_by_side(steps: list[Step], workers: int) -> list[Check]:
    """Make all checks, several at a time, and return them in the order of the steps."""
    with ThreadPoolExecutor(workers) as executor:
        waiting = [executor.submit(made, name, what, make) for name, what, make in steps]
        return [check for one in waiting for check in one.result()]
