"""rotate-db under each fault that can be made here: what it says, what it leaves, and that it goes on afterwards."""

from __future__ import annotations

import json
import os
import signal
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from support.killing import begun, kill_after, new_run, started, wait_for
from support.rotation import (
    AGAIN,
    APPLICATION,
    MONITOR,
    PAIR,
    assert_at_rest,
    aws,
    connect,
    exit_of,
    http,
    login,
    stages,
    stored_versions,
    version_with,
    works,
)
from support.sandbox import Sandbox
from support.thorough import thorough

OPEN = "Open the next role with the pending password"
ALONE = ("-e", "login=monitor", *AGAIN)

pytestmark = pytest.mark.xdist_group("rotate-db-faults")


def test_another_rotation_under_way_stops_it_and_giving_that_up_lets_it_go_on(rotating: Sandbox) -> None:
    secrets, foreign, old = aws(rotating, "secretsmanager"), str(uuid.uuid4()), login(rotating, MONITOR)
    held = json.dumps({**old, "password": "of-another-rotation"})
    secrets.put_secret_value(
        SecretId=MONITOR, ClientRequestToken=foreign, SecretString=held, VersionStages=["AWSPENDING"]
    )
    before = stages(rotating, MONITOR)
    result = rotating.run("rotate-db", *ALONE)
    assert result["exit_code"] == 5
    assert foreign in result["message"]
    assert stages(rotating, MONITOR) == before
    assert works(rotating, old)
    given_up = rotating.run("rotate-db", *ALONE, "-e", f"abandon={foreign}")
    assert given_up["exit_code"] == 0, given_up
    assert version_with(rotating, "AWSPENDING", MONITOR) == ""
    assert works(rotating, login(rotating, MONITOR))
    assert not works(rotating, old)


@thorough
def test_a_secret_that_somebody_else_moved_is_for_a_person_to_decide(rotating: Sandbox) -> None:
    run = kill_after(rotating, "Store the new login as pending", "run", "rotate-db", *AGAIN)
    before = login(rotating)
    aws(rotating, "secretsmanager").update_secret(SecretId=APPLICATION, SecretString=json.dumps(before))
    result = exit_of(rotating.play("resume", run.name, "--json"))
    assert result["exit_code"] == 5
    assert "neither found nor made" in result["message"]
    aws(rotating, "secretsmanager").update_secret_version_stage(
        SecretId=APPLICATION, VersionStage="AWSPENDING", RemoveFromVersionId=version_with(rotating, "AWSPENDING")
    )
    assert works(rotating, before)


def test_two_at_once_do_not_both_rotate(rotating: Sandbox) -> None:
    stored = stored_versions(rotating)
    with started(rotating, "run", "rotate-db", *ALONE) as one, started(rotating, "run", "rotate-db", *ALONE) as two:
        codes = sorted([finish(one), finish(two)])
    assert codes == [0, 6]
    assert stored_versions(rotating) == stored + 1
    assert works(rotating, login(rotating, MONITOR))


def finish(process: Any) -> int:
    """Wait for a process without letting its output block it."""
    process.communicate(timeout=300)
    code: int = process.returncode
    return code


def test_a_key_that_is_switched_off_refuses_before_anything_is_done(rotating: Sandbox) -> None:
    key = aws(rotating, "secretsmanager").describe_secret(SecretId=APPLICATION)["KmsKeyId"]
    before = stages(rotating)
    aws(rotating, "kms").disable_key(KeyId=key)
    try:
        result = rotating.run("rotate-db", *AGAIN)
    finally:
        aws(rotating, "kms").enable_key(KeyId=key)
    assert result["exit_code"] == 3
    assert "is Disabled" in result["message"]
    assert stages(rotating) == before


def test_a_pair_that_may_not_do_the_same_is_refused_and_the_difference_named(rotating: Sandbox) -> None:
    live = login(rotating)["username"]
    with rotating.database() as connection:
        connection.execute("CREATE TABLE payroll (id bigint)")
        connection.execute(f"GRANT SELECT ON payroll TO {live}".encode())
        try:
            result = rotating.run("rotate-db", *AGAIN)
        finally:
            connection.execute("DROP TABLE payroll")
    assert result["exit_code"] == 3
    assert "SELECT on public.payroll" in result["message"]


def test_a_lost_answer_and_throttling_store_one_version(rotating: Sandbox) -> None:
    stored = stored_versions(rotating)
    with fault(rotating, "lost-answer"), fault(rotating, "secrets-throttled"):
        result = rotating.run("rotate-db", *ALONE)
    assert result["exit_code"] == 0, result
    assert stored_versions(rotating) == stored + 2  # asked twice with one token
    assert works(rotating, login(rotating, MONITOR))


@thorough
def test_a_database_that_is_down_refuses_a_resume_and_nothing_is_lost(rotating: Sandbox) -> None:
    before = login(rotating)
    run = kill_after(rotating, "Store the new login as pending", "run", "rotate-db", *AGAIN)
    with fault(rotating, "database-down"):
        refused = exit_of(rotating.play("resume", run.name, "--json"))
    assert refused["exit_code"] == 3
    back = exit_of(rotating.play("rollback", run.name, "--json"))
    assert back["exit_code"] == 0, back
    assert login(rotating) == before


