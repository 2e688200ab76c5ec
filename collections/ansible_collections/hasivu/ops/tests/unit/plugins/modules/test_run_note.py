# Copyright: HASIVU Operations Team
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which note holds: that of the chain of runs, and else the newest of the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.hasivu.ops.plugins.modules.run_note import first_of, of_environment

RUNS = ("20260101T000000Z-db-recovery-staging-00aa", "20260301T000000Z-db-recovery-production-00bb")
NEWER = "20260201T000000Z-db-recovery-staging-00cc"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Return where the note of this run would be; some runs of two environments have one."""
    for run in (*RUNS, NEWER):
        (tmp_path / run).mkdir()
        (tmp_path / run / "fingerprint.json").write_text(f'{{"run": "{run}"}}')
    return tmp_path / "20260401T000000Z-db-recovery-staging-00dd" / "fingerprint.json"


def test_the_newest_note_of_the_same_environment_comes_first(own: Path) -> None:
    assert [file.parent.name for file in of_environment(own, "staging")] == [NEWER, RUNS[0]]
    assert first_of(of_environment(own, "staging")) == {"run": NEWER}


def test_without_an_environment_no_other_run_is_asked(own: Path) -> None:
    assert of_environment(own, None) == []
    assert first_of([own]) is None
