"""The folder of a site: another one is built beside it and takes its place when it is whole."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hasivu_play.errors import LockedError, UsageError

MARK = ".hasivu-play-site"


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """Give a new folder to build in, which then takes the place of `target`; a failure leaves that as it was.

    Raises:
        UsageError: `target` is a file, or holds something that is no site.
        LockedError: Somebody else builds there.
    """
    refuse_foreign(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    new, old = (target.with_name(f".{target.name}.{word}") for word in ("new", "old"))
    with locked(target):
        put_back(target, old)
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        try:
            (new / MARK).touch()
            yield new
            exchange(target, new, old)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def refuse_foreign(target: Path) -> None:
    """Refuse to take the place of what is no site."""
    if target.is_dir() and any(target.iterdir()) and not (target / MARK).exists():
        raise UsageError(f"{target} holds files that are no site of ours. Name a new or an empty folder.")
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file. Name a folder.")


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Keep others from building there meanwhile; the lock is on the folder around it, and leaves nothing behind."""
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockedError(f"Another build writes into {target.parent}. Wait for its end.") from None
        yield
    finally:
        os.close(folder)


def put_back(target: Path, old: Path) -> None:
    """Undo an exchange that was killed between its two renames, and clear away what one left behind."""
    if old.exists() and not target.exists():
        old.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def exchange(target: Path, new: Path, old: Path) -> None:
    """Put the new folder in the place of the old one."""
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
