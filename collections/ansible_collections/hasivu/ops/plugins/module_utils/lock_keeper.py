# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""The process that renews a lock for as long as its run lives, and stops the run when the lock is lost."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils.lock import (
    ConflictError,
    LostError,
    Store,
    StoreUnavailableError,
    renew,
)

STANDARD_STREAMS = 3
LOOK_SECONDS = 0.5
SHARE_OF_PERIOD = 0.8


@dataclass(frozen=True)
class Kept:
    """What the keeper renews, for whom, and whom it tells of a loss."""

    stores: Sequence[Store]
    resources: Sequence[str]
    holder: str
    seconds: int
    owner: int
    stop_file: str | None


def start_keeper(kept: Kept) -> None:
    """Start the keeper as a process of its own, which no worker and no terminal holds back.

    It is forked, not started anew, so that it has the client libraries already and needs no arguments.
    """
    started = start_time(kept.owner)
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            let_go_of_files()
            for store in kept.stores:
                store.forget()
            keep(kept, started)
    finally:
        os._exit(0)


def let_go_of_files() -> None:
    """Close what was inherited, or the run would wait for this process to end."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(STANDARD_STREAMS):
        os.dup2(nothing, stream)
    os.closerange(STANDARD_STREAMS, os.sysconf("SC_OPEN_MAX"))


def keep(kept: Kept, started: str) -> None:
    """Renew three times in each period until the run ends or releases its lock; stop the run when the lock is lost."""
    last_tried = last_renewed = time.monotonic()
    while start_time(kept.owner) == started:
        time.sleep(LOOK_SECONDS)
        if time.monotonic() - last_tried < kept.seconds / 3:
            continue
        last_tried = time.monotonic()
        try:
            results = [renewed(store, resource, kept.holder) for store in kept.stores for resource in kept.resources]
        except LostError as error:
            return stop_run(kept, str(error))
        if False in results:
            return None
        if any(results):
            last_renewed = time.monotonic()
        elif time.monotonic() - last_renewed > kept.seconds * SHARE_OF_PERIOD:
            return stop_run(kept, f"the lock of {', '.join(kept.resources)} could not be renewed in any store.")
    return None


def renewed(store: Store, resource: str, holder: str) -> bool | None:
    """Renew in one store; None when the store cannot be asked now, False when the lock was released."""
    try:
        return renew(store, resource, holder)
    except ConflictError:
        return None
    except StoreUnavailableError:
        store.forget()
        return None


def stop_run(kept: Kept, reason: str) -> None:
    """Ask the run to stop at its next safe point, for another run may soon hold the resource."""
    if kept.stop_file is not None:
        Path(kept.stop_file).write_text(f"the lock was lost: {reason}\n", encoding="utf-8")


def start_time(pid: int) -> str:
    """Return the start time of a process in clock ticks since boot, or nothing when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
