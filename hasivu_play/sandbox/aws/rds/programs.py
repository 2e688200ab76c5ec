"""Programs that the emulator starts for a server: remembered, so that `sandbox down` ends them too."""

from __future__ import annotations

import subprocess
from pathlib import Path

from hasivu_play.errors import StoppedError
from hasivu_play.sandbox.layout import Layout
from hasivu_play.sandbox.postgresql_programs import command_prefix
from hasivu_play.sandbox.process import Process, remember, start_time

FOLDER = "programs"  # the supervisor knows it too


class Programs:
    """Starts programs and waits for their end."""

    def __init__(self, layout: Layout) -> None:
        """Keep notes of what runs in the folder of the emulator."""
        self._folder = layout.part("aws") / FOLDER
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def run(self, *command: str | Path) -> None:
        """Run a program as a user that PostgreSQL accepts.

        Raises:
            StoppedError: It failed.
        """
        arguments = [*command_prefix(), *map(str, command)]
        with subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            note = self._folder / f"{process.pid}.json"
            remember(Process(process.pid, start_time(process.pid) or "", 0, arguments), note)
            said = process.communicate()[1]
            note.unlink(missing_ok=True)
        if process.returncode != 0:
            raise StoppedError(f"{Path(str(command[0])).name} failed: {said.strip()[-500:]}")
