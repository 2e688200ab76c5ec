"""db-recovery while people, controllers and the cluster work against it, looked at from outside."""

from __future__ import annotations

import socket
import struct
import time
from datetime import datetime
from typing import Any

import pytest
from support.door import SERVED, get
from support.faulting import ends, ends_with, faulty, set_faults
from support.instances import Instances
from support.killing import kill_after, wait_for
from support.recovery import a_known_second, acknowledged, server, world, written
from support.rotation import exit_of, http, login, works
from support.sandbox import Sandbox
from support.thorough import thorough
from support.writers import DEPLOYMENTS, World, find

pytestmark = [pytest.mark.xdist_group("db-recovery-faults-people"), thorough]

SOURCE, TARGET = "hasivu-sandbox", "hasivu-people"
TOLD = "Tell users that the platform is being mended"
RESTED = "Bring schedules, mappings, functions, jobs and Deployments to rest"
AVAILABLE = "Wait until the restored database is available, twice as long as the last restores took"
LET_IN = "Write down that users are let in, from where there is no way back"
LOCK_SECONDS = 60
PROTOCOL = 3 << 16
NOT_LOGGED_IN = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usesysid IS NULL"
OF_THE_WRITERS = ("autoscaler", "cron job", "concurrency", "mapping", "schedule", "rule")


def to(moment: datetime, target: str) -> tuple[str, ...]:
    """Return the command that recovers to a moment."""
    asked = ("incident_id=INC-8", f"restore_time={written(moment)}", f"target_id={target}")
    return ("run", "db-recovery", *(word for one in asked for word in ("-e", one)))


def once_unlocked(sandbox: Sandbox, *command: str) -> dict[str, Any]:
    """Run a command as soon as the lock of a run that was killed has expired."""
    deadline = time.monotonic() + LOCK_SECONDS
    while (found := ends(sandbox, *command))["exit_code"] == 6:
        assert time.monotonic() < deadline, found
    return found


def nobody_is_let_in(sandbox: Sandbox, held: dict[str, Any]) -> None:
    """Check that users are turned away, that the published login is the old one, and that no writer was sent over."""
    assert get(sandbox, SERVED)[0] == 503
    assert login(sandbox) == held


def taken_back(sandbox: Sandbox, run: str, before: dict[str, Any], held: dict[str, Any]) -> None:
    """Take a run back, and check that every field is as it was and that the application writes again."""
    back = exit_of(sandbox.play("rollback", run, "--json"))
    assert back["exit_code"] == 0, back
    assert world(sandbox) == before
    assert works(sandbox, held)
    assert get(sandbox, SERVED)[0] == 200


@pytest.mark.parametrize("step", [TOLD, RESTED])
def test_a_new_run_beside_one_that_was_killed_before_the_fence_is_refused(own: Sandbox, step: str) -> None:
    before, held, moment = world(own), login(own), a_known_second(own)
    first = kill_after(own, step, *to(moment, "hasivu-first"))
    resting = world(own)
    second = once_unlocked(own, *to(moment, "hasivu-second"))
    assert second["exit_code"] == 3, second
    assert f"hasivu-play resume {first.name}" in second["message"]
    assert world(own) == resting
    assert "hasivu-second" not in Instances(own).names()
    taken_back(own, first.name, before, held)
    Instances(own).remove("hasivu-first")


def test_a_client_that_has_not_logged_in_yet_does_not_stop_it(own: Sandbox) -> None:
    where = own.endpoints()["postgresql"]
    wanted = b"user\0hasivu_app_a\0database\0hasivu_sandbox\0\0"
    with socket.create_connection((where["host"], where["port"])) as client:
        client.sendall(struct.pack("!ii", 8 + len(wanted), PROTOCOL) + wanted)
        wait_for(lambda: own.value(NOT_LOGGED_IN) == 1)
        found = find(own)
        assert own.value(NOT_LOGGED_IN) == 1
    assert not found.get("failed"), found["msg"]


