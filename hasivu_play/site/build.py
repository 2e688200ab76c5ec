"""Builds the site: the pages of runs first, each from its record, and then those that look over all of them."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from hasivu_play import __version__
from hasivu_play.project import Project
from hasivu_play.records import Run, close_interrupted, list_runs
from hasivu_play.show_tables import CONTROL_TITLES, INPUT_TITLES, facts, inputs
from hasivu_play.site import contents as reading
from hasivu_play.site.contents import Contents
from hasivu_play.site.folder import replaced
from hasivu_play.site.objectives import durations, measurements, trends
from hasivu_play.site.render import Renderer
from hasivu_play.site.runs import Told, tell
from hasivu_play.site.search_index import script

LAST_RUNS = 10
MENU = (
    ("index.html", "Overview"),
    ("procedures.html", "Procedures"),
    ("calendar.html", "Calendar"),
    ("runs.html", "Runs"),
    ("controls.html", "Controls"),
    ("coverage.html", "Manual"),
    ("objectives.html", "RTO and RPO"),
    ("incidents.html", "Incidents"),
)


@dataclass(frozen=True)
class Built:
    """What a build wrote."""

    folder: Path
    procedures: int
    runs: int
    unverified: list[str]


def build(project: Project, target: Path, now: datetime, progress: Callable[[int, int], None]) -> Built:
    """Write the site of a project and of all records into a folder, in the place of an older one.

    Args:
        project: The project whose procedures are shown.
        target: The folder, new, empty or that of an older site.
        now: The moment at which the calendar begins and evidence is so many days old.
        progress: Is told how many runs are written, and of how many.

    Raises:
        UsageError: `target` holds something else, or a playbook has no valid header.
        LockedError: Another build writes there.
    """
    close_interrupted()
    with replaced(target) as folder:
        renderer = Renderer(
            folder, {"menu": MENU, "version": __version__, "now": now, "procedures": project.procedures()}
        )
        renderer.assets()
        contents = reading.read(project, lambda: write_runs(renderer, folder, list_runs(), progress), now)
        write_procedures(renderer, contents)
        write_overviews(renderer, contents)
        (folder / "search-index.js").write_text(script(contents), encoding="utf-8")
    unverified = [told.run.id for told in contents.runs if told.problems]
    return Built(target, len(contents.procedures), len(contents.runs), unverified)


def write_runs(renderer: Renderer, folder: Path, runs: list[Run], progress: Callable[[int, int], None]) -> list[Told]:
    """Write a page for each run, with the report that its record holds, and return all in few words."""
    later: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.resumes:
            later[run.resumes].append(run)
    (folder / "reports").mkdir()
    known, found = {run.id for run in runs}, []
    for number, run in enumerate(runs, 1):
        told, whole = tell(run)
        renderer.page(f"runs/{run.id}.html", "run.html", **whole, later=later[run.id], known=known)
        if told.page:
            shutil.copyfile(told.page, folder / "reports" / f"{run.id}.html")
        found.append(told)
        progress(number, len(runs))
    return found


def write_procedures(renderer: Renderer, contents: Contents) -> None:
    """Write a page for each procedure."""
    for procedure in contents.procedures:
        header, runs = procedure.header, contents.runs_of(procedure.header.id)
        values: dict[str, Any] = {
            "facts": facts(header, contents.now),
            "inputs": inputs(header),
            "input_titles": INPUT_TITLES,
        }
        own = [control for control in contents.controls if control.procedure == header.id]
        values |= {"controls": own, "charts": durations(runs), "runs": runs[:LAST_RUNS], "count": len(runs)}
        renderer.page(f"procedures/{header.id}.html", "procedure.html", header=header, steps=procedure.walked, **values)


def write_overviews(renderer: Renderer, contents: Contents) -> None:
    """Write the pages that look over all procedures and runs."""
    measured = measurements(contents.runs)
    pages: dict[str, dict[str, Any]] = {
        "index": {"measured": measured},
        "procedures": {},
        "calendar": {},
        "runs": {},
        "controls": {"titles": CONTROL_TITLES},
        "coverage": {},
        "objectives": {"measured": measured, "charts": trends(measured)},
        "incidents": {},
        "search": {},
    }
    for name, values in pages.items():
        renderer.page(f"{name}.html", f"{name}.html", contents=contents, **values)
