# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""A thread of a run: it takes jobs until none is left, and logs in again where its session was ended."""

from __future__ import annotations

from ansible_collections.hasivu.ops.plugins.module_utils.maintenance_plan import Job
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_session import LostConnectionError, Session
from ansible_collections.hasivu.ops.plugins.module_utils.vacuum_work import Result, Work, end_of_session, treat

try:
    import psycopg
except ImportError:
    # The database module says so before anything of it is used.
    psycopg = None


def work_off(work: Work) -> None:
    """Treat tables until none is left or the run is halted."""
    session = log_in(work)
    while session and (job := work.queue.take()):
        session = treat_safely(work, session, job)
    if session:
        work.close_session(session)


def log_in(work: Work) -> Session | None:
    """Return a session; without one, the server counts as lost."""
    try:
        return work.open_session()
    except psycopg.OperationalError as error:
        work.control.lose(" ".join(str(error).split()))
        return None


def treat_safely(work: Work, session: Session, job: Job) -> Session | None:
    """Treat one table, and return the session to go on with."""
    try:
        treat(work, session, job)
    except LostConnectionError as error:
        end_of_session(work, job, error)
        work.close_session(session)
        return log_in(work)
    except psycopg.Error as error:
        work.finish(Result(job, "failed", f"The server said: {' '.join(str(error).split())}.", missed=True))
    return session
