"""A detached server process: started, recognised again by later commands, and ended by its own pid only."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hasivu_play.sandbox.layout import write_private

# What a server may know of the operator's environment: nothing that could be a secret or an AWS profile.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "HASIVU_PLAY_HOME", "HASIVU_PLAY_POSTGRESQL_BIN")
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Process:
    """A started process, as `process.json` keeps it; the start time tells it from a later one with its pid."""

    pid: int
    started: str
    port: int
    command: list[str]

    def alive(self) -> bool:
        """Say whether this very process still runs; a zombie does not."""
        return start_time(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the process is gone."""
        if self.alive():
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Wait for the end of the process; say whether it came in time."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def stop(self, polite: signal.Signals, seconds: float, last: signal.Signals = signal.SIGKILL) -> None:
        """Ask the process to end, also when it is halted, and end it when it has not done so in time."""
        for number in dict.fromkeys((polite, last, signal.SIGKILL)):
            self.send(number)
            self.send(signal.SIGCONT)
            if self.wait(seconds):
                return

    def stop_group(self, seconds: float) -> None:
        """End the process together with the programs that it started; it leads a session of its own."""
        if self.alive():
            os.killpg(self.pid, signal.SIGTERM)
            self.wait(seconds)


def start(command: Sequence[str], log: Path, port: int) -> Process:
    """Start a command in a session of its own, without input, with its output appended to the log."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawnp(
        command[0],
        list(command),
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            *((os.POSIX_SPAWN_CLOSE, descriptor) for descriptor in inheritable()),
        ],
        setsid=True,
    )
    return Process(pid, start_time(pid) or "", port, list(command))


def inheritable() -> list[int]:
    """Return the files that a child would get besides input and output, such as a socket that our server listens on."""
    found = []
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the folder that was read is closed again
            if int(path.name) > 2 and os.get_inheritable(int(path.name)):
                found.append(int(path.name))
    return found


def start_time(pid: int) -> str | None:
    """Return when a process started, in clock ticks since boot, or None when it is gone or a zombie."""
    try:
        # The command name, in parentheses, may hold blanks: the fields are counted from its end.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] in {"Z", "X"}:
        reap(pid)
        return None
    return fields[19]


def reap(pid: int) -> None:
    """Collect a dead child, where it was ours."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def works_in(directory: Path) -> bool:
    """Say whether any process has this folder as its current one, as every process of a PostgreSQL server has."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        # A process may end meanwhile, and those of other users keep theirs to themselves.
        with contextlib.suppress(OSError):
            if link.readlink() == directory:
                return True
    return False


def remember(process: Process, path: Path) -> None:
    """Keep a process for later commands."""
    write_private(path, json.dumps(asdict(process)) + "\n")


def recall(path: Path) -> Process | None:
    """Return the process that was kept, running or not."""
    try:
        return Process(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def log_tail(log: Path, lines: int = 5) -> str:
    """Return the last lines of a log, for an error message."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "(no output)"
    return "\n".join(text.splitlines()[-lines:]) or "(no output)"
