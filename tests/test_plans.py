"""Plans and approvals from outside: what is refused under every launcher, and what a run by a plan leaves behind."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.approving import House, changed_plan, write_house

pytestmark = pytest.mark.xdist_group("plans")


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Path]]:
    """Write a project, and make a plan that nobody has approved and no test uses up."""
    house = write_house(tmp_path_factory.mktemp("house"))
    plan = house.plan()
    yield house, plan
    assert house.wall.read_text() == "colour red\n"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """Write a project whose wall may be painted."""
    written = write_house(tmp_path)
    monkeypatch.setenv("HASIVU_PLAY_HOME", str(written.home))
    return written


def test_a_plan_says_what_where_and_until_when(planned: tuple[House, Path]) -> None:
    _house, path = planned
    plan = json.loads(path.read_text())
    assert (plan["procedure"], plan["environment"], plan["risk"]) == ("paint", "production", "disruptive")
    assert plan["inputs"] == {"colour": "blue", "coats": 1, "spill": False}
    assert [change["step"] for change in plan["changes"]] == ["Paint it"]
    assert "colour blue" in str(plan["changes"][0]["change"])
    assert plan["not_predicted"] == ["Clean up: left out of a rehearsal."]
    assert plan["approvals_wanted"] == 1
    assert plan["expires"]["at"] > plan["made"]["at"]


def test_without_a_plan_nobody_changes_anything(planned: tuple[House, Path]) -> None:
    house, _plan = planned
    assert house.bare().returncode != 0
    assert house.manifest()["state"] == "refused"
    assert "needs a plan with the approval of another person" in house.manifest()["message"]


def sign_for_git(house: House, plan: Path) -> None:
    """Sign with ssh-keygen for another purpose, as a commit is signed."""
    command = ["ssh-keygen", "-Y", "sign", "-n", "git", "-f", str(house.key("asha@hasivu"))]
    signed = subprocess.run(command, input=plan.read_bytes(), capture_output=True, check=True)
    plan.with_name(f"{plan.name}.git.sig").write_bytes(signed.stdout)


def test_no_approval_counts_that_is_none(planned: tuple[House, Path], tmp_path: Path) -> None:
    house, plan = planned
    copy = Path(shutil.copy(plan, tmp_path / "plan.json"))
    other = changed_plan(plan, tmp_path / "other.json", title="Another plan")
    house.sign(other, "asha@hasivu").rename(tmp_path / "plan.json.asha.sig")
    for person in ("runner@hasivu", "stranger", "gone@hasivu"):
        house.sign(copy, person)
    sign_for_git(house, copy)
    assert house.bare("-e", f"change_plan={copy}").returncode != 0
    manifest = house.manifest()
    assert (manifest["state"], manifest["exit_code"]) == ("refused", 3)
    for reason in (
        "needs the approval of another person, and has 0",
        "plan.json.asha.sig is no signature of this plan",
        "plan.json.git.sig is no signature of this plan in the namespace hasivu-play",
        "is of runner@hasivu, who runs, and nobody approves a run of their own",
        "plan.json.stranger.sig is of the key SHA256:",
        "which nobody here knows",
        "is of gone@hasivu, whose key may not sign plans at",
    ):
        assert reason in manifest["message"]


@pytest.mark.parametrize(
    ("fields", "options", "reasons"),
    [
        (
            {"expires": {"at": "2026-01-01T00:00:00.000Z"}},
            ("-e", "colour=green", "-e", "wall=another"),
            (
                "The plan expired at 2026-01-01",
                'The input colour is "green", and in the plan "blue"',
                "wall came on the command line and is no input",
            ),
        ),
        ({"made": {"at": "2020-01-01T00:00:00.000Z"}}, (), ("The plan expired at 2020-01-02",)),
        (
            {"environment": "staging", "procedure": "db-recovery"},
            (),
            (
                "The plan is for staging, and this is production",
                "The plan is for db-recovery, and this is paint",
            ),
        ),
        ({}, (), ("Nobody has looked at the world since the plan was made",)),
        ({}, ("-e", '{"policy": {}}'), ("policy came on the command line, and guards go by the inventory alone",)),
    ],
)
def test_an_approved_plan_allows_nothing_else(
    planned: tuple[House, Path],
    tmp_path: Path,
    fields: dict[str, object],
    options: tuple[str, ...],
    reasons: tuple[str, ...],
) -> None:
    house, plan = planned
    copy = changed_plan(plan, tmp_path / "plan.json", **fields)
    house.sign(copy, "asha@hasivu")
    assert house.bare("-e", f"change_plan={copy}", *options).returncode != 0
    manifest = house.manifest()
    assert (manifest["state"], manifest["exit_code"]) == ("refused", 3)
    for reason in reasons:
        assert reason in manifest["message"]


def test_guards_are_not_left_out(planned: tuple[House, Path]) -> None:
    house, _plan = planned
    before = len(list((house.home / "runs").iterdir()))
    done = house.bare("--skip-tags", "guard")
    assert done.returncode != 0
    assert "--skip-tags would leave out steps" in done.stdout + done.stderr
    assert len(list((house.home / "runs").iterdir())) == before


def test_an_approved_plan_is_run_once_and_proved_for_ever(house: House) -> None:
    plan = house.plan("-e", "colour=green")
    approved = house.play("approve", str(plan), "--key", str(house.key("asha@hasivu")), "--json")
    assert json.loads(approved.stdout)["principal"] == "asha@hasivu", approved.stderr
    done = house.play("run", "paint", "--env", "production", "--plan", str(plan), "--json")
    result = json.loads(done.stdout)
    assert (result["state"], done.returncode) == ("done", 0), result
    assert house.wall.read_text() == "colour green\n"
    folder = Path(result["record"])
    assert (folder / "plan.json").read_bytes() == plan.read_bytes()
    command = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", "asha@hasivu", "-n", "hasivu-play"]
    checked = subprocess.run(
        [*command, "-s", "plan.json.1.sig"], cwd=folder, input=plan.read_bytes(), capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["plan"] == json.loads(approved.stdout)["digest"]
    assert {"plan.json", "plan.json.1.sig", "allowed_signers"} <= manifest["files"].keys()
    again = house.play("run", "paint", "--env", "production", "--plan", str(plan))
    assert again.returncode == 3
    assert f"The plan was used by {folder.name}" in again.stdout


def test_a_plan_is_refused_after_the_world_has_changed(house: House) -> None:
    plan = house.plan()
    house.sign(plan, "asha@hasivu")
    house.wall.write_text("colour yellow\n")
    refused = house.play("run", "paint", "--env", "production", "--plan", str(plan), "--json")
    result = json.loads(refused.stdout)
    assert (result["state"], refused.returncode) == ("refused", 3), result
    assert (
        '"Paint it" would change something else now: - before: colour red / + before: colour yellow'
        in result["message"]
    )
    house.wall.write_text("colour blue\n")
    refused = house.play("run", "paint", "--env", "production", "--plan", str(plan), "--json")
    assert '"Paint it" would not change anything any more' in json.loads(refused.stdout)["message"]
    assert house.wall.read_text() == "colour blue\n"


def test_a_plan_is_refused_after_what_runs_has_changed(house: House) -> None:
    plan = house.plan()
    house.sign(plan, "asha@hasivu")
    for name in ("playbooks/paint.yml", "inventory/production/group_vars/all/main.yml"):
        with (house.root / name).open("a") as file:
            file.write("# Another word.\n")
    refused = house.bare("-e", f"change_plan={plan}")
    assert refused.returncode != 0
    message = house.manifest()["message"]
    assert "The procedure has changed since the plan: playbooks/paint.yml." in message
    assert "The inventory has changed since the plan: inventory/production/group_vars/all/main.yml." in message
    assert house.wall.read_text() == "colour red\n"


def test_an_input_of_the_policy_asks_for_two_and_the_bare_launcher_rehearses_by_itself(house: House) -> None:
    plan = house.plan("-e", "coats=2")
    house.sign(plan, "asha@hasivu")
    house.sign(plan, "asha@hasivu", name="again")
    options = ("-e", "coats=2", "-e", f"change_plan={plan}")
    assert house.bare(*options).returncode != 0
    assert "needs the approval of two other persons, and has 1" in house.manifest()["message"]
    assert "asha@hasivu, who is counted once" in house.manifest()["message"]
    house.sign(plan, "bala@hasivu")
    assert house.bare(*options, "--check").returncode == 0
    assert house.wall.read_text() == "colour red\n"
    done = house.bare(*options)
    assert done.returncode == 0, done.stdout
    assert house.wall.read_text() == "colour blue\n"


def test_a_run_that_stopped_is_resumed_by_its_plan_though_it_changed_the_world(house: House) -> None:
    plan = house.plan("-e", "spill=true")
    house.sign(plan, "asha@hasivu")
    stopped = house.play("run", "paint", "--env", "production", "--plan", str(plan), "--json")
    run = json.loads(stopped.stdout)["run"]
    assert (stopped.returncode, house.wall.read_text()) == (4, "colour blue\n")
    plan.unlink()
    with house.wall.open("a") as file:
        file.write("mopped\n")
    resumed = house.play("resume", run, "--json")
    assert (resumed.returncode, json.loads(resumed.stdout)["state"]) == (0, "done"), resumed.stdout
    forward = house.bare(
        "-e", f"hasivu_resumes={run}", "-e", "spill=true", "-e", f"change_plan={house.home}/runs/{run}/plan.json"
    )
    assert forward.returncode != 0
    assert "The plan was used by" in house.manifest()["message"]


def test_broken_glass_passes_and_is_written_large(house: House) -> None:
    done = house.bare("-e", '{"break_glass": "hungry city"}')
    assert done.returncode == 0, done.stdout
    assert house.wall.read_text() == "colour blue\n"
    record = next((house.home / "runs").iterdir()) / "record.jsonl"
    assert "BREAK GLASS: hungry city" in record.read_text()
    assert "Passed by break-glass: A disruptive change like this needs a plan" in record.read_text()


def test_a_key_that_would_not_count_signs_nothing(planned: tuple[House, Path], tmp_path: Path) -> None:
    house, plan = planned
    copy = Path(shutil.copy(plan, tmp_path / "plan.json"))
    refused = house.play("approve", str(copy), "--key", str(house.key("stranger")))
    assert refused.returncode == 3
    assert "This approval would not count" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_a_plan_is_not_written_over(planned: tuple[House, Path]) -> None:
    house, plan = planned
    refused = house.play("plan", "paint", "--env", "production", "-o", str(plan))
    assert refused.returncode == 2
    assert "exists already" in refused.stderr
