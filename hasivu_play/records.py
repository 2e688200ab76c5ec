"""The records of runs: list, load, verify, and close those whose process is gone."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.hasivu.ops.plugins.module_utils import record_closing
from ansible_collections.hasivu.ops.plugins.module_utils.record import RECORD

from hasivu_play.errors import UsageError
from hasivu_play.home import runs_directory
from hasivu_play.records_run import Run, Step, read_run
from hasivu_play.records_verify import Verification, verify

__all__ = [
    "Run", "Step", "Verification", "close_interrupted", "folders", "is_running", "list_runs", "load", "read_run",
    "verify",
]  # fmt: skip


def list_runs(limit: int | None = None) -> list[Run]:
    """Return the runs, the newest first; only their manifests are read."""
    return [read_run(directory) for directory in folders()[:limit]]


def load(name: str) -> Run:
    """Return the run of a name, or of the first letters of one."""
    directory = runs_directory() / name
    if name and directory.parent == runs_directory() and (directory / RECORD).is_file():
        return read_run(directory)
    found = [folder for folder in folders() if name and folder.name.startswith(name)]
    if not found:
        raise UsageError(f"There is no record of a run '{name}'. See them with: hasivu-play runs list")
    if len(found) > 1:
        raise UsageError(f"'{name}' begins the names of {len(found)} runs. Give more of the name.")
    return read_run(found[0])


def load_ended(name: str) -> Run:
    """Return a run whose process is gone; where it left its record open, that is closed as interrupted first."""
    run = load(name)
    if run.state != "running":
        return run
    close_interrupted()
    return load(name)


def folders() -> list[Path]:
    """Return the folders of all records, the newest first; their names begin with the time."""
    if not runs_directory().is_dir():
        return []
    with os.scandir(runs_directory()) as entries:
        names = sorted((entry.name for entry in entries if entry.is_dir()), reverse=True)
    return [folder for folder in map(runs_directory().joinpath, names) if (folder / RECORD).exists()]


def is_running(run: Run) -> bool:
    """Tell whether the process of a run still lives."""
    return run.state == "running" and bool(record_closing.is_running(run.directory))


def close_interrupted() -> list[str]:
    """Close the records of runs whose process is gone, and return the names of those runs."""
    return list(record_closing.close_interrupted(runs_directory()))
