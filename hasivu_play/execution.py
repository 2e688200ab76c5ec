"""One run from request to result: environment, progress, Ansible, record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hasivu_play.header import Header
from hasivu_play.home import private_directory, runs_directory
from hasivu_play.private_data import remove_leftovers
from hasivu_play.progress import LiveProgress, PlainProgress
from hasivu_play.progress_file import ProgressFile
from hasivu_play.project import Project
from hasivu_play.run import Request, new_run_id, run
from hasivu_play.stop import Stop
from hasivu_play.tracker import Event, Tracker

if TYPE_CHECKING:
    from hasivu_play.result import Result


def execute(project: Project, header: Header, request: Request, progress: PlainProgress | LiveProgress) -> Result:
    """Run a procedure, show its progress, and say how it ended."""
    remove_leftovers(private_directory())
    run_id = new_run_id(request)
    folder = runs_directory() / run_id
    tracker = Tracker(progress.step_ended, progress.output)
    stop = Stop(folder / "stop", header.abort_after_minutes, progress.line)
    with progress.showing(tracker, ProgressFile(folder / "progress.jsonl"), header.expected_minutes):
        outcome = run(project, request, run_id, stop, lambda event: take(tracker, event))
        tracker.finish(cut_short=True)
    from hasivu_play.result import result_of

    return result_of(request, outcome, tracker)


def take(tracker: Tracker, event: Event) -> None:
    """Follow an event; the first leaves time to load what the end of the run needs, for Ansible works meanwhile."""
    tracker.handle(event)
    import hasivu_play.result  # noqa: F401  # loaded here so that nobody waits for it at the end
