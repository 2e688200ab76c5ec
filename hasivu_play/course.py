"""Where a run is on its course, in words for whoever is at the helm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hasivu_play.console import duration
from hasivu_play.course_plan import AT_RISK, MET, MISSED, ON_TIME, Plan, clock_state
from hasivu_play.tracker import StepRun

INDIA = ZoneInfo("Asia/Kolkata")
TONES = {ON_TIME: "green", AT_RISK: "yellow", MISSED: "red", MET: "green"}
PHASE, CLOCK, AHEAD, CROSSED = "phase", "rto_clock", "point_of_no_return_ahead", "point_of_no_return_crossed"


@dataclass(frozen=True)
class Notice:
    """Something that whoever is at the helm is told once, when it happens."""

    at: str
    event: str
    text: str
    tone: str = ""

    def as_dictionary(self) -> dict[str, Any]:
        """Return the notice as JSON holds it."""
        return {name: value for name, value in asdict(self).items() if name != "tone"}


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Course:
    """Follows the steps of a run along its plan, and tells a listener of phases, clock and point of no return."""

    def __init__(self, plan: Plan, tell: Callable[[Notice], None], now: Callable[[], datetime] = utc_now) -> None:
        """Begin before the first phase."""
        self._plan = plan
        self._tell = tell
        self._now = now
        self._began = self._phase_began = now()
        self._phase = -1
        self._state = ON_TIME
        self._stopped: datetime | None = None
        self._announced = self._crossed = False

    def step_started(self, step: StepRun) -> None:
        """Enter the phase that begins with a step, and announce that the step after it cannot be taken back."""
        self.tick()
        for number, phase in enumerate(self._plan.phases):
            if phase.begins == step.name and number != self._phase:
                self._phase, self._phase_began = number, self._now()
                self._say(PHASE, ". ".join(text for text, _ in self.lines()) + ".")
        if step.name == self._plan.step_before and not self._announced:
            self._announced = True
            self._say(AHEAD, self._ahead("Ctrl-C now stops before it."), "yellow")

    def step_ended(self, step: StepRun) -> None:
        """Stop the clock when service is back, and tell that the point of no return is crossed."""
        if step.outcome in ("skipped", "failed", "unreachable", "cut short"):
            return
        if step.name == self._plan.point_of_no_return and not self._crossed:
            self._crossed = True
            self._say(CROSSED, f"The point of no return is crossed: {step.name}.", "yellow")
        if self._plan.clock and step.name == self._plan.clock.until and self._stopped is None:
            self._stopped = self._now()
            self.tick()

    def tick(self) -> None:
        """Look at the clock, and tell when its state has changed."""
        state = self._clock_state()
        if state is not None and state != self._state:
            self._state = state
            self._say(CLOCK, f"{self._clock()}.", TONES[state])

    def lines(self) -> list[tuple[str, str]]:
        """Return phase, next phase, clock and expected end, each with the colour that it is shown in."""
        shown = [(self._phase_in_words(), "")] if self._plan.phases else []
        if self._plan.clock:
            shown.append((self._clock(), TONES[self._clock_state() or ON_TIME]))
        shown.append((f"Expected end {both_clocks(self._expected_end())}", ""))
        if self._announced and not self._crossed:
            shown.append((self._ahead("").rstrip(". "), "yellow"))
        return shown

    def _say(self, event: str, text: str, tone: str = "") -> None:
        """Tell the listener."""
        self._tell(Notice(self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z"), event, text, tone))

    def _ahead(self, rest: str) -> str:
        """Say which step cannot be taken back."""
        return f"The next step cannot be taken back: {self._plan.point_of_no_return}. {rest}"

    def _phase_in_words(self) -> str:
        """Say which phase this is and which comes next."""
        names = [phase.name for phase in self._plan.phases]
        following = names[self._phase + 1] if self._phase + 1 < len(names) else "the end"
        current = f"Phase {self._phase + 1} of {len(names)}: {names[self._phase]}" if self._phase >= 0 else "Beginning"
        return f"{current}; next: {following}"

    def _expected_end(self) -> datetime:
        """Return when the run ends, by earlier runs, else by what its header says; never in the past."""
        left = self._plan.remaining(self._phase, self._now() - self._phase_began)
        return self._now() + left if left is not None else max(self._now(), self._began + self._plan.expected)

    def _elapsed(self) -> timedelta:
        """Return what the clock shows."""
        began = self._plan.clock.began if self._plan.clock else self._began
        return max(timedelta(0), (self._stopped or self._now()) - began)

    def _clock_state(self) -> str | None:
        """Return the state of the clock, or nothing where there is none."""
        clock = self._plan.clock
        if clock is None:
            return None
        left = self._plan.remaining(self._phase, self._now() - self._phase_began, clock.last_phase)
        end = None if left is None else self._elapsed() + left
        return clock_state(self._elapsed(), clock.target, end, stopped=self._stopped is not None)

    def _clock(self) -> str:
        """Say what the clock shows."""
        clock = self._plan.clock
        if clock is None:
            return ""
        verb = "RTO clock stopped at" if self._stopped else "RTO clock"
        shown, target = duration(self._elapsed().total_seconds()), duration(clock.target.total_seconds())
        return f"{verb} {shown} of {target}: {self._clock_state()}"


def both_clocks(moment: datetime) -> str:
    """Return a time of day in UTC and in India."""
    return f"{moment:%H:%M} UTC ({moment.astimezone(INDIA):%H:%M} IST)"
