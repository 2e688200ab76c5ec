"""The private data directory of one run: what ansible-runner reads, and no secret."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).with_name("data") / "private"
SECONDS_TO_LOCK = 5


@contextmanager
def private_data(folder: Path, *, variables: dict[str, Any], check: bool) -> Iterator[Path]:
    """Make the private data directory of a run, and remove it whatever happens."""
    (folder / "env").mkdir(mode=0o700, parents=True)
    folder.chmod(0o700)
    try:
        with locked(folder):
            write(folder / "env", variables=variables, check=check)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write(folder: Path, **values: Any) -> None:
    """Fill in every template."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  # the templates make YAML and a command line, never HTML
        keep_trailing_newline=True,
    )
    for name in environment.list_templates(extensions=["j2"]):
        file = folder / Path(name).stem
        file.touch(mode=0o600)
        file.write_text(environment.get_template(name).render(values), encoding="utf-8")


def remove_leftovers(folder: Path) -> None:
    """Remove the directories of runs that were killed; one that is in use is locked, or has only just been made."""
    for leftover in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > SECONDS_TO_LOCK:
                with locked(leftover):
                    shutil.rmtree(leftover)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a directory; raises BlockingIOError when another process does."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
