"""The wheel, installed in an environment of its own, works from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from support.sandbox import PROGRAMS, PROJECT


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, install it over the packages of this environment, and return the folder of its programs."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, PROJECT],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    programs = folder / "venv" / "bin"
    packages = next((folder / "venv" / "lib").glob("python*")) / "site-packages"
    (packages / "shared.pth").write_text(next(path for path in sys.path if path.endswith("site-packages")) + "\n")
    subprocess.run(
        [PROGRAMS / "uv", "pip", "install", "--quiet", "--no-deps", "--python", programs / "python", wheel], check=True
    )
    return programs


def run(programs: Path, folder: Path, *arguments: str) -> str:
    """Run a program of the wheel in another folder."""
    environment = {**os.environ, "HASIVU_PLAY_HOME": str(folder / "home"), "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_lists_and_shows_its_own_procedures(installed: Path, tmp_path: Path) -> None:
    listed = json.loads(run(installed, tmp_path, str(installed / "hasivu-play"), "list", "--json"))
    assert "weekly-db" in [entry["id"] for entry in listed]
    shown = run(installed, tmp_path, str(installed / "hasivu-play"), "show", "weekly-db")
    assert "Refuse to start when it is not safe" in shown
    (installed / "ansible-inventory").symlink_to(PROGRAMS / "ansible-inventory")
    run(installed, tmp_path, str(installed / "hasivu-play"), "site", "build", "site")
    assert "Weekly database maintenance" in (tmp_path / "site" / "procedures" / "weekly-db.html").read_text()


def test_the_wheel_brings_project_and_collection(installed: Path, tmp_path: Path) -> None:
    code = (
        "import hasivu_play, pathlib; from hasivu_play.project import installed_project; "
        "root = installed_project().root; print(root); "
        "assert all((root / name).exists() for name in ('ansible.cfg', 'MANIFEST.in')); "
        "assert root.is_relative_to(pathlib.Path(hasivu_play.__file__).parent); "
        "from ansible_collections.hasivu.ops.plugins.modules import aws_info; print(aws_info.__file__)"
    )
    printed = run(installed, tmp_path, str(installed / "python"), "-c", code).splitlines()
    assert all(str(installed.parent) in line for line in printed)
