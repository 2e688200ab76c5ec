"""Claim: the site of 40 procedures and 1,000 runs is built within 20 seconds."""

from __future__ import annotations

import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from benchmarks.clock import alternate
from benchmarks.figure import Figure, compare
from hasivu_play.project import Project, installed_project
from hasivu_play.site.build import build

PROCEDURES, RUNS, BUDGET = 40, 1000, 20.0
TESTS = Path(__file__).parents[1] / "tests"


def measure(rounds: int) -> list[Figure]:
    """Build the site of the real procedures and of copies of them, over records with their steps."""
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict("os.environ", HASIVU_PLAY_HOME=f"{folder}/home"):
        project = many(Path(folder) / "project")
        write_records(Path(folder) / "home", project)
        site = Path(folder) / "site"
        ways = {"site build": lambda: build(project, site, datetime.now(UTC), lambda _done, _of: None)}
        (series,) = alternate(ways, rounds).values()
    claim = f"site build of {PROCEDURES} procedures and {RUNS} runs, against the {BUDGET:.0f} s that it may take"
    return [compare(claim, series, [BUDGET] * rounds, aim=1.0)]


def many(root: Path) -> Project:
    """Copy the project, and its playbooks until there are enough of them."""
    source = installed_project()
    for name in ("playbooks", "roles", "inventory"):
        shutil.copytree(source.root / name, root / name)
    shutil.copy(source.configuration, root)
    own = source.procedures()
    for number in range(PROCEDURES - len(own)):
        name = own[number % len(own)]
        copy = f"{name}-{number + 2}"
        text = source.playbook(name).read_text(encoding="utf-8").replace(f"      id: {name}\n", f"      id: {copy}\n")
        (root / "playbooks" / f"{copy}.yml").write_text(text, encoding="utf-8")
    return Project(root)


def write_records(home: Path, project: Project) -> None:
    """Write the records with what the tests write them with."""
    sys.path.append(str(TESTS))
    from support.history import write
    from support.recording import sandbox_key

    write(home, sandbox_key(home), project, RUNS)
