"""What an operator sees while a procedure runs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from hasivu_play.console import colour_wanted, duration, is_terminal
from hasivu_play.course import Course, Notice
from hasivu_play.progress_file import ProgressFile
from hasivu_play.tracker import StepRun, Tracker

if TYPE_CHECKING:
    from rich.console import RenderableType

MARKS = {"ok": "✓", "changed": "✓", "skipped": "–", "ignored": "!", "failed": "✗", "unreachable": "✗", "cut short": "✗"}
COLOURS = {"ok": "green", "changed": "yellow", "skipped": "dim", "ignored": "yellow"}


class PlainProgress:
    """One line for each step, when it has ended."""

    def __init__(self, stream: TextIO, *, verbose: bool) -> None:
        """Write to a stream."""
        self._stream = stream
        self._verbose = verbose

    def step_ended(self, step: StepRun) -> None:
        """Print a step with outcome and duration, and the message of a failure."""
        self.line(f"{step.outcome:<11} {duration(step.seconds):>10}  {step.name}")
        if step.message:
            self.line(f"{'':<24}{step.message}")

    def output(self, text: str) -> None:
        """Print what Ansible itself writes, when the operator asked for it."""
        if self._verbose:
            self.line(text)

    def line(self, text: str) -> None:
        """Print a line at once; whoever reads a pipe or a log sees it when it happens."""
        self._stream.write(text + "\n")
        self._stream.flush()

    def notice(self, notice: Notice) -> None:
        """Print what whoever is at the helm must know."""
        self.line(f"{'note':<11} {notice.at[11:19]:>10}  {notice.text}")

    @contextmanager
    def showing(self, tracker: Tracker, progress: ProgressFile, minutes: int, course: Course | None) -> Iterator[None]:
        """Show nothing between the lines."""
        yield


class LiveProgress:
    """The steps that ended, and below them the one that runs, redrawn in place."""

    def __init__(self, stream: TextIO, *, verbose: bool) -> None:
        """Draw on a terminal."""
        from rich.console import Console
        from rich.spinner import Spinner

        self._console = Console(file=stream, highlight=False, no_color=not colour_wanted(stream))
        self._spinner = Spinner("dots")
        self._verbose = verbose
        self._tracker: Tracker | None = None
        self._progress: ProgressFile | None = None
        self._course: Course | None = None
        self._expected_minutes = 0

    def step_ended(self, step: StepRun) -> None:
        """Leave the step above the drawing, with outcome and duration."""
        from rich.text import Text

        if self._progress is not None:
            self._progress.forget()
        colour = COLOURS.get(step.outcome, "red")
        line = Text.assemble((f"{MARKS[step.outcome]} ", colour), step.name, (f"  {duration(step.seconds)}", "dim"))
        if step.outcome not in ("ok",):
            line.append(f"  {step.outcome}", colour)
        self._console.print(line)
        if step.message:
            self._console.print(Text(f"  {step.message}", colour))

    def output(self, text: str) -> None:
        """Leave what Ansible itself writes above the drawing, when the operator asked for it."""
        if self._verbose:
            self.line(text)

    def line(self, text: str) -> None:
        """Leave a line above the drawing."""
        from rich.text import Text

        self._console.print(Text(text))

    def notice(self, notice: Notice) -> None:
        """Leave what whoever is at the helm must know above the drawing."""
        from rich.text import Text

        self._console.print(Text(f"» {notice.text}", f"bold {notice.tone}".strip()))

    @contextmanager
    def showing(self, tracker: Tracker, progress: ProgressFile, minutes: int, course: Course | None) -> Iterator[None]:
        """Redraw until the run ends."""
        from rich.live import Live

        self._tracker, self._progress, self._expected_minutes, self._course = tracker, progress, minutes, course
        with Live(get_renderable=self.draw, console=self._console, refresh_per_second=8, transient=True):
            yield

    def draw(self) -> RenderableType:
        """Draw the step that runs, its detail or its bar, and the totals."""
        from rich.console import Group
        from rich.text import Text

        if self._tracker is None or self._progress is None:
            return Text("")
        step = self._tracker.step
        self._spinner.update(text=Text(step.name if step else "Starting"))
        lines: list[Any] = [self._spinner]
        if step and step.detail:
            lines.append(Text(f"  {step.detail}", "dim"))
        last = self._progress.read()
        if last:
            lines.append(self._bar(last))
        lines += [Text(f"  {text}", tone or "dim") for text, tone in (self._course.lines() if self._course else [])]
        lines.append(Text(f"  {self._totals(last)}", "dim"))
        return Group(*lines)

    def _bar(self, last: dict[str, Any]) -> RenderableType:
        """Draw the newest progress of a long module, with a bar where it knows how much there is to do."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        message = Text(str(last.get("message", "")))
        row = Table.grid(padding=(0, 1))
        if last.get("total"):
            bar = ProgressBar(total=last["total"], completed=last.get("done", 0), width=24)
            row.add_row(" ", bar, f"{last.get('done', 0)} of {last['total']}", message)
        else:
            row.add_row(" ", message)
        return row

    def _totals(self, last: dict[str, Any]) -> str:
        """Say the elapsed and the expected minutes, and what changed so far."""
        elapsed = duration(time.monotonic() - self._tracker.started) if self._tracker else ""
        changed = (self._tracker.changed if self._tracker else 0) + int(last.get("changed") or 0)
        return f"{elapsed} of about {self._expected_minutes} min, {changed} changed so far"


def progress_for(stream: TextIO | None = None, *, verbose: bool = False) -> PlainProgress | LiveProgress:
    """Return the progress that suits whoever watches the stream."""
    chosen = stream or sys.stdout
    kind = LiveProgress if is_terminal(chosen) else PlainProgress
    return kind(chosen, verbose=verbose)
