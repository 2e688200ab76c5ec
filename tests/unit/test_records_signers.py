"""Only a key that the environment allows, for records and at that time, makes a record good."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.hasivu.ops.plugins.module_utils import record_signers
from support.recording import make_key, sealed

from hasivu_play import records, records_signers
from hasivu_play.project import Project

RECORDED = "2026-11-01T20:30:00.000Z"


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ({}, True),
        ({"namespaces": "hasivu-play-record"}, True),
        ({"namespaces": "git,hasivu-*"}, True),
        ({"namespaces": "hasivu-play"}, False),
        ({"cert-authority": ""}, False),
        ({"valid-after": "20261102Z"}, False),
        ({"valid-after": "202611012000Z"}, True),
        ({"valid-before": "20261101203000Z"}, False),
        ({"valid-before": "20261102Z"}, True),
    ],
)
def test_the_options_of_a_signer_count(options: dict[str, str], allowed: bool) -> None:
    assert record_signers.may_sign(options, RECORDED) is allowed


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(tmp_path / "home"))
    (tmp_path / "inventory" / "sandbox").mkdir(parents=True)
    found = Project(tmp_path)
    monkeypatch.setattr(records_signers, "installed_project", lambda: found)
    return found


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("records@hasivu {key}", None),
        ("# only a comment", "is not known in sandbox"),
        ('records@hasivu namespaces="git" {key}', "is not known in sandbox"),
        ("nonsense", "The known signers of sandbox cannot be read"),
    ],
)
def test_the_allowed_signers_of_the_inventory_decide(project: Project, line: str, problem: str | None) -> None:
    key = make_key(project.root / "key")
    public = " ".join(key.with_suffix(".pub").read_text().split()[:2])
    (project.root / "inventory" / "sandbox" / "allowed_signers").write_text(line.format(key=public) + "\n")
    sealed(project.root / "home", key)
    problems = records.verify(records.load("2026")).problems
    assert [problem in found for found in problems] == [True] if problem else problems == []
