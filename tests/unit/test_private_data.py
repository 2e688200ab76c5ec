"""The private data directory is private, filled in, and gone afterwards."""

import json
import os
import time

import pytest

from hasivu_play.private_data import private_data, remove_leftovers


def test_it_holds_the_variables_and_the_command_line(tmp_path):
    with private_data(tmp_path / "run", variables={"reason": "\"'{{ x }}\n", "jobs": 2}, check=True) as folder:
        assert json.loads((folder / "env" / "extravars").read_text()) == {"reason": "\"'{{ x }}\n", "jobs": 2}
        assert (folder / "env" / "cmdline").read_text().strip() == "--check --diff"
        modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, folder / "env", *folder.glob("env/*"))}
    assert modes == {"run": 0o700, "env": 0o700, "settings": 0o600, "extravars": 0o600, "cmdline": 0o600}


def test_it_is_removed_whatever_happens(tmp_path):
    with pytest.raises(KeyError), private_data(tmp_path / "run", variables={}, check=False):
        raise KeyError
    assert not (tmp_path / "run").exists()


def test_what_a_killed_run_left_behind_is_removed(tmp_path):
    old = time.time() - 3600
    (tmp_path / "killed").mkdir()
    (tmp_path / "young").mkdir()
    os.utime(tmp_path / "killed", (old, old))
    with private_data(tmp_path / "working", variables={}, check=False) as working:
        os.utime(working, (old, old))
        remove_leftovers(tmp_path)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["working", "young"]
