"""One run from request to result: environment, progress, Ansible, record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hasivu_play.course import Course, Notice
from hasivu_play.header import Header
from hasivu_play.home import private_directory, runs_directory
from hasivu_play.private_data import remove_leftovers
from hasivu_play.progress import LiveProgress, PlainProgress
from hasivu_play.progress_file import ProgressFile
from hasivu_play.project import Project
from hasivu_play.run import Request, new_run_id, run
from hasivu_play.stop import Stop
from hasivu_play.tracker import Event, StepRun, Tracker

if TYPE_CHECKING:
    from hasivu_play.result import Result


def execute(project: Project, header: Header, request: Request, progress: PlainProgress | LiveProgress) -> Result:
    """Run a procedure, show its progress, and say how it ended."""
    remove_leftovers(private_directory())
    course, notices = course_of(project, header, request, progress)
    run_id = new_run_id(request)
    folder = runs_directory() / run_id
    tracker = tracker_of(progress, course)
    stop = Stop(folder / "stop", header.abort_after_minutes, progress.line)
    with progress.showing(tracker, ProgressFile(folder / "progress.jsonl"), header.expected_minutes, course):
        tick = course.tick if course else lambda: None
        outcome = run(project, request, run_id, stop, lambda event: take(tracker, event), tick)
        tracker.finish(cut_short=True)
    from hasivu_play.result import result_of

    return result_of(request, outcome, tracker, notices)


def course_of(
    project: Project, header: Header, request: Request, progress: PlainProgress | LiveProgress
) -> tuple[Course | None, list[Notice]]:
    """Return the course of a run whose header gives one, and the list that its notices are kept in."""
    notices: list[Notice] = []
    if not (header.phases or header.point_of_no_return or header.rto_clock):
        return None, notices
    from hasivu_play.course_planning import plan_of  # reads records, which most procedures need not

    def tell(notice: Notice) -> None:
        notices.append(notice)
        progress.notice(notice)

    plan = plan_of(project, header, request)
    return (Course(plan, tell) if plan else None), notices


def tracker_of(progress: PlainProgress | LiveProgress, course: Course | None) -> Tracker:
    """Return a tracker that tells the progress of each step, and the course too."""
    if course is None:
        return Tracker(progress.step_ended, progress.output)

    def ended(step: StepRun) -> None:
        progress.step_ended(step)
        course.step_ended(step)

    return Tracker(ended, progress.output, course.step_started)


def take(tracker: Tracker, event: Event) -> None:
    """Follow an event; the first leaves time to load what the end of the run needs, for Ansible works meanwhile."""
    tracker.handle(event)
    import hasivu_play.result  # noqa: F401  # loaded here so that nobody waits for it at the end
