"""db-recovery while RDS refuses, stalls, hangs and asks for patience, and the gateway is down; seen from outside."""

from __future__ import annotations

from typing import Any

import pytest
from support.door import SERVED, get
from support.faulting import clear, ends, faulty, set_faults
from support.instances import Instances
from support.killing import wait_for
from support.recovery import acknowledged, server, world
from support.rotation import exit_of, http, login, works
from support.sandbox import Sandbox
from support.thorough import thorough
from support.writers import DEPLOYMENTS, World

pytestmark = [pytest.mark.xdist_group("db-recovery-faults-rds"), thorough]

SOURCE, TARGET, BROKEN = "hasivu-sandbox", "hasivu-faults", "hasivu-broken"
RESTORE = "rds:RestoreDBInstanceToPointInTime"
OF_THE_WRITERS = ("autoscaler", "cron job", "concurrency", "mapping", "schedule", "rule")
REFUSALS = {
    "InsufficientDBInstanceCapacity": "Choose another instance class",
    "KMSKeyNotAccessibleFault": "Enable the key again",
    "InstanceQuotaExceeded": "ask AWS to raise the quota",
}


def newest(target: str) -> tuple[str, ...]:
    """Return the command that recovers to the newest moment, for which the writers rest first."""
    asked = ("incident_id=INC-9", "strategy=pitr", f"target_id={target}")
    return ("run", "db-recovery", *(word for one in asked for word in ("-e", one)))


def orders_flow(sandbox: Sandbox) -> None:
    """Let some orders be acknowledged, and no more."""
    begun = len(acknowledged(sandbox))
    http(sandbox, "/_traffic", {"per_second": 10})
    wait_for(lambda: len(acknowledged(sandbox)) > begun + 20)
    http(sandbox, "/_traffic", {"per_second": 0})


def is_safe(sandbox: Sandbox, held: dict[str, Any], made: set[str]) -> None:
    """Check that nobody writes to the old database or was sent elsewhere, and which new instances there are."""
    assert not works(sandbox, held)
    assert login(sandbox) == held
    assert [World(sandbox).replicas(name) for name in DEPLOYMENTS] == [0, 0]
    assert get(sandbox, SERVED)[0] == 503
    assert Instances(sandbox).names() == {SOURCE, *made}


def quick(**more: Any) -> dict[str, Any]:
    """Return faults with which states of instances pass quickly, and some besides."""
    return {"rds_step_seconds": 0.2, **more}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"rds_quota_instances": 1}, "ask AWS to raise the quota"),
        ({"refused": {"kms:DescribeKey": "AccessDeniedException"}}, "The key of the storage is unknown"),
    ],
)
def test_what_a_restore_lacks_refuses_it_before_anything_is_changed(
    own: Sandbox, fault: dict[str, Any], said: str
) -> None:
    before, instances = world(own), Instances(own).names()
    with faulty(own, "aws", **fault):
        refused = ends(own, *newest("hasivu-refused"))
    assert (refused["exit_code"], said in refused["message"]) == (3, True), refused
    assert (world(own), Instances(own).names()) == (before, instances)


def test_a_restore_that_ends_badly_stops_at_once_and_is_taken_back(own: Sandbox) -> None:
    before, held = world(own), login(own)
    with faulty(own, "aws", **quick(rds_restore_ends="incompatible-restore")):
        stopped = ends(own, *newest(BROKEN))
    assert (stopped["exit_code"], "which no waiting mends" in stopped["message"]) == (4, True), stopped["message"]
    is_safe(own, held, {BROKEN})
    back = exit_of(own.play("rollback", stopped["run"], "--json"))
    assert back["exit_code"] == 0, back
    assert world(own) == before
    assert works(own, held)
    assert get(own, SERVED)[0] == 200
    assert Instances(own).names() == {SOURCE, BROKEN}


def test_refused_stalled_hung_and_asked_for_patience_it_ends_right(own: Sandbox) -> None:
    rehearsed(own)
    before, held = World(own).picture(), login(own)
    orders_flow(own)
    with faulty(own, "aws", **quick(rds_uploads_stalled=True)):
        stopped = ends(own, *newest(TARGET))
    assert (stopped["exit_code"], "is not archived" in stopped["message"]) == (4, True), stopped["message"]
    is_safe(own, held, {BROKEN})
    stopped = refused_again_and_again(own, held, stopped["run"])

    with faulty(own, "aws", **quick(rds_restore_ends="creating")):
        late = ends(own, "resume", stopped["run"])
    assert (late["exit_code"], f"{TARGET} did not become available" in late["message"]) == (7, True), late
    is_safe(own, held, {BROKEN, TARGET})

    patience = ("rds:ModifyDBInstance", "rds:CreateDBSnapshot", "secretsmanager:UpdateSecretVersionStage")
    set_faults(own, "aws", **quick(throttled={**dict.fromkeys(patience, 2), "rds:DescribeDBInstances": 2}))
    with faulty(own, "companions", razorpay_down=True):
        unsettled = ends(own, "resume", late["run"])
    clear(own, "aws")
    turned_away = {one["action"] for one in own.requests("aws") if one["status"] == 400}
    assert set(patience) <= turned_away
    assert (unsettled["exit_code"], "payments are not settled" in unsettled["message"]) == (4, True), unsettled
    serves(own, held, before)

    done = ends(own, "resume", unsettled["run"])
    assert done["exit_code"] == 0, done
    serves(own, held, before)


def rehearsed(sandbox: Sandbox) -> None:
    """Rehearse the restore once, so that a recovery knows how long one takes and what to wait for at most."""
    with faulty(sandbox, "aws", **quick()):
        done = ends(sandbox, "run", "recovery-drill", "-e", "verify_profile=fast")
    assert done["exit_code"] == 0, done["message"]


def refused_again_and_again(sandbox: Sandbox, held: dict[str, Any], run: str) -> dict[str, Any]:
    """Let RDS refuse the restore for one reason after another, each of which the run tells as one to be resumed."""
    stopped: dict[str, Any] = {"run": run}
    for code, advice in REFUSALS.items():
        with faulty(sandbox, "aws", **quick(refused={RESTORE: code})):
            stopped = ends(sandbox, "resume", stopped["run"])
        told = (code in stopped["message"], advice in stopped["message"], "resume the run" in stopped["message"])
        assert (stopped["exit_code"], *told) == (4, True, True, True), stopped["message"]
        is_safe(sandbox, held, {BROKEN})
    return stopped


def serves(sandbox: Sandbox, held: dict[str, Any], before: dict[str, Any]) -> None:
    """Check that one new database takes writes and has all orders, and that each writer is as it was."""
    new = login(sandbox)
    assert (new["port"] != held["port"], works(sandbox, held)) == (True, False)
    query = "SELECT id FROM unnest(%s::bigint[]) AS wanted(id) EXCEPT SELECT id FROM orders"
    with server(new) as connection:
        assert connection.execute(query, [[one["id"] for one in acknowledged(sandbox)]]).fetchall() == []
    assert Instances(sandbox).names() == {SOURCE, BROKEN, TARGET}
    after = World(sandbox).picture()
    assert [after[name]["replicas"] for name in DEPLOYMENTS] == [before[name]["replicas"] for name in DEPLOYMENTS]
    assert {name: after[name] for name in OF_THE_WRITERS} == {name: before[name] for name in OF_THE_WRITERS}
    assert get(sandbox, SERVED)[0] == 200
    orders_flow(sandbox)
