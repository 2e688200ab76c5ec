"""How a run is brought to its end: at the next safe point, then now, then by force."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from hasivu_play.processes import children, descendants, send

SIGNALS = {
    signal.SIGINT: "the operator pressed Ctrl-C",
    signal.SIGTERM: "hasivu-play was told to end",
    signal.SIGHUP: "the terminal was closed",
}
SECONDS_TO_TERMINATE = 5.0
SECONDS_TO_A_SAFE_POINT = 30.0


class Stop:
    """Ends one run, and remembers why.

    The first request leaves a file that modules look for at their safe points. A second request, or a time budget
    overdrawn by 30 seconds, ends Ansible's processes; those that live on 5 seconds later are killed.
    """

    def __init__(self, file: Path, minutes: float, say: Callable[[str], None]) -> None:
        """Start the clock of the time budget."""
        self._file = file
        self._minutes = minutes
        self._deadline = time.monotonic() + minutes * 60
        self._say = say
        self._terminated: float | None = None
        self._bystanders = children(os.getpid())  # a sandbox that this command started goes on
        self._processes: list[int] = []
        self._written = False
        self.reason: str | None = None
        self.out_of_time = False

    @property
    def forced(self) -> bool:
        """Tell whether the run was ended without waiting for a safe point."""
        return self._terminated is not None

    def request(self, reason: str) -> None:
        """Ask the run to stop at its next safe point."""
        self.reason = reason
        self._write()

    def _write(self) -> None:
        """Leave the request in the folder of the run, once and as soon as the run has one."""
        if self.reason and not self._written and self._file.parent.is_dir():
            self._file.write_text(self.reason + "\n", encoding="utf-8")
            self._written = True

    def now(self) -> None:
        """End Ansible's processes; the playbook passes the signal on to its workers."""
        if self._terminated is None:
            self._terminated = time.monotonic()
            started = [child for child in children(os.getpid()) if child not in self._bystanders]
            self._processes = [process for child in started for process in (child, *descendants(child))]
            send(started, signal.SIGTERM)

    def poll(self) -> bool:
        """Look at the clock, and tell whether ansible-runner is to kill what is left."""
        late = time.monotonic() - self._deadline
        if late > 0 and not self.out_of_time:
            self.out_of_time = True
            self.request(f"the time budget of {self._minutes:g} minutes is spent")
        if late > SECONDS_TO_A_SAFE_POINT:
            self.now()
        self._write()
        return self._kill_the_rest()

    def _kill_the_rest(self) -> bool:
        """Kill what did not end in its five seconds."""
        if self._terminated is None or time.monotonic() - self._terminated < SECONDS_TO_TERMINATE:
            return False
        send(self._processes, signal.SIGKILL)
        return True

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal: the first asks, the second ends."""
        if self.reason is None:
            self.request(SIGNALS[signal.Signals(number)])
            self._say("Stopping at the next safe point, press Ctrl-C again to stop now.")
        elif not self.forced:
            self._say("Stopping now.")
            self.now()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals of this process while the run lasts."""
        before = {number: signal.signal(number, self._handle) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
