# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Waiting for a database instance: each change of its status noted with its time, hopeless states ended at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils.rds import ADVICE, HOPELESS, find_instance, moment, now
from ansible_collections.hasivu.ops.plugins.module_utils.run_state import report_progress, stop_requested

Fields = dict[str, Any]
ABSENT = "absent"
# Answers that did not come, one after another, before the wait is given up: RDS may be away for a while.
MOST_UNANSWERED = 20


class HopelessError(Exception):
    """Raised when the instance is in a state that no waiting mends."""


class StalledError(HopelessError):
    """Raised when the latest restorable time has stood still for too long."""


class StoppedError(Exception):
    """Raised when somebody asked the run to stop."""


@dataclass
class Watch:
    """What was seen while waiting."""

    instance_id: str
    began: float = field(default_factory=time.monotonic)
    transitions: list[Fields] = field(default_factory=list)
    instance: Fields = field(default_factory=dict)
    unanswered: int = 0
    last_error: str = ""
    latest: str = ""
    moved: float = field(default_factory=time.monotonic)

    @property
    def status(self) -> str:
        """Return the last status that was seen, or nothing."""
        return str(self.transitions[-1]["status"]) if self.transitions else ""

    @property
    def waited(self) -> float:
        """Return the seconds since the wait began."""
        return round(time.monotonic() - self.began, 3)

    @property
    def stood(self) -> float:
        """Return for how many seconds the latest restorable time has stood still, as far as was seen."""
        return time.monotonic() - self.moved

    def note(self, instance: Fields | None) -> bool:
        """Note what RDS shows; tell whether the status is another one than before."""
        self.unanswered = 0
        self.instance = instance or {}
        latest = self.instance.get("LatestRestorableTime", "")
        if latest != self.latest:
            self.latest, self.moved = latest, time.monotonic()
        status = instance["DBInstanceStatus"] if instance else ABSENT
        if status == self.status:
            return False
        self.transitions.append({"status": status, "at": now(), "seconds": self.waited})
        return True

    def result(self) -> Fields:
        """Return what a module tells of the wait."""
        return {
            "transitions": self.transitions,
            "waited_seconds": self.waited,
            "status": self.status,
            "instance": self.instance,
        }


@dataclass(frozen=True)
class Wanted:
    """What is waited for: one of some states, and a latest restorable time that is not before a moment.

    With `stalled_seconds`, a latest restorable time that stands still for so long is not waited for any more.
    """

    states: Sequence[str] = ("available",)
    restorable_at: str | None = None
    restorable: bool = False
    stalled_seconds: float = 0

    def reached(self, watch: Watch) -> bool:
        """Tell whether it has come about."""
        latest = watch.instance.get("LatestRestorableTime")
        if self.restorable_at and not (latest and moment(latest) >= moment(self.restorable_at)):
            return False
        return watch.status in self.states and (bool(latest) or not self.restorable)

    def hopeless(self, watch: Watch) -> bool:
        """Tell whether it cannot come about by waiting."""
        return watch.status in HOPELESS and watch.status not in self.states

    def stalled(self, watch: Watch) -> bool:
        """Tell whether the log does not come up to the moment that is waited for."""
        return bool(self.restorable_at and self.stalled_seconds) and watch.stood > self.stalled_seconds


def look(rds: Any, watch: Watch, wanted: Wanted, tell: Callable[[str], None]) -> bool:
    """Look once, and tell whether what is wanted has come about; an answer that does not come is no answer.

    Raises:
        HopelessError: Waiting does not help.
    """
    try:
        found = find_instance(rds, watch.instance_id)
    except Exception as error:  # boto3 raises errors of many families; each may be over in a moment
        watch.unanswered += 1
        watch.last_error = str(error)
        if watch.unanswered > MOST_UNANSWERED:
            raise HopelessError(f"RDS has not answered {watch.unanswered} times in a row: {error}.") from error
        return False
    if watch.note(found):
        tell(f"{watch.instance_id} is {watch.status} after {watch.waited:.0f} s")
    if wanted.hopeless(watch):
        raise HopelessError(hopeless_text(watch.instance_id, watch.status))
    reached = wanted.reached(watch)
    if not reached and wanted.stalled(watch):
        raise StalledError(stalled_text(watch, wanted))
    return reached


def hopeless_text(instance_id: str, status: str) -> str:
    """Return what state an instance is in, and what to do about it."""
    advice = ADVICE.get(status, "Look at its events in RDS (DescribeEvents).")
    return f"{instance_id} is {status}, which no waiting mends. {advice}"


def stalled_text(watch: Watch, wanted: Wanted) -> str:
    """Return how far the log reaches, and what to do about it."""
    return (
        f"The log of {watch.instance_id} is not archived: its latest restorable time has stood at "
        f"{watch.latest or 'no moment'} for {watch.stood:.0f} seconds, and {wanted.restorable_at} is wanted. Look at "
        "its events and its free storage in RDS, then resume the run; or take the run back, and recover to that time."
    )


def wait(
    rds: Any, watch: Watch, wanted: Wanted, deadline_seconds: float, poll_seconds: float, each: Callable[[str], None]
) -> bool:
    """Wait until what is wanted has come about; tell whether it did before the deadline.

    Raises:
        HopelessError: Waiting does not help.

    Args:
        rds: A client of RDS.
        watch: What was seen so far; it is kept up to date.
        wanted: What is waited for.
        deadline_seconds: How long to wait at most, from the beginning of the watch.
        poll_seconds: How long to let pass between two looks.
        each: Called with every change of the status, and with nothing after each look; it may raise StoppedError.
    """
    while not look(rds, watch, wanted, each):
        each("")
        left = watch.began + deadline_seconds - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(poll_seconds, left))
    return True


def listener(options: Fields) -> Callable[[str], None]:
    """Return what is called with each change of the status, and after each look.

    It raises StoppedError when the run is to stop. The options are those of a module with `RUN_OPTIONS`.
    """

    def hear(change: str) -> None:
        if change:
            report_progress(options["progress_file"], change)
        why = stop_requested(options["stop_file"])
        if why:
            raise StoppedError(why)

    return hear
