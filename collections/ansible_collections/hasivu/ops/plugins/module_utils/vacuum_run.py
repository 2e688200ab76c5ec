# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A run from its first table to its last: threads that work, and one that watches over them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.run_state import stop_requested
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_signals import termination
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_watch import Watch
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_work import Result, Work
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_worker import work_off

try:
    import psycopg
except ImportError:
    # The database module says so before anything of it is used.
    psycopg = None

TICK = 0.2
CANCEL_AGAIN = 5.0


class Run:
    """One run; `stopped` says why it was stopped from outside, if it was."""

    def __init__(self, work: Work, connection: psycopg.Connection[dict[str, Any]]) -> None:
        """Take the work, and the connection that holds the lock."""
        self.work = work
        self.watch = Watch(work, connection)
        self.stopped: str | None = None
        self.cancel_at: float | None = None
        self.look_at = time.monotonic() + work.manner.watch_interval_s

    def go(self) -> None:
        """Work until everything is done or cannot go on."""
        count = min(len(self.work.jobs), self.threads())
        with termination() as asked, ThreadPoolExecutor(max_workers=max(count, 1)) as pool:
            futures = [pool.submit(work_off, self.work) for _ in range(count)]
            try:
                self.follow(futures, asked)
            except BaseException:
                self.abandon("the run ended with an error")
                raise
        for future in futures:
            future.result()
        self.defer_rest()

    def threads(self) -> int:
        """Return how many tables are treated at the same time."""
        return int(self.work.login["jobs"])

    def follow(self, futures: list[Future[None]], asked: Callable[[], str | None]) -> None:
        """Look after the workers until they are done."""
        while wait(futures, timeout=TICK, return_when=FIRST_EXCEPTION).not_done:
            if any(future.done() and future.exception() for future in futures):
                self.abandon("a worker failed")
                return
            self.check_stop(asked())
            self.check_time()
            self.keep_watch()

    def check_stop(self, ending: str | None) -> None:
        """Start nothing more once a stop is asked for; after a grace, cancel what runs."""
        manner = self.work.manner
        reason = ending or stop_requested(manner.stop_file)
        if reason is None:
            return
        self.stopped = self.stopped or reason
        self.work.control.halt(reason)
        grace = 0 if ending else manner.stop_grace_s
        self.cancel_at = min(self.cancel_at or float("inf"), time.monotonic() + grace)
        if time.monotonic() >= self.cancel_at:
            self.cancel(reason)
            self.cancel_at = time.monotonic() + CANCEL_AGAIN

    def check_time(self) -> None:
        """Start nothing more once the time is over."""
        if self.work.window.remaining() == 0 and not self.work.control.halted:
            self.work.control.halt(self.work.control.held or self.work.window.reason)

    def keep_watch(self) -> None:
        """Look at the server now and then; without the connection that holds the lock, give up."""
        if time.monotonic() < self.look_at or self.work.control.lost:
            return
        self.look_at = time.monotonic() + self.work.manner.watch_interval_s
        try:
            self.watch.look()
        except psycopg.Error as error:
            if self.watch.connection.broken:
                self.work.control.lose(" ".join(str(error).split()))
                self.abandon("the connection that holds the lock of the run was lost")

    def cancel(self, reason: str) -> None:
        """Cancel our own sessions through the server, or each by its key where that is no longer possible."""
        try:
            self.watch.cancel(reason)
        except psycopg.Error:
            self.abandon(reason)

    def abandon(self, reason: str) -> None:
        """Start nothing more and cancel each of our sessions by its own key."""
        self.work.control.halt(reason)
        for session in list(self.work.sessions):
            self.work.control.note_cancelled([session.pid], reason)
            with suppress(psycopg.Error):
                session.cancel()

    def defer_rest(self) -> None:
        """Note the jobs that no worker took; the time is the only reason that excuses it."""
        reason = self.work.control.halted or "the run ended"
        for job in self.work.queue.rest():
            tried = job.table.oid in self.work.seconds
            message = f"It was locked, and not reached again: {reason}." if tried else f"It was not reached: {reason}."
            missed = tried or reason != self.work.window.reason
            self.work.finish(Result(job, "skipped_locked" if tried else "deferred", message, missed=missed))
