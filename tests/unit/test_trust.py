"""A header is checked once for the same bytes, and again after any change."""

import shutil
from pathlib import Path

import pytest

from hasivu_play.errors import UsageError
from hasivu_play.trust import read_checked_header

PLAYBOOK = Path(__file__).parent.parent / "data" / "project" / "playbooks" / "wash-up.yml"


@pytest.fixture
def playbook(tmp_path, monkeypatch):
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path / "home"))
    return Path(shutil.copy(PLAYBOOK, tmp_path))


def test_a_changed_header_is_checked_again(playbook):
    read_checked_header(playbook)
    read_checked_header(playbook)
    playbook.write_text(playbook.read_text(encoding="utf-8").replace("risk: safe", "risk: low"), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(UsageError, match="risk"):
            read_checked_header(playbook)


def test_the_folder_of_checks_is_the_operators_own(playbook, tmp_path):
    read_checked_header(playbook)
    assert [(tmp_path / "home" / name).stat().st_mode & 0o777 for name in ("", "checked")] == [0o700, 0o700]
