"""From a request to the end of its run; the only file that imports ansible_runner."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ansible_runner

from hasivu_play import __version__
from hasivu_play.errors import StoppedError
from hasivu_play.home import home, private_directory
from hasivu_play.private_data import private_data
from hasivu_play.project import Project
from hasivu_play.stop import Stop

Event = dict[str, Any]


@dataclass(frozen=True)
class Request:
    """What the operator asked for."""

    procedure: str
    environment: str
    inputs: dict[str, Any] = field(default_factory=dict)
    check: bool = False
    ticket: str | None = None
    break_glass: str | None = None
    incident: str | None = None
    resumes: str | None = None
    direction: str | None = None
    plan: str | None = None

    def variables(self, run_id: str) -> dict[str, Any]:
        """Return the extra variables of the run; none of them is a secret."""
        named = {
            "hasivu_run_id": run_id,
            "hasivu_launcher": f"hasivu-play {__version__}",
            "hasivu_resumes": self.resumes,
            "hasivu_direction": self.direction,
            "change_ticket": self.ticket,
            "break_glass": self.break_glass,
            "incident": self.incident,
            "change_plan": self.plan,
        }
        return {**self.inputs, **{name: value for name, value in named.items() if value}}


@dataclass(frozen=True)
class Outcome:
    """How Ansible ended, whatever the record says: its status, and what the driver did to end it."""

    run_id: str
    status: str
    seconds: float
    out_of_time: bool
    forced: bool


def new_run_id(request: Request) -> str:
    """Return a name for a run that sorts by time and is not given twice."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{moment}-{request.procedure}-{request.environment}-{secrets.token_hex(2)}"


def run(
    project: Project,
    request: Request,
    run_id: str,
    stop: Stop,
    handle: Callable[[Event], None],
    tick: Callable[[], None] = lambda: None,
) -> Outcome:
    """Run the playbook exactly as it stands in the project, and wait for its end; `tick` is called now and then."""
    started = time.monotonic()
    variables = request.variables(run_id)
    with stop.listening(), private_data(private_directory() / run_id, variables=variables, check=request.check) as data:
        try:
            runner = start(project, request, data, polling(stop, tick), handle)
        except ansible_runner.AnsibleRunnerException as error:
            raise StoppedError(f"ansible-runner gave up: {error}. See the record with `runs show {run_id}`.") from error
    return Outcome(run_id, runner.status, time.monotonic() - started, stop.out_of_time, stop.forced)


def polling(stop: Stop, tick: Callable[[], None]) -> Callable[[], bool]:
    """Return what ansible-runner asks now and then: whether to kill what is left."""

    def poll() -> bool:
        tick()
        return stop.poll()

    return poll


def start(
    project: Project, request: Request, data: Path, poll: Callable[[], bool], handle: Callable[[Event], None]
) -> Any:
    """Call ansible-runner: no event files, no copies of the environment, the project in its own place."""
    return ansible_runner.run(
        private_data_dir=str(data),
        project_dir=str(project.root),
        playbook=str(project.playbook(request.procedure)),
        inventory=str(project.inventory(request.environment)),
        envvars=environment_variables(project, data),
        event_handler=handler(handle),
        status_handler=forget_command,
        cancel_callback=poll,
        fact_cache_type="memory",
        suppress_env_files=True,
        quiet=True,
    )


def handler(handle: Callable[[Event], None]) -> Callable[[Event], bool]:
    """Return an event handler that keeps no file of any event."""

    def take(event: Event) -> bool:
        handle(event)
        return False

    return take


def forget_command(status: dict[str, Any], runner_config: Any) -> None:
    """Remove the file in which ansible-runner has just written the whole environment."""
    if status["status"] == "running":
        (Path(runner_config.artifact_dir) / "command").unlink(missing_ok=True)


def environment_variables(project: Project, data: Path) -> dict[str, str]:
    """Return what Ansible's environment needs besides the operator's own."""
    return {
        "ANSIBLE_CONFIG": str(project.configuration),
        "ANSIBLE_HOME": str(data / "ansible"),
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_NOCOLOR": "1",
        "HASIVU_PLAY_HOME": str(home()),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
    }
