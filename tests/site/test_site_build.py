"""How a site is built: again the same, whole or not at all, and never over what is no site."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.history import write
from support.killing import wait_for
from support.recording import sandbox_key

from hasivu_play.errors import LockedError, UsageError
from hasivu_play.project import Project
from hasivu_play.site.build import build
from hasivu_play.site.folder import replaced

KITCHEN = Path(__file__).parents[1] / "data" / "project"
NOW = datetime(2026, 11, 27, 6, 0, tzinfo=UTC)
LAUNCH = (
    "from pathlib import Path\nfrom hasivu_play.cli import main\nfrom hasivu_play.project import Project\n"
    "main(obj=Project(Path({root!r})), prog_name='hasivu-play')"
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return a small project of the test's own, with a few records."""
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path / "home"))
    shutil.copytree(KITCHEN, tmp_path / "kitchen")
    shutil.rmtree(tmp_path / "kitchen" / "inventory" / "broken")
    for path in (tmp_path / "kitchen" / "playbooks").glob("*.yml"):
        if path.stem != "wash-up":
            path.unlink()
    kitchen = Project(tmp_path / "kitchen")
    write(tmp_path / "home", sandbox_key(tmp_path / "home"), kitchen, 12, NOW)
    return kitchen


def made(project: Project, target: Path) -> dict[str, bytes]:
    """Build a site, and return its files."""
    build(project, target, NOW, lambda _done, _of: None)
    return {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def test_the_same_project_and_records_give_the_same_site_and_a_new_playbook_appears_by_itself(
    project: Project, tmp_path: Path
) -> None:
    first = made(project, tmp_path / "site")
    assert made(project, tmp_path / "site") == first
    text = project.playbook("wash-up").read_text()
    (project.root / "playbooks" / "dry-up.yml").write_text(
        text.replace("wash-up", "dry-up").replace("Wash up", "Dry up")
    )
    second = made(project, tmp_path / "site")
    assert set(second) - set(first) == {"procedures/dry-up.html"}
    for name in ("procedures.html", "controls.html", "search-index.js"):
        assert b"dry-up" in second[name], name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "kitchen", "site"]


def test_a_folder_with_other_files_is_refused_and_untouched(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("to my mother")
    with pytest.raises(UsageError, match="no site of ours"):
        made(project, tmp_path / "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]
    with pytest.raises(UsageError, match="is a file"):
        made(project, tmp_path / "mine" / "letter.txt")


def test_a_build_that_fails_or_is_killed_leaves_the_old_site(project: Project, tmp_path: Path) -> None:
    site = tmp_path / "site"
    before = made(project, site)
    broken = project.root / "playbooks" / "broken.yml"
    broken.write_text("- hosts: all\n")
    with pytest.raises(UsageError, match="has no header"):
        made(project, site)
    broken.unlink()
    command = [sys.executable, "-c", LAUNCH.format(root=str(project.root)), "site", "build", str(site)]
    process = subprocess.Popen(command, env=dict(os.environ))
    wait_for(lambda: (tmp_path / ".site.new" / "runs").exists() or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = {str(path.relative_to(site)): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    assert set(left) == set(before)
    assert made(project, site) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "kitchen", "site"]


def test_a_site_lost_between_two_names_is_found_again(tmp_path: Path) -> None:
    with replaced(tmp_path / "site") as folder:
        (folder / "index.html").write_text("first")
    (tmp_path / "site").rename(tmp_path / ".site.old")
    with pytest.raises(RuntimeError), replaced(tmp_path / "site"):
        raise RuntimeError
    assert (tmp_path / "site" / "index.html").read_text() == "first"


def test_two_builds_at_once_do_not_mix(tmp_path: Path) -> None:
    with replaced(tmp_path / "site"), pytest.raises(LockedError, match="Another build"), replaced(tmp_path / "site"):
        pass
