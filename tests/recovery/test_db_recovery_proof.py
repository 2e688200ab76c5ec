"""db-recovery proven from outside: killed all along its way, taken back from everywhere, and stopped by bad data."""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.instances import Instances
from support.killing import kill_after, kill_when, steps
from support.recovery import a_known_second, acknowledged, at_work, world, written
from support.rotation import exit_of, http, login, works
from support.sandbox import Sandbox
from support.searching import holding, in_logs
from support.thorough import thorough
from support.writers import DEPLOYMENTS, World

pytestmark = [pytest.mark.xdist_group("db-recovery-proof"), thorough]

SOURCE = "hasivu-sandbox"
CAPTURED = "Keep what was captured, before anything is changed"
BEGUN = "Begin to restore beside the old database, with every setting of the old one"
TOLD = "Tell users that the platform is being mended"
RESTED = "Bring schedules, mappings, functions, jobs and Deployments to rest"
GONE = "Wait until nobody has written for a while"
FENCED = "Fence the old database off, and see that the published login is refused"
AVAILABLE = "Wait until the restored database is available, twice as long as the last restores took"
SETTLED = "Give it what a restore cannot carry over, and the password of the master user"
STORED = "Store the login of the application with the new address as pending"
OPENED = "Open the live role of the application on the restored database"
CLOSED = "Close its other role there"
SET = "Give the roles of the operators their present passwords"
VERIFIED = "Verify server, schema, rows, references, indexes and the rules of the business"
TESTED = "Test that the pending login of the application reads and writes there"
PROTECTED = "Take a snapshot of the restored database"
PUBLISHED = "Make the login with the new address current, in exchange for the old one and for no other"
SYNCED = "Bring login and address into the Secret of the cluster"
CANARY = "Return one replica, and see that it reads and writes"
LET_IN = "Write down that users are let in, from where there is no way back"
RETURNED = "Return the Deployments and jobs as they were captured"
FUNCTIONS = "Return the functions whole, then event sources and schedules"
OPEN = "Open the platform to users"
KEPT = "Keep the old instance, fenced and protected, until a day"
ADDRESSED = "Make them current"

EARLY = (CAPTURED, BEGUN, TOLD, RESTED, GONE, FENCED)
LATER = (AVAILABLE, SETTLED, STORED, OPENED, CLOSED, SET, VERIFIED, TESTED, PROTECTED, PUBLISHED, SYNCED, CANARY)
LAST = (LET_IN, RETURNED, FUNCTIONS, OPEN, KEPT, ADDRESSED)
INSIDE = (AVAILABLE, VERIFIED, PUBLISHED, RETURNED)
WRITE = "UPDATE orders SET status = status WHERE id = (SELECT max(id) FROM orders)"


def to(moment: datetime, target: str) -> tuple[str, ...]:
    """Return the command that recovers to a moment."""
    asked = ("incident_id=INC-7", f"restore_time={written(moment)}", f"target_id={target}")
    return ("run", "db-recovery", *(word for one in asked for word in ("-e", one)))


def writes(held: dict[str, Any]) -> bool:
    """Tell whether a login can change a row at the server that it names; a server that is not there takes nothing."""
    names = {"host": "host", "port": "port", "dbname": "dbname", "user": "username", "password": "password"}
    options = {option: held[name] for option, name in names.items()}
    try:
        with psycopg.connect(**options, connect_timeout=20) as connection:
            return connection.execute(WRITE).rowcount == 1
    except psycopg.Error:
        return False


@contextmanager
def again_and_again(look: Callable[[], Any]) -> Iterator[list[tuple[float, Any]]]:
    """Look ten times a second, and list when each look ended and what it saw."""
    seen: list[tuple[float, Any]] = []
    over = threading.Event()

    def go() -> None:
        while not over.is_set():
            found = look()
            seen.append((time.time(), found))
            over.wait(0.1)

    thread = threading.Thread(target=go)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def is_ready(sandbox: Sandbox) -> bool:
    """Tell whether the application says that it serves."""
    try:
        return bool(http(sandbox, "/ready")["status"] == "ready")
    except (urllib.error.URLError, OSError):
        return False


def kill_inside(sandbox: Sandbox, step: str, *command: str) -> Path:
    """Start a command and kill it as soon as a step has begun."""
    return kill_when(sandbox, lambda run: step in steps(run, "step_started"), *command)


def made(sandbox: Sandbox, target: str) -> list[str]:
    """Return the instances besides the old one."""
    assert Instances(sandbox).status(target) == "available"
    return sorted(Instances(sandbox).names() - {SOURCE})


def check_taken_back(sandbox: Sandbox, run: Path, target: str, before: dict[str, Any], held: dict[str, Any]) -> None:
    """Take a run back, and check that every field is as it was and that the application writes there alone."""
    back = exit_of(sandbox.play("rollback", run.name, "--json"))
    assert back["exit_code"] == 0, back
    assert world(sandbox) == before
    assert works(sandbox, held)
    assert is_ready(sandbox)
    assert at_work(sandbox, target) == []


