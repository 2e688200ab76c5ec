"""A project that asks to be verified runs as it was signed, under every launcher, and else not at all."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from support.approving import House, write_house
from support.recording import begin, finish, make_key
from support.sandbox import PROJECT

from hasivu_play.cli import main
from hasivu_play.content_signing import sign_project
from hasivu_play.doctor_content import check_content
from hasivu_play.project import Project

GUARD = PROJECT / "roles" / "change_guard" / "tasks" / "main.yml"
RULES = "global-include *\nprune home\nprune keys\nexclude wall\n"
ROLE = "roles/README"
SENTENCE = f"Changed since it was signed: {ROLE}."


def step_of_the_guard() -> dict[str, Any]:
    """Return the step of the guard by which every procedure is verified."""
    (found,) = [step for step in yaml.safe_load(GUARD.read_text()) if "hasivu.ops.project_verification" in step]
    return dict(found)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Write a project whose inventory asks for verification and for no approval, with the guard's own step; sign it."""
    written = write_house(tmp_path / "house")
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(written.home))
    variables = written.root / "inventory/production/group_vars/all/main.yml"
    settings = yaml.safe_load(variables.read_text())
    settings["policy"] = {**settings["policy"], "requires": {}, "project_verification": "required"}
    variables.write_text(yaml.safe_dump({**settings, "project_signers": str(tmp_path / "signers")}))
    playbook = written.root / "playbooks/paint.yml"
    plays = yaml.safe_load(playbook.read_text())
    plays[0]["tasks"][0]["block"].insert(0, step_of_the_guard())
    plays[0]["vars"]["runbook"]["reversible"] = True
    playbook.write_text(yaml.safe_dump(plays, sort_keys=False))
    (written.root / "MANIFEST.in").write_text(RULES)
    public = make_key(tmp_path / "release").with_suffix(".pub").read_text()
    (tmp_path / "signers").write_text(f'release@hasivu namespaces="hasivu-play-project" {public}')
    sign_project(Project(written.root), tmp_path / "release")
    return written


def altered(house: House) -> House:
    """Change a file that no procedure reads, so that nothing but verification finds it."""
    (house.root / ROLE).write_text("Wave everybody through.\n")
    return house


def stopped_run(house: House) -> str:
    """Write the record of a run that stopped part-way."""
    digest = hashlib.sha256((house.root / "playbooks/paint.yml").read_bytes()).hexdigest()
    began = {"procedure": "paint", "environment": "production", "inputs": {}}
    opened = begin(house.home, digests={"playbook": {"path": "playbooks/paint.yml", "sha256": digest}}, **began)
    return finish(opened, None, state="stopped", exit_code=4).name


def test_the_guard_lets_pass_what_was_signed_and_nothing_else(house: House) -> None:
    done = house.bare()
    assert done.returncode == 0, done.stdout + done.stderr
    assert house.wall.read_text() == "colour blue\n"
    house.wall.write_text("colour red\n")
    refused = altered(house).bare("-e", "break_glass=It burns.")
    assert refused.returncode != 0
    assert (house.manifest()["state"], house.manifest()["exit_code"]) == ("refused", 3)
    assert SENTENCE in house.manifest()["message"]
    assert house.wall.read_text() == "colour red\n"


@pytest.mark.parametrize("command", ["run", "plan", "resume", "rollback"])
def test_the_driver_refuses_before_it_begins(house: House, command: str) -> None:
    run = stopped_run(house)
    arguments = {
        "run": ["run", "paint", "--env", "production", "--break-glass", "It burns."],
        "plan": ["plan", "paint", "--env", "production", "-o", str(house.root.parent / "plan.json")],
    }
    refused = CliRunner().invoke(main, arguments.get(command, [command, run]), obj=Project(altered(house).root))
    assert refused.exit_code == 3
    assert SENTENCE in refused.stderr
    assert [path.name for path in (house.home / "runs").iterdir()] == [run]


def test_verify_names_what_differs(house: House) -> None:
    verify = ["project", "verify", "--env", "production", "--json"]
    well = CliRunner().invoke(main, verify, obj=Project(house.root))
    assert (well.exit_code, json.loads(well.stdout)["ok"]) == (0, True)
    found = CliRunner().invoke(main, verify, obj=Project(altered(house).root))
    assert (found.exit_code, json.loads(found.stdout)["problems"]) == (1, [SENTENCE])


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("project_verification: required", "project_verification: yes please", "project_verification is 'yes please'"),
        ("project_signers:", "project_signatories:", "project_signers ''"),
    ],
)
def test_an_inventory_that_nobody_understands_is_refused(house: House, before: str, after: str, sentence: str) -> None:
    variables = house.root / "inventory/production/group_vars/all/main.yml"
    variables.write_text(variables.read_text().replace(before, after))
    refused = CliRunner().invoke(main, ["run", "paint", "--env", "production"], obj=Project(house.root))
    assert refused.exit_code == 3
    assert sentence in refused.stderr


def test_the_doctor_says_how_the_project_stands(house: House) -> None:
    variables = {"policy": {"project_verification": "required"}, "project_signers": str(house.root.parent / "signers")}
    assert check_content(house.root, variables).ok
    assert check_content(house.root, {"policy": {}}).ok
    assert check_content(altered(house).root, variables).says == SENTENCE
    assert not check_content(house.root, {"policy": {"project_verification": "required"}}).ok
