# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The work of a run: what its threads share, and what one of them does with a table."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import maintenance_sql
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_need import Thresholds
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Job
from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_window import Window
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import report_progress
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_control import Control
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_effect import (
    blocker_sentence,
    counted,
    effect_message,
    is_ineffective,
)
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_options import Manner
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_queue import Queue
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_session import LostConnectionError, Session
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_statement import (
    job_settings,
    lasting_settings,
    statement,
)
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_verdict import Verdict

FREEZE_TRIES = 4
AGAIN = ("skipped_locked", "lock_timeout")
NEVER_CHANGED = ("deferred", "not_permitted", "gone", *AGAIN)
NO_MORE_SPACE = "53100"
OVER = 1.0


@dataclass(frozen=True)
class Result:
    """How one job ended; `missed` when the table is still in need and the time was not the reason."""

    job: Job
    outcome: str
    message: str = ""
    seconds: float = 0.0
    after: dict[str, Any] | None = None
    blocker: str | None = None
    missed: bool = False


@dataclass
class Work:
    """What the threads of a run share."""

    login: dict[str, Any]
    jobs: list[Job]
    server: dict[str, Any]
    thresholds: Thresholds
    manner: Manner
    window: Window
    control: Control
    queue: Queue
    total: int
    sessions: list[Session] = field(default_factory=list)
    results: dict[int, Result] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    writing: threading.Lock = field(default_factory=threading.Lock)

    def open_session(self) -> Session:
        """Log in once more under the settings of the run."""
        version = self.server["version"]
        session = Session(self.login, lasting_settings(self.manner, version, self.server["work_mem_mb"]))
        with self.writing:
            self.sessions.append(session)
        return session

    def close_session(self, session: Session) -> None:
        """Log out."""
        with self.writing:
            self.sessions.remove(session)
        session.close()

    def finish(self, result: Result) -> None:
        """Keep a result and say so in the progress."""
        table = result.job.table
        with self.writing:
            self.results[table.oid] = result
            changed = sum(other.outcome not in NEVER_CHANGED for other in self.results.values())
            message = f"{table.quoted}: {result.outcome}. {result.message}".strip()
            report_progress(
                self.manner.progress_file, message, done=len(self.results), total=self.total, changed=changed
            )
        self.queue.finish(result.job)


def treat(work: Work, session: Session, job: Job) -> None:
    """Do one job, or say why it was not done."""
    if sentence := too_late(work, job):
        work.finish(Result(job, "deferred", sentence))
        return
    started = time.monotonic()
    verdict = attempt(work, session, job)
    seconds = work.seconds.get(job.table.oid, 0.0) + time.monotonic() - started
    first = job.table.oid not in work.seconds
    work.seconds[job.table.oid] = seconds
    if first and verdict.outcome in AGAIN and job.need.kind != "freeze":
        work.queue.put_back(job, work.manner.retry_pause_s)
    else:
        work.finish(conclude(work, session, job, verdict, seconds))


def too_late(work: Work, job: Job) -> str | None:
    """Say why there is no time for a job; a table that ages is worked on as long as there is any time at all."""
    left = work.window.remaining()
    needed = OVER if job.need.kind == "freeze" else min(job.expected_seconds, work.manner.per_table_cap_min * 60)
    if needed <= left:
        return None
    return f"It may take {job.expected_seconds:.0f} s and {left:.0f} s were left until {work.window.reason}."


def attempt(work: Work, session: Session, job: Job) -> Verdict:
    """Run the statement; for a table that ages, several times while its lock does not come."""
    verdict = Verdict("deferred", "The run was stopped before it.")
    for number in range(FREEZE_TRIES if job.need.kind == "freeze" else 1):
        if number:
            work.control.pause(work.manner.retry_pause_s)
        if work.control.halted or work.window.remaining() < OVER / 2:
            return verdict
        verdict = run_once(work, session, job)
        if verdict.outcome != "lock_timeout":
            return verdict
    return verdict


def run_once(work: Work, session: Session, job: Job) -> Verdict:
    """Run the statement within the time of a table and of the run."""
    allowed = min(work.manner.per_table_cap_min * 60, work.window.remaining())
    settings = job_settings(job, work.manner, work.server, allowed)
    verdict = session.run(statement(job, work.manner, work.server["version"]), settings, allowed)
    if verdict.sqlstate == NO_MORE_SPACE:
        work.control.halt("the disk of the server is full")
    if verdict.outcome == "failed" and (reason := work.control.why_cancelled(session.pid)):
        return Verdict("deferred", f"It was cancelled: {reason}.")
    return verdict


def conclude(work: Work, session: Session, job: Job, verdict: Verdict, seconds: float) -> Result:
    """Hold what the server said against what its counters show."""
    after = session.measure(job.table.oid)
    if after is None:
        return Result(job, "gone", "It no longer exists.", seconds)
    if verdict.outcome != "done":
        return Result(job, verdict.outcome, verdict.message, seconds, after, missed=is_missed(work, verdict.outcome))
    if not counted(job, after):
        message = "The server reported success, but its counters show that it did nothing."
        return Result(job, "failed", f"{message} {verdict.message}".strip(), seconds, after, missed=True)
    if is_ineffective(job, after, work.thresholds):
        own = [other.pid for other in work.sessions]
        blocker = blocker_sentence(session.look(maintenance_sql.HOLDERS, {"own": own}))
        return Result(job, "ineffective", effect_message(job, after), seconds, after, blocker, missed=True)
    return Result(job, "done", verdict.message, seconds, after)


def is_missed(work: Work, outcome: str) -> bool:
    """Tell whether a table that was not done counts against the run: all but where its time was over."""
    if outcome == "gone":
        return False
    return outcome not in ("time_capped", "deferred") or work.window.remaining() > OVER


def end_of_session(work: Work, job: Job, error: LostConnectionError) -> None:
    """Note the job whose session ended under it."""
    work.finish(Result(job, "failed", f"Its session ended: {error}.", missed=True))