def test_with_people_and_controllers_against_it_each_is_named_and_the_recovery_ends_right(own: Sandbox) -> None:
    before, first_login = World(own).picture(), login(own)
    moment = a_known_second(own)
    rotated = own.run("rotate-db", "-e", "grace_hours=0")
    assert rotated["exit_code"] == 0, rotated
    held = login(own)
    assert held["password"] != first_login["password"]

    with faulty(own, "kubernetes", conflict=["deployments"]):
        stopped = ends(own, *to(moment, TARGET))
    told = ("hasivu-api" in stopped["message"], "resume the run" in stopped["message"])
    assert (stopped["exit_code"], *told) == (4, True, True), stopped["message"]

    with faulty(own, "aws", rds_step_seconds=4):
        stopped = ends_with(own, AVAILABLE, lambda: open_again(own, held), "resume", stopped["run"])
        assert (stopped["exit_code"], "taken the fence" in stopped["message"]) == (4, True), stopped["message"]
        assert held["username"] in stopped["message"]
        nobody_is_let_in(own, held)

        def put_back() -> None:
            World(own).set_replicas("hasivu-api", 2, "argocd-controller")

        stopped = ends_with(own, AVAILABLE, put_back, "resume", stopped["run"])
        assert (stopped["exit_code"], "argocd-controller" in stopped["message"]) == (4, True), stopped["message"]
        nobody_is_let_in(own, held)
        assert not works(own, held)

    with faulty(own, "kubernetes", conflict=["secrets"]):
        stopped = ends(own, "resume", stopped["run"])
    assert stopped["exit_code"] == 4, stopped
    assert get(own, SERVED)[0] == 503
    assert not works(own, held)

    try:
        stopped = ends_with(own, LET_IN, lambda: set_faults(own, "kubernetes", down=True), "resume", stopped["run"])
    finally:
        (own.home / "sandbox" / "kubernetes" / "faults.json").unlink(missing_ok=True)
    assert stopped["exit_code"] == 4, stopped
    assert not works(own, held)

    done = once_unlocked(own, "resume", stopped["run"])
    assert done["exit_code"] == 0, done
    recovered(own, before, held, moment)


def open_again(sandbox: Sandbox, held: dict[str, Any]) -> None:
    """Let the application log in to the old database again, as a person in a hurry does."""
    with sandbox.database() as connection:
        connection.execute(f"ALTER ROLE {held['username']} LOGIN")


def recovered(sandbox: Sandbox, before: dict[str, Any], held: dict[str, Any], moment: datetime) -> None:
    """Check that one database takes writes and has every acknowledged order, and that each writer is as it was."""
    new = login(sandbox)
    assert new["port"] != held["port"]
    assert (new["username"], new["password"]) == (held["username"], held["password"])
    assert not works(sandbox, held)
    early = [one["id"] for one in acknowledged(sandbox) if datetime.fromisoformat(one["at"]) < moment]
    query = "SELECT id FROM unnest(%s::bigint[]) AS wanted(id) EXCEPT SELECT id FROM orders"
    with server(new) as connection:
        assert connection.execute(query, [early]).fetchall() == []
    after = World(sandbox).picture()
    assert [after[name]["replicas"] for name in DEPLOYMENTS] == [before[name]["replicas"] for name in DEPLOYMENTS]
    assert {name: after[name] for name in OF_THE_WRITERS} == {name: before[name] for name in OF_THE_WRITERS}
    assert sorted(Instances(sandbox).names() - {SOURCE}) == [TARGET]
    assert get(sandbox, SERVED)[0] == 200
    count = http(sandbox, "/stats")["ok"]
    http(sandbox, "/_traffic", {"per_second": 10})
    wait_for(lambda: http(sandbox, "/stats")["ok"] > count + 10)
    http(sandbox, "/_traffic", {"per_second": 0})
