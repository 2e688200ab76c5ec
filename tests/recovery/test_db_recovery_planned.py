"""db-recovery by a plan that two people approved, as a production with the strictest policy asks for it."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from support.approving import public
from support.own_project import OwnProject
from support.recording import make_key
from support.recovery import a_known_second, server, world, written
from support.rotation import login
from support.sandbox import start_and_stop
from support.thorough import thorough
from support.writers import World

pytestmark = [thorough, pytest.mark.xdist_group("db-recovery-planned")]

PEOPLE = ("asha@hasivu", "bala@hasivu", "operator@hasivu")
POLICY = {
    "freeze_windows": [],
    "requires": {"destructive": ["two_approvals"]},
    "inputs_require": {},
    "plan_hours": 24,
    "rehearsal_minutes": 15,
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProject]:
    """Start a sandbox whose policy wants two approvals of what may lose data."""
    folder = tmp_path_factory.mktemp("planned")
    project = OwnProject.make(folder)
    project.declare(policy=POLICY, operators={getpass.getuser(): "operator@hasivu"})
    lines = [f'{one} namespaces="hasivu-play" {public(make_key(folder / one))}' for one in PEOPLE]
    for started in start_and_stop(project):
        (project.home / "sandbox" / "allowed_signers").write_text("\n".join(lines) + "\n")
        yield started


def plan_of(own: OwnProject, name: str, moment: datetime) -> Path:
    """Plan a recovery to a moment."""
    path = own.home / name
    inputs = ("-e", "incident_id=INC-9", "-e", f"restore_time={written(moment)}")
    made = own.play("plan", "db-recovery", "--env", "sandbox", "-o", str(path), *inputs)
    assert made.returncode == 0, made.stdout + made.stderr
    return path


def approve(own: OwnProject, plan: Path, *people: str) -> None:
    """Approve a plan as other people do."""
    for person in people:
        done = own.play("approve", str(plan), "--key", str(own.home.parent / person))
        assert done.returncode == 0, done.stdout + done.stderr


def refused(own: OwnProject, plan: Path) -> str:
    """Run by a plan, see that it is refused and that nothing was changed, and return why."""
    before = world(own)
    result = own.run("db-recovery", "--plan", str(plan))
    assert result["exit_code"] == 3, result
    assert world(own) == before
    message: str = result["message"]
    return message


def test_a_recovery_is_held_to_its_plan_and_to_the_world_of_the_plan(own: OwnProject) -> None:
    moment, old, platform = a_known_second(own), login(own), World(own)
    plan = plan_of(own, "recovery.json", moment)
    assert "needs the approval of two other persons, and has 0" in refused(own, plan)
    approve(own, plan, "asha@hasivu")
    assert "needs the approval of two other persons, and has 1" in refused(own, plan)
    approve(own, plan, "bala@hasivu")
    replicas = platform.replicas("hasivu-web")
    platform.set_replicas("hasivu-web", replicas + 1, "somebody")
    assert "hasivu-web" in refused(own, plan)
    platform.set_replicas("hasivu-web", replicas, "somebody")
    done = own.run("db-recovery", "--plan", str(plan))
    assert done["exit_code"] == 0, done
    new = login(own)
    assert new["port"] != old["port"]
    with server(new) as restored:
        (late,) = restored.execute("SELECT count(*) FROM orders WHERE created_at > %s", (moment,)).fetchone() or ()
    assert late == 0
