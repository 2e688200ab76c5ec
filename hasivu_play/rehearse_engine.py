"""Many playbooks in check mode: Ansible and our modules are loaded once, and forked for each.

`python -m hasivu_play.rehearse_engine ROOT` is the process that loads them; it must not have imported our collection
before Ansible's own finder of collections is in place. It takes what to rehearse as JSON on stdin, and prints one line
of JSON for each rehearsal that has ended.
"""

from __future__ import annotations

import gc
import importlib
import json
import multiprocessing
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType

from hasivu_play.errors import StoppedError
from hasivu_play.home import private_directory
from hasivu_play.private_data import private_data, remove_leftovers
from hasivu_play.project import Project
from hasivu_play.rehearse_steps import fork_no_steps
from hasivu_play.run import Request, environment_variables

LOOK_SECONDS = 1.0
END_SECONDS = 30.0
PRELOAD = "hasivu.ops.preload"
MODULES = "ansible_collections.hasivu.ops.plugins.modules"


@dataclass(frozen=True)
class Rehearsal:
    """One playbook that is to run in check mode, and its minutes: as expected, and at most."""

    request: Request
    run_id: str
    expected_minutes: int
    abort_after_minutes: int


@dataclass(frozen=True)
class Ended:
    """A rehearsal that has ended; its output is the text that Ansible wrote."""

    rehearsal: Rehearsal
    seconds: float
    out_of_time: bool
    output: str

    def last_words(self) -> str:
        """Return the end of the output as one sentence or two."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        return " ".join(lines[-3:]) or "Ansible ended without a word."


@dataclass
class Running:
    """A rehearsal whose process runs."""

    rehearsal: Rehearsal
    process: BaseProcess
    output: Path
    started: float

    @property
    def seconds(self) -> float:
        """Return for how long it has run."""
        return time.monotonic() - self.started

    def is_out_of_time(self) -> bool:
        """Tell whether it has run for longer than its header allows."""
        return self.seconds > self.rehearsal.abort_after_minutes * 60

    def kill(self) -> None:
        """End its process and all that descend from it: they are a session of their own."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid or 0, signal.SIGKILL)
        self.process.join()