@thorough
def test_a_database_that_dies_while_the_role_is_opened_stops_it_and_nothing_is_lost(rotating: Sandbox) -> None:
    before, stored, known = login(rotating), stored_versions(rotating), set(rotating.runs())
    idle = next(role for role in PAIR if role != before["username"])
    server = rotating.status()["postgresql"]["pid"]
    with (
        started(rotating, "run", "rotate-db", *AGAIN, "--json") as process,
        suppress(psycopg.OperationalError),
        rotating.database(autocommit=False) as holder,
    ):
        holder.execute(f"ALTER ROLE {idle} CONNECTION LIMIT -1".encode())
        run = new_run(rotating, known)
        wait_for(lambda: OPEN in begun(run))
        os.kill(server, signal.SIGQUIT)
        stopped = json.loads(process.communicate(timeout=300)[0])
    assert rotating.play("sandbox", "up").returncode == 0
    assert stopped["exit_code"] == 4, stopped
    assert "lock timeout" not in stopped["message"]
    assert works(rotating, before)
    done = exit_of(rotating.play("resume", run.name, "--json"))
    assert done["exit_code"] == 0, done
    assert stored_versions(rotating) == stored + 1
    assert_at_rest(rotating, idle)


@thorough
def test_an_id_that_has_another_value_already_is_used_with_that_value(rotating: Sandbox) -> None:
    before, stored = login(rotating), stored_versions(rotating)
    idle = next(role for role in PAIR if role != before["username"])
    run = kill_after(rotating, "Find out how far the rotation is", "run", "rotate-db", *AGAIN)
    (note,) = run.glob("rotation-*.json")
    version = json.loads(note.read_text())["version_id"]
    taken = {**before, "username": idle, "password": "An0ther-value_of~this+id"}
    secrets = aws(rotating, "secretsmanager")
    secrets.put_secret_value(
        SecretId=APPLICATION,
        ClientRequestToken=version,
        SecretString=json.dumps(taken),
        VersionStages=["SOMEBODY"],
    )
    done = exit_of(rotating.play("resume", run.name, "--json"))
    secrets.update_secret_version_stage(SecretId=APPLICATION, VersionStage="SOMEBODY", RemoveFromVersionId=version)
    assert done["exit_code"] == 0, done
    assert login(rotating) == taken
    assert works(rotating, taken)
    assert stored_versions(rotating) == stored + 1  # what was there was found, and nothing was asked for
    assert not works(rotating, before)


def test_faults_one_after_another_stop_it_where_it_is_and_it_goes_on_from_there(rotating: Sandbox) -> None:
    before = login(rotating)
    idle = next(role for role in PAIR if role != before["username"])
    run = held_role_stops_it(rotating, idle)
    assert works(rotating, before)
    run = pods_that_cannot_start_stop_it(rotating, run)
    assert works(rotating, before)
    run = changes_by_others_stop_it(rotating, run)
    with connect(rotating, before, application_name="forgotten-report") as forgotten:
        result = exit_of(rotating.play("resume", run, "--json"))
        assert result["exit_code"] == 4
        assert "forgotten-report" in result["message"]
        assert forgotten.execute("SELECT 1").fetchone() == (1,)
        assert works(rotating, before)
    done = exit_of(rotating.play("resume", result["run"], "--json"))
    assert done["exit_code"] == 0, done
    assert not works(rotating, before)
    assert_at_rest(rotating, idle)


def held_role_stops_it(sandbox: Sandbox, idle: str) -> str:
    """Hold the row of the idle role in a transaction of another, and return the run that could not change it."""
    with sandbox.database(autocommit=False) as holder:
        holder.execute(f"ALTER ROLE {idle} CONNECTION LIMIT -1".encode())
        result = sandbox.run("rotate-db", *AGAIN)
        holder.rollback()
    assert result["exit_code"] == 4
    assert "lock timeout" in result["message"]
    assert "SCRAM" not in json.dumps(result)
    return str(result["run"])


def pods_that_cannot_start_stop_it(sandbox: Sandbox, run: str) -> str:
    """Resume a run while no new pod starts: the old ones serve on."""
    with fault(sandbox, "image-missing"):
        result = exit_of(sandbox.play("resume", run, "--json"))
        assert http(sandbox, "/health")["status"] == "ok"
    assert result["exit_code"] == 4
    assert "ImagePullBackOff" in result["message"]
    return str(result["run"])


def changes_by_others_stop_it(sandbox: Sandbox, run: str) -> str:
    """Resume a run while others change the Deployment all the time: it is tried three times."""
    with fault(sandbox, "deployment-conflict"):
        asked = patches(sandbox)
        result = exit_of(sandbox.play("resume", run, "--json"))
        assert patches(sandbox) == asked + 3
    assert result["exit_code"] == 4
    return str(result["run"])


def patches(sandbox: Sandbox) -> int:
    """Return how often a Deployment was patched, whatever came of it."""
    return sum(request["action"] == "patch deployments" for request in sandbox.requests("kubernetes"))


@contextmanager
def fault(sandbox: Sandbox, name: str) -> Iterator[None]:
    """Bring a fault about, and end it."""
    begun = sandbox.play("sandbox", "fault", name)
    assert begun.returncode == 0, begun.stderr
    try:
        yield
    finally:
        ended = sandbox.play("sandbox", "fault", name, "--clear")
        assert ended.returncode == 0, ended.stderr
