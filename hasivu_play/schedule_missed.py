"""Which due times of an environment were served, by the records of runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from hasivu_play.records import Run, folders
from hasivu_play.records_run import read_run
from hasivu_play.schedule import next_time, times
from hasivu_play.schedule_slot import INDIA, Entry

EARLY = timedelta(minutes=1)  # the clock of another machine may be ahead
FINISHED = ("done", "finding")  # a review that found something went through to its end
NOT_BEGUN = ("refused", "locked", "bad_input")  # nothing was changed, so another start is the same as a first one


@dataclass(frozen=True)
class Due:
    """A time at which a procedure was to start, and what came of it: done, running, pending, unfinished or missed."""

    procedure: str
    at: datetime
    state: str
    runs: tuple[str, ...] = ()
    how: str = ""

    @property
    def ok(self) -> bool:
        """Tell whether nobody needs to act."""
        return self.state in ("done", "running", "pending")

    @property
    def in_words(self) -> str:
        """Return what came of it."""
        when = f"{self.procedure} was due on {self.at:%a %d %b %Y %H:%M} IST"
        if self.state == "missed":
            return f"{when}, and no run of it is recorded here."
        if self.state == "unfinished":
            return f"{when}; {self.runs[-1]} ended as '{self.how.replace('_', ' ')}', and none after it finished."
        return f"{when}: {self.state}."


def due_times(entries: Iterable[Entry], runs: Iterable[Run], since: datetime, now: datetime) -> list[Due]:
    """Return every time since a moment at which a procedure was due, with what came of it, the first time first."""
    by_procedure: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_procedure[run.procedure].append(run)
    found = (due for entry in entries for due in dues_of(entry, by_procedure[entry.name], since, now))
    return sorted(found, key=lambda due: (due.at, due.procedure))


def dues_of(entry: Entry, runs: list[Run], since: datetime, now: datetime) -> Iterator[Due]:
    """Return the due times of one procedure; a run belongs to the last due time before it."""
    for moment in times(entry.schedule, since, now):
        following = next_time(entry.schedule, moment)
        belongs = [run for run in runs if is_between(run, moment, following)]
        over = moment + timedelta(minutes=entry.latest_minutes) <= now
        yield judge(entry.name, moment.astimezone(INDIA), belongs, over=over)


def judge(procedure: str, moment: datetime, runs: list[Run], *, over: bool) -> Due:
    """Say what came of a due time; it is missed when its run would have to be over and there is none."""
    ordered = sorted(runs, key=lambda run: started_at(run) or moment)
    names, states = tuple(run.id for run in ordered), [run.state for run in ordered]
    if any(state in FINISHED for state in states):
        return Due(procedure, moment, "done", names)
    if "running" in states:
        return Due(procedure, moment, "running", names)
    if states and (over or states[-1] not in NOT_BEGUN):
        return Due(procedure, moment, "unfinished", names, states[-1])
    return Due(procedure, moment, "missed" if over else "pending", names)


def is_between(run: Run, moment: datetime, following: datetime | None) -> bool:
    """Tell whether a run started from a due time on, and before the next one."""
    started = started_at(run)
    return started is not None and moment - EARLY <= started and (following is None or started < following - EARLY)


def started_at(run: Run) -> datetime | None:
    """Return when a run started; the name of one whose record cannot be read still tells it."""
    try:
        return datetime.fromisoformat(run.started or run.id.partition("-")[0])
    except ValueError:
        return None


def real_runs(environment: str, since: datetime) -> list[Run]:
    """Return the runs in an environment since a moment that were no rehearsals and undid nothing."""
    first = f"{(since - timedelta(days=1)).astimezone(INDIA):%Y%m%d}"  # names of records begin with their time in UTC
    recent = takewhile(lambda folder: folder.name >= first, folders())
    runs = map(read_run, recent)
    return [run for run in runs if run.environment == environment and not run.check and run.direction == "forward"]
