"""What every part of the sandbox has in common: a folder, a port, a process and a log."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hasivu_play.errors import StoppedError
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.ports import is_free
from hasivu_play.sandbox.process import Process, log_tail, recall, remember, start
from hasivu_play.sandbox.waiting import wait_until

START_SECONDS = 40.0
STOP_SECONDS = 3.0
# A part that is alive may be slow for a moment on a busy machine; only one that stays silent is replaced.
PATIENCE_SECONDS = 8.0


@dataclass(frozen=True)
class Part(ABC):
    """A server of the sandbox."""

    layout: Layout
    name: str
    port: int

    @property
    def directory(self) -> Path:
        """Return the folder of this part."""
        return self.layout.part(self.name)

    @property
    def server_log(self) -> Path:
        """Return the file that takes the output of the server."""
        return self.directory / "server.log"

    @property
    def process_file(self) -> Path:
        """Return the file that remembers the process."""
        return self.directory / "process.json"

    def process(self) -> Process | None:
        """Return the process of this part while it is alive."""
        process = recall(self.process_file)
        return process if process and process.alive() else None

    def wanted(self) -> bool:
        """Say whether this part ought to run at all."""
        return True

    def running(self) -> bool:
        """Say whether the process lives and answers; quick, because every run asks it first."""
        return self.process() is not None and self.answers()

    def up(self) -> None:
        """Start this part where it does not run, and fill it on the first start."""
        if self.process() and wait_until(self.running, PATIENCE_SECONDS):
            return
        self.stop()
        self.start()
        self.seed_once()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        self.check_port()
        process = start(self.command(), self.server_log, self.port)
        remember(process, self.process_file)
        wait_until(lambda: self.answers() or not process.alive(), START_SECONDS)
        if not self.running():
            raise self.failure("did not start")

    def check_port(self) -> None:
        """Refuse to start beside a stranger on the same port."""
        if not is_free(self.port):
            raise StoppedError(
                f"The sandbox's {self.name} cannot start: another process listens on its port {self.port}. "
                "End that process, or choose new ports with `hasivu-play sandbox reset`."
            )

    def seed_once(self) -> None:
        """Fill the part, unless that was done before."""
        marker = self.directory / "seeded"
        if not marker.exists():
            self.seed()
            marker.touch(mode=0o600)

    def stop(self) -> None:
        """End the process of this part."""
        process = self.process()
        if process:
            process.stop(signal.SIGTERM, STOP_SECONDS)

    def failure(self, what: str) -> StoppedError:
        """Return the error of a part that failed: one sentence, the end of its log, and what to do."""
        return StoppedError(
            f"The sandbox's {self.name} {what}. Read {self.server_log}, mend the cause and run "
            f"`hasivu-play sandbox up` again. The log ends with:\n{log_tail(self.server_log)}"
        )

    def status(self) -> dict[str, Any]:
        """Return what other programs may know of this part, after asking it for a piece of its work."""
        return self.describe(healthy=self.process() is not None and self.healthy())

    def quick_status(self) -> dict[str, Any]:
        """Return the same, after asking only whether it answers."""
        return self.describe(healthy=self.running())

    def describe(self, healthy: bool) -> dict[str, Any]:
        """Return what other programs may know of this part."""
        process = self.process()
        return {
            "url": self.url(),
            "healthy": healthy,
            "log": str(self.log()),
            "pid": process.pid if process else None,
            **self.details(),
        }

    def healthy(self) -> bool:
        """Say whether the part does its work."""
        return self.answers()

    def log(self) -> Path:
        """Return the log that a person or a test would read first."""
        return self.server_log

    def details(self) -> dict[str, Any]:
        """Return what the status of this part says besides."""
        return {}

    def seed(self) -> None:
        """Fill the part with what a procedure may find."""
        return

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the command that starts the server."""

    @abstractmethod
    def answers(self) -> bool:
        """Say quickly whether the server answers."""

    @abstractmethod
    def url(self) -> str:
        """Return the address of the part."""

    @abstractmethod
    def endpoint(self) -> dict[str, Any]:
        """Return the entry of this part in endpoints.json; it holds no secret."""