def test_killed_anywhere_before_users_are_let_in_a_rollback_leaves_the_world_as_it_was(own: Sandbox) -> None:
    before, held = world(own), login(own)
    for number, step in enumerate((*EARLY, *LATER)):
        target = f"hasivu-back-{number}"
        run = kill_after(own, step, *to(a_known_second(own), target))
        check_taken_back(own, run, target, before, held)
        Instances(own).remove(target)


def damage_index(instances: Instances, target: str) -> None:
    """Overwrite the middle of a page of an index that is not in memory, as a bad disk does."""
    rows = instances.rows(target, "SELECT current_setting('data_directory'), pg_relation_filepath('payments_pkey')")
    instances.rows(target, "CHECKPOINT")
    instances.rows(target, "CREATE EXTENSION pg_buffercache")
    with Path(*rows[0]).open("r+b") as file:
        file.seek(8192 + 4096)
        file.write(b"\xff" * 2048)
        os.fsync(file.fileno())
    instances.rows(target, "SELECT * FROM pg_buffercache_evict_relation('payments_pkey')")
    instances.rows(target, "DROP EXTENSION pg_buffercache")


def lose_rows(instances: Instances, target: str) -> None:
    """Delete the lines of the newest orders, which are too new to be compared with the old database."""
    newest = "SELECT id FROM orders ORDER BY id DESC LIMIT 9"
    instances.rows(target, f"DELETE FROM order_items WHERE order_id IN ({newest}) RETURNING order_id")


@pytest.mark.parametrize(
    ("damage", "said"),
    [(damage_index, "amcheck"), (lose_rows, "order-without-line")],
)
def test_damage_stops_it_before_the_cutover(own: Sandbox, damage: Callable[[Instances, str], None], said: str) -> None:
    before, held, target = world(own), login(own), "hasivu-bad"
    moment = a_known_second(own)
    run = kill_after(own, SETTLED, *to(moment, target))
    damage(Instances(own), target)
    stopped = exit_of(own.play("resume", run.name, "--json"))
    assert stopped["exit_code"] == 4, stopped
    assert said in stopped["message"]
    assert (login(own), writes(held)) == (held, False)
    assert [World(own).replicas(name) for name in DEPLOYMENTS] == [0, 0]
    again = own.run(*to(moment, "hasivu-beside")[1:])
    assert again["exit_code"] == 3, again
    assert "an earlier recovery has fenced it" in again["message"]
    check_taken_back(own, own.home / "runs" / stopped["run"], target, before, held)
    Instances(own).remove(target)


def test_after_a_rollback_a_new_run_goes_to_another_point(own: Sandbox) -> None:
    before, held, target = world(own), login(own), "hasivu-other-point"
    run = kill_after(own, FENCED, *to(a_known_second(own), "hasivu-first-point"))
    check_taken_back(own, run, "hasivu-first-point", before, held)
    run = kill_after(own, TESTED, *to(a_known_second(own), target))
    check_taken_back(own, run, target, before, held)
    for name in ("hasivu-first-point", target):
        Instances(own).remove(name)


def test_killed_all_along_its_way_it_ends_right_and_two_databases_never_take_writes(own: Sandbox) -> None:
    before, old, target = world(own), login(own), "hasivu-sandbox-chain"
    moment, t0 = a_known_second(own), datetime.now(UTC)
    command: tuple[str, ...] = (*to(moment, target), "-e", f"t0={written(t0)}")
    for step in EARLY:
        run = kill_after(own, step, *command)
        command = ("resume", run.name)
    with again_and_again(lambda: writes(old)) as tried:
        for step in (*LATER, *LAST):
            if step in INSIDE:
                run = kill_inside(own, step, *command)
                command = ("resume", run.name)
            run = kill_after(own, step, *command)
            command = ("resume", run.name)
        done = exit_of(own.play(*command, "--json"))
    assert done["exit_code"] == 0, done
    assert [found for _, found in tried if found] == []
    assert len(tried) > 50
    assert made(own, target) == [target]
    assert (writes(old), writes(login(own))) == (False, True)
    after = World(own).picture()
    assert [after[name]["replicas"] for name in DEPLOYMENTS] == [before[name]["replicas"] for name in DEPLOYMENTS]
    for name in ("autoscaler", "cron job", "concurrency", "mapping", "schedule", "rule"):
        assert after[name] == before[name], name
    check_loss(own, own.home / "runs" / done["run"], moment, t0)
    check_secrets(own, [old["password"], login(own)["password"], own.credential("database_admin")])


def check_loss(sandbox: Sandbox, run: Path, moment: datetime, t0: datetime) -> None:
    """Check that the loss of the record is what was seen from outside, within two seconds."""
    measured = json.loads((run / "objectives.json").read_text())
    at = [datetime.fromisoformat(one["at"]) for one in acknowledged(sandbox)]
    lost = max(one for one in at if one <= t0) - max(one for one in at if one <= moment)
    assert measured["rpo_s"] == pytest.approx(lost.total_seconds(), abs=2)


def check_secrets(sandbox: Sandbox, secrets: list[str]) -> None:
    """Check that no password is in a record or a log."""
    assert holding([sandbox.home / "runs"], secrets) == []
    assert in_logs(sandbox, secrets) == []
