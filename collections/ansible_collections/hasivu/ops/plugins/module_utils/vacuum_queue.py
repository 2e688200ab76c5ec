# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The jobs of a run as its workers take them: in order, parents after their partitions, skipped ones once more."""

from __future__ import annotations

import time

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Job
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_control import Control

POLL_SECONDS = 0.5


class Queue:
    """A list of jobs for several threads."""

    def __init__(self, jobs: list[Job], control: Control) -> None:
        """Take the jobs in their order, those that do not fit the time last."""
        self.control = control
        self.waiting = sorted(jobs, key=lambda job: not job.fits)
        self.again: list[tuple[float, Job]] = []
        self.running: set[int] = set()

    def take(self) -> Job | None:
        """Return the next job that may start, waiting for one if need be; nothing when all are taken or it is over."""
        with self.control.changed:
            while self.control.halted is None and (self.waiting or self.again):
                if job := None if self.control.held else self.next_ready():
                    self.running.add(job.table.oid)
                    return job
                self.control.changed.wait(timeout=POLL_SECONDS)
            return None

    def next_ready(self) -> Job | None:
        """Return the first job that nothing stands before, out of the list."""
        unfinished = self.running | {job.table.oid for job in self.waiting} | {job.table.oid for _, job in self.again}
        for job in self.waiting:
            if not job.waits_for & unfinished:
                self.waiting.remove(job)
                return job
        for entry in self.again:
            if entry[0] <= time.monotonic() and not entry[1].waits_for & unfinished:
                self.again.remove(entry)
                return entry[1]
        return None

    def finish(self, job: Job) -> None:
        """Note the end of a job, so that those that wait for it may start."""
        with self.control.changed:
            self.running.discard(job.table.oid)
            self.control.changed.notify_all()

    def put_back(self, job: Job, pause: float) -> None:
        """Give a job out again after all others, and not before a pause is over."""
        with self.control.changed:
            self.again.append((time.monotonic() + pause, job))
        self.finish(job)

    def rest(self) -> list[Job]:
        """Return the jobs that no worker took."""
        return [*self.waiting, *(job for _, job in self.again)]
