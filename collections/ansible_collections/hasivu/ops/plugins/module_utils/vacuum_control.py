# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the watching thread tells the working ones: go on, hold, or stop."""

from __future__ import annotations

import threading


class Control:
    """The state that all threads of a run share."""

    def __init__(self) -> None:
        """Start with everything allowed."""
        self.changed = threading.Condition()
        self.held: str | None = None
        self.halted: str | None = None
        self.lost: str | None = None
        self.cancelled: dict[int, str] = {}

    def hold(self, reason: str | None) -> None:
        """Let no table start while there is a reason; with none, let them start again."""
        with self.changed:
            self.held = reason
            self.changed.notify_all()

    def halt(self, reason: str) -> None:
        """Let no further table start; the first reason stands."""
        with self.changed:
            self.halted = self.halted or reason
            self.changed.notify_all()

    def lose(self, reason: str) -> None:
        """Note that the server is gone, and let no further table start."""
        with self.changed:
            self.lost = self.lost or reason
        self.halt(reason)

    def note_cancelled(self, pids: list[int], reason: str) -> None:
        """Remember why sessions are about to be cancelled, before they are."""
        with self.changed:
            self.cancelled.update(dict.fromkeys(pids, reason))

    def why_cancelled(self, pid: int) -> str | None:
        """Return why a session was cancelled by us, once."""
        with self.changed:
            return self.cancelled.pop(pid, None)

    def pause(self, seconds: float) -> None:
        """Wait for some time, or until the run is halted."""
        with self.changed:
            self.changed.wait_for(lambda: self.halted is not None, timeout=seconds)
