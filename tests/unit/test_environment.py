"""The environment is put back, so that what a step of a rehearsal leaves behind the next one does not find."""

from __future__ import annotations

import os

import pytest

from hasivu_play.environment import environment_kept


def fail_in_a_step() -> None:
    with environment_kept():
        os.environ.update(AWS_PROFILE="of the step", AWS_SESSION_TOKEN="of the step")
        raise SystemExit


def test_the_environment_is_as_it_was_also_after_a_step_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of the run")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    with pytest.raises(SystemExit):
        fail_in_a_step()
    assert os.environ["AWS_PROFILE"] == "of the run"
    assert "AWS_SESSION_TOKEN" not in os.environ
