# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Close the records of runs whose process is gone, so that every record ends and says how."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.hasivu.ops.plugins.module_utils import record_line, record_origin
from ansible_collections.hasivu.ops.plugins.module_utils.record import RECORD
from ansible_collections.hasivu.ops.plugins.module_utils.record_outcome import INTERRUPTED
from ansible_collections.hasivu.ops.plugins.module_utils.record_seal import MANIFEST, SIGNATURE, seal

MOMENT_TO_BEGIN = 60
PATIENCE = timedelta(hours=1)


def close_interrupted(runs: Path) -> list[str]:
    """Close every record whose run is gone, and return the names of those runs."""
    return [run.name for run in open_records(runs) if close_if_gone(run)]


def open_records(runs: Path) -> list[Path]:
    """Return the folders of records that nobody has sealed."""
    if not runs.is_dir():
        return []
    with os.scandir(runs) as entries:
        folders = [Path(entry.path) for entry in entries if entry.is_dir()]
    return sorted(path for path in folders if not (path / MANIFEST).exists() and (path / RECORD).exists())


def close_if_gone(run: Path) -> bool:
    """Close one record, unless its run lives or another process is closing it."""
    try:
        with only_closer(run) as alone:
            if not alone or (run / MANIFEST).exists() or is_running(run):
                return False
            close(run, "The process of this run is gone, and the run had not ended.")
            return True
    except OSError:
        return False  # a record that cannot be closed now, on a full disk perhaps, is closed by a later command


@contextmanager
def only_closer(run: Path) -> Iterator[bool]:
    """Hold the folder's lock, or say that somebody else does; the lock goes with the process."""
    folder = os.open(run, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(folder)


def is_running(run: Path) -> bool:
    """Tell whether the process of a run that is not sealed still lives."""
    lines = record_line.read_lines(run / RECORD)[:1]
    started = record_line.decode(lines[0]) if lines else {}
    if not started:
        return time.time() - (run / RECORD).stat().st_mtime < MOMENT_TO_BEGIN
    if started["who"]["host"] != socket.gethostname():
        return may_still_run(started)
    return is_process(started["who"])


def is_process(who: dict[str, Any]) -> bool:
    """Tell whether the very process that a record names still lives on this machine."""
    same_boot = who["boot_id"] == record_origin.boot_id()
    return same_boot and record_origin.process_start(who["pid"]) == who["process_start"]


def may_still_run(started: dict[str, Any]) -> bool:
    """Tell whether a run on another machine may still live: until an hour after its time to abort."""
    longest = timedelta(minutes=started.get("abort_after_minutes") or 24 * 60)
    return datetime.now(UTC) < datetime.fromisoformat(started["at"]) + longest + PATIENCE


def close(run: Path, reason: str) -> dict[str, Any]:
    """End a record that its own process did not end, seal it, and return its manifest."""
    lines, torn = record_line.split_torn(record_line.read_lines(run / RECORD))
    events = [record_line.decode(line) for line in lines]
    if torn or not events or events[-1].get("event") != "run_finished":
        start = {} if events else named_by(run)
        append_end(run / RECORD, lines, {**start, **ending(events, torn, reason)})
    (run / SIGNATURE).unlink(missing_ok=True)
    return seal(run, events[0].get("signing_key") if events else None)


def named_by(run: Path) -> dict[str, str]:
    """Return what the name of a run's folder tells of it, for a record that has no first line."""
    _time, _dash, rest = run.name.partition("-")
    parts = rest.rsplit("-", 2)
    return {"run": run.name, "procedure": parts[0], "environment": parts[1] if len(parts) == 3 else "unknown"}


def append_end(path: Path, lines: list[bytes], fields: dict[str, Any]) -> None:
    """Put the last line where the last whole line ended."""
    previous = record_line.digest(lines[-1]) if lines else record_line.NOTHING_BEFORE
    head = {"sequence": len(lines) + 1, "previous": previous, **record_line.times()}
    with path.open("r+b") as file:
        file.truncate(sum(map(len, lines)))
        file.seek(0, os.SEEK_END)
        file.write(record_line.encode({**head, **fields}))
        file.flush()
        os.fsync(file.fileno())


def ending(events: list[dict[str, Any]], torn: bytes, reason: str) -> dict[str, Any]:
    """Build the last line: what was left undone, and what a torn line held."""
    unfinished = unfinished_steps(events)
    state, exit_code = INTERRUPTED
    return {
        "event": "run_interrupted",
        "state": state,
        "exit_code": exit_code,
        "changed": count_changed(events),
        "failed_step": unfinished[-1] if unfinished else None,
        "message": reason,
        "unfinished": unfinished,
        **({"torn": torn.decode("utf-8", "replace")} if torn else {}),
    }


def unfinished_steps(events: list[dict[str, Any]]) -> list[str]:
    """Return the names of the steps that began and of which no end is written."""
    ended = {event.get("step") for event in events if event.get("event") == "step_finished"}
    begun = [event for event in events if event.get("event") == "step_started"]
    return [event["name"] for event in begun if event["step"] not in ended]


def count_changed(events: list[dict[str, Any]]) -> int:
    """Count the steps that changed something."""
    return len({event["step"] for event in events if event.get("event") == "step_finished" and event.get("changed")})