class Engine:
    """The process that forks rehearsals; it loads Ansible from its start on, while whoever started it gets ready."""

    def __init__(self, project: Project) -> None:
        """Start the process."""
        command = [sys.executable, "-P", "-m", "hasivu_play.rehearse_engine", str(project.root)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Engine:
        """Use it for a while."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.end()

    def end(self) -> None:
        """End it, and all that it has forked."""
        self._process.terminate()
        with self._process:
            self._process.wait(END_SECONDS)

    def rehearse(self, rehearsals: Sequence[Rehearsal], workers: int) -> Iterator[Ended]:
        """Run playbooks in check mode, so many at the same time, the longest first, and give each when it has ended.

        Whoever stops listening ends the processes that run.

        Raises:
            StoppedError: The process that loads Ansible ended before the last rehearsal.
        """
        assert self._process.stdin
        assert self._process.stdout
        wanted = {"workers": workers, "rehearsals": [asdict(one) for one in rehearsals]}
        named = {one.run_id: one for one in rehearsals}
        with suppress(BrokenPipeError), self._process.stdin as stdin:
            json.dump(wanted, stdin)
        try:
            for line in self._process.stdout:
                fields = json.loads(line)
                yield Ended(named.pop(fields.pop("run_id")), **fields)
        finally:
            self.end()
        if named:
            ended = ", ".join(named)
            raise StoppedError(f"The rehearsals ended early; {ended} did not end. Look at what was said above.")


def main() -> None:
    """Load Ansible for the project that is named, then rehearse what stdin asks for."""
    project, parent = Project(Path(sys.argv[1])), os.getppid()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    remove_leftovers(private_directory())
    folder = private_directory() / f"rehearsals-{secrets.token_hex(4)}"
    with suppress(KeyboardInterrupt), private_data(folder, variables={}, check=True) as data:
        load(project, data)
        asked = sys.stdin.read()
        if not asked:
            return  # whoever started this process has ended
        wanted = json.loads(asked)
        rehearsals = [Rehearsal(**{**one, "request": Request(**one["request"])}) for one in wanted["rehearsals"]]
        for ended in fork_all(project, data, rehearsals, wanted["workers"], parent):
            fields = {"seconds": ended.seconds, "out_of_time": ended.out_of_time, "output": ended.output}
            print(json.dumps({"run_id": ended.rehearsal.run_id, **fields}), flush=True)  # noqa: T201  # the answer


def fork_all(
    project: Project, data: Path, rehearsals: Sequence[Rehearsal], workers: int, parent: int
) -> Iterator[Ended]:
    """Fork a process for each rehearsal while the parent lives, and give each when it has ended; then none is left."""
    waiting = sorted(rehearsals, key=lambda one: one.expected_minutes)
    running: list[Running] = []
    try:
        while (waiting or running) and os.getppid() == parent:
            while waiting and len(running) < workers:
                running.append(start(project, waiting.pop(), data))
            wait([one.process.sentinel for one in running], LOOK_SECONDS)
            for one in [one for one in running if one.is_out_of_time() or not one.process.is_alive()]:
                running.remove(one)
                yield end(one)
    finally:
        for one in running:
            one.kill()


def load(project: Project, data: Path) -> None:
    """Load what every playbook needs. Ansible reads its settings from the environment when it is imported."""
    gc.disable()  # what is loaded stays
    os.environ.update(environment_variables(project, data))
    from ansible import constants
    from ansible.cli import playbook as _  # noqa: F401  # slow to load, and the same for all
    from ansible.plugins.loader import init_plugin_loader

    # What this callback loads for a run is loaded here.
    constants.CALLBACKS_ENABLED = [name for name in constants.CALLBACKS_ENABLED if name != PRELOAD]
    init_plugin_loader()
    load_definitions()
    from ansible_collections.hasivu.ops.plugins.plugin_utils.templates import load_plugins, share_templates

    load_plugins()
    share_templates(data / "templates")
    for folder in map(Path, importlib.import_module(MODULES).__path__):
        for file in sorted(folder.glob("*.py")):
            load_module(importlib.import_module(f"{MODULES}.{file.stem}"))
    gc.freeze()  # so that no child copies what it only shares, when it collects


def load_definitions() -> None:
    """Load the options of every way to connect and to become somebody, as each run of a playbook does first."""
    from ansible.plugins.loader import become_loader, connection_loader, shell_loader

    for loader in (become_loader, connection_loader, shell_loader):
        list(loader.all(class_only=True))


def load_module(module: ModuleType) -> None:
    """Let a module load what it needs whatever its arguments are, where it can tell."""
    with suppress(Exception):
        module.preload({})


def start(project: Project, rehearsal: Rehearsal, data: Path) -> Running:
    """Fork the process of a rehearsal."""
    inventory = str(project.inventory(rehearsal.request.environment))
    variables, output = data / f"{rehearsal.run_id}.json", data / f"{rehearsal.run_id}.txt"
    variables.touch(mode=0o600)
    shared = {"hasivu_shared_scans": str(data / "scans")}
    variables.write_text(json.dumps(rehearsal.request.variables(rehearsal.run_id) | shared), encoding="utf-8")
    command = [
        *("ansible-playbook", "--check", "--diff", "-i", inventory, "-e", f"@{variables}"),
        str(project.playbook(rehearsal.request.procedure)),
    ]
    process = multiprocessing.get_context("fork").Process(target=play, args=(command, output, project.root))
    process.start()
    return Running(rehearsal, process, output, time.monotonic())


def play(command: list[str], output: Path, folder: Path) -> None:
    """Be ansible-playbook in this process, which was forked for it."""
    os.setsid()
    os.chdir(folder)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    from ansible.cli.playbook import PlaybookCLI

    fork_no_steps()
    PlaybookCLI.cli_executor(command)


def end(running: Running) -> Ended:
    """Collect a rehearsal that has ended, or end one that takes too long."""
    late = running.process.is_alive()
    seconds = running.seconds
    running.kill()
    with suppress(FileNotFoundError):
        return Ended(running.rehearsal, seconds, late, running.output.read_text(encoding="utf-8", errors="replace"))
    return Ended(running.rehearsal, seconds, late, "")


if __name__ == "__main__":
    main()
