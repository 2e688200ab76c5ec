# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run a scanner: no shell, no credentials, an empty home, bounded in time and output."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from ansible_collections.hasivu.ops.plugins.module_utils.scan_model import Ended, ScanError

MOST_BYTES = 256 * 1024 * 1024
LOOK_SECONDS = 0.5
SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
CREDENTIAL = re.compile(
    r"AWS_|KUBE|PG|.*(?:TOKEN|PASSWORD|PASSWD|SECRET|CREDENTIAL|PRIVATE|API_?KEY|AUTH)", re.IGNORECASE
)
IN_ADDRESS = re.compile(r"(://)[^\s/@]+@")


class StopError(Exception):
    """Raised when the run was asked to stop while a scanner worked; the scanner was ended."""


def environment(program: str, home: Path, named: dict[str, str]) -> dict[str, str]:
    """Return the whole environment of a scanner: paths, an empty home, and what the inventory names for it.

    Raises:
        ScanError: The inventory names something that looks like a credential.
    """
    credentials = sorted(name for name in named if CREDENTIAL.match(name))
    if credentials:
        raise ScanError(f"may not be given {', '.join(credentials)}; a scanner runs without credentials")
    folders = dict.fromkeys((str(Path(program).parent), *SYSTEM_PATH))
    fixed = {"PATH": os.pathsep.join(folders), "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}
    return {**fixed, **named}


def run(
    command: list[str],
    environment: dict[str, str],
    folder: Path,
    seconds: float,
    stop_asked: Callable[[], bool] = lambda: False,
) -> Ended:
    """Run a command to its end and return what it printed; it and its children never outlive the time.

    Raises:
        ScanError: It cannot be started, took too long or printed too much.
        StopError: The run was asked to stop.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            process = subprocess.Popen(
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        except OSError as error:
            raise ScanError(f"could not be started: {error.strerror}") from error
        try:
            code = wait(process, seconds, stop_asked)
        finally:
            end(process)
        return Ended(code, text_of(out), text_of(err))


def wait(process: subprocess.Popen[bytes], seconds: float, stop_asked: Callable[[], bool]) -> int:
    """Return the exit code of a process, looking between whiles whether the run is to stop."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return process.wait(min(LOOK_SECONDS, max(deadline - time.monotonic(), 0)))
        except subprocess.TimeoutExpired:
            if stop_asked():
                raise StopError from None
            if time.monotonic() >= deadline:
                raise ScanError(f"did not end within {seconds:.0f} seconds") from None


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of a process and of what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def text_of(file: BinaryIO) -> str:
    """Return what was written to a file.

    Raises:
        ScanError: It is more than a scanner has to say.
    """
    if file.seek(0, os.SEEK_END) > MOST_BYTES:
        raise ScanError(f"printed more than {MOST_BYTES // 1024 // 1024} MiB")
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def last_line(ended: Ended) -> str:
    """Return the last words of a program that failed, cut short and without logins in addresses."""
    lines = [line.strip() for line in ended.err.splitlines() if line.strip()]
    words = IN_ADDRESS.sub(r"\1", lines[-1])[:200] if lines else "and said nothing"
    return f"ended with exit code {ended.code}: {words}"
