"""The sandbox as a whole: up, down, status and reset. Each may be repeated, by several processes at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any

from hasivu_play.errors import StoppedError
from hasivu_play.sandbox import base_backup, fault_markers
from hasivu_play.sandbox.credentials import make_credentials
from hasivu_play.sandbox.first_backup import await_first_backup
from hasivu_play.sandbox.layout import Layout, write_private
from hasivu_play.sandbox.lifecycles import make_lifecycles
from hasivu_play.sandbox.lock import LOCK, locked
from hasivu_play.sandbox.part import Part
from hasivu_play.sandbox.parts import CLASSES, LAST, parts
from hasivu_play.sandbox.process import recall
from hasivu_play.sandbox.repository import make_repository

AWS, PROGRAMS = "aws", "programs"
FORM = "4"  # of the files that the parts keep; another one is not read
PROGRAM_SECONDS = 3.0
Status = dict[str, dict[str, Any]]
Progress = Callable[[str], None]


def silent(message: str) -> None:
    """Report progress to nobody."""


def up(layout: Layout, progress: Progress = silent) -> Status:
    """Start whatever part does not run, fill it on its first start, and return the status of all."""
    with locked(layout):
        start_missing(layout, progress)
        return collect(layout, Part.quick_status)


def down(layout: Layout) -> None:
    """End every process of the sandbox and every fault; data, ports and credentials stay."""
    if not layout.root.exists():
        return
    with locked(layout):
        stop_all(layout)


def reset(layout: Layout, progress: Progress = silent) -> Status:
    """Throw the sandbox away and build it anew, with new credentials and ports."""
    with locked(layout):
        stop_all(layout)
        for path in layout.root.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != LOCK:
                path.unlink()
        start_missing(layout, progress)
        return collect(layout, Part.quick_status)


def status(layout: Layout) -> Status:
    """Return address, health, log and process of each part, asked all at once."""
    if not (layout.root / "ports.json").exists():
        return {name: {"url": None, "healthy": False, "log": None, "pid": None} for name in CLASSES}
    return collect(layout, Part.status)


def collect(layout: Layout, ask: Callable[[Part], dict[str, Any]]) -> Status:
    """Ask every part for its status, beside each other, and name the faults that hold parts down."""
    everything = parts(layout)
    with ThreadPoolExecutor(len(everything)) as workers:
        found = dict(zip([part.name for part in everything], workers.map(ask, everything), strict=True))
    for name, fault in fault_markers.parts_held_down(layout).items():
        found[name]["fault"] = fault
    return found


def start_missing(layout: Layout, progress: Progress) -> None:
    """Start the parts that do not run, but for those that a fault holds down."""
    refuse_another_form(layout)
    make_credentials(layout)
    make_repository(layout)
    make_lifecycles(layout)
    everything = parts(layout)
    held = fault_markers.parts_held_down(layout)
    for name, fault in held.items():
        progress(f"{name} stays down: the fault {fault} is on")
    missing = [part for part in everything if part.wanted() and part.name not in held and not part.running()]
    if not missing:
        return
    new = not base_backup.complete(layout.part("postgresql"))
    write_endpoints(layout, everything)
    start_all([part for part in missing if part.name != LAST], progress)
    write_endpoints(layout, everything)
    start_all([part for part in missing if part.name == LAST], progress)
    if new and not held:
        progress("Waiting for the first backup of the database")
        await_first_backup(layout)


def refuse_another_form(layout: Layout) -> None:
    """Refuse a sandbox that another version of the program has made, and mark one that is made now.

    Raises:
        StoppedError: The parts could not read what it keeps.
    """
    mark = layout.root / "form"
    if not (layout.root / "ports.json").exists():
        write_private(mark, FORM)
    elif not mark.exists() or mark.read_text(encoding="utf-8") != FORM:
        raise StoppedError(
            "The sandbox was made by another version of hasivu-play. Run `hasivu-play sandbox reset` to make it anew."
        )


def start_all(missing: Sequence[Part], progress: Progress) -> None:
    """Start parts beside each other; when some fail, the others are started all the same."""
    if not missing:
        return
    progress(f"Starting {', '.join(part.name for part in missing)}")
    with ThreadPoolExecutor(len(missing)) as workers:
        running = {workers.submit(part.up): part for part in missing}
        errors = [error for future in as_completed(running) if (error := report(future, running[future], progress))]
    if errors:
        raise StoppedError("\n".join(errors))


def report(future: Future[None], part: Part, progress: Progress) -> str | None:
    """Say that a part is ready, or return why it is not."""
    error = future.exception()
    if error is None:
        progress(f"{part.name} is ready at port {part.port}")
        return None
    if isinstance(error, StoppedError):
        return str(error)
    return str(part.failure(f"could not be filled ({type(error).__name__}: {error})"))


def write_endpoints(layout: Layout, everything: Sequence[Part]) -> None:
    """Write the address of each part; what only a running part can tell stays as it was while the part is down."""
    known = layout.endpoints()
    for part in everything:
        if part.name not in CLASSES:
            continue  # what RDS has restored, RDS tells the address of
        fresh = {key: value for key, value in part.endpoint().items() if value != ""}
        known[part.name] = {**known.get(part.name, {}), **fresh}
    layout.write_endpoints(known)


def stop_all(layout: Layout) -> None:
    """End faults and parts, all at once, but for AWS, which goes first: it starts database servers and copies them."""
    from hasivu_play.sandbox.faults import clear_all

    clear_all(layout, restart=False)
    next(part for part in parts(layout) if part.name == AWS).stop()
    end_programs(layout)
    everything = parts(layout)
    with ThreadPoolExecutor(len(everything)) as workers:
        list(workers.map(lambda part: part.stop(), everything))


def end_programs(layout: Layout) -> None:
    """End the programs that the emulator of AWS has left when it ended."""
    for note in (layout.part(AWS) / PROGRAMS).glob("*.json"):
        program = recall(note)
        if program:
            program.stop_group(PROGRAM_SECONDS)
        note.unlink(missing_ok=True)
