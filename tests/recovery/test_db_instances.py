"""The modules that restore, wait for, complete, rename and snapshot a database instance, against RDS of the sandbox.

The tests tell one story of one new instance, in their order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.aws import client
from support.instances import DATABASE_GROUP, FENCE_GROUP, Instances, faults
from support.sandbox import Sandbox

pytestmark = pytest.mark.xdist_group("instances")

Results = list[dict[str, Any]]
Steps = Callable[..., Results]

SOURCE, NEW, RENAMED, SNAPSHOT, BROKEN = "hasivu-sandbox", "trial-new", "trial-renamed", "trial-modules", "trial-broken"
QUICK = {"poll_seconds": 0.05, "deadline_seconds": 60}
PASSWORD = "a-Password-of-the-secret"
SECRET = "hasivu/sandbox/database/trial-admin"
LOGIN = {"secret_id": SECRET, "database": "hasivu_sandbox", "sslmode": "disable"}

CAPTURE = {"db_instance_info": {"instance_id": SOURCE, "target_id": NEW, "run_id": "run-1"}}
CAPTURED = {"captured": "{{ result_0.instance }}"}  # of the first step
RESTORE = {"instance_id": NEW, "source_instance": SOURCE, "run_id": "run-1", **CAPTURED}
COMPLETE = {"db_instance_settings": {"instance_id": NEW, **CAPTURED, **QUICK}}


@pytest.fixture(scope="module")
def instances(sandbox: Sandbox) -> Iterator[Instances]:
    """Return the instances; whatever a test has made is removed at the end."""
    found = Instances(sandbox)
    before = found.names()
    with faults(sandbox):
        yield found
        for name in found.names() - before:
            found.remove(name)


@pytest.fixture
def play(sandbox: Sandbox, tmp_path: Path) -> Steps:
    """Return how to run modules one after another in one playbook; a failure does not end it."""

    def run(*steps: dict[str, dict[str, Any]], rehearse: bool = False) -> Results:
        tasks: list[dict[str, Any]] = []
        for number, step in enumerate(steps):
            called = {f"hasivu.ops.{name}": given for name, given in step.items()}
            tasks.append({**called, "register": f"result_{number}", "ignore_errors": True})
        names = ", ".join(f"result_{number}" for number in range(len(steps)))
        keep = {"content": "{{ [" + names + "] | to_json }}", "dest": str(tmp_path / "results.json")}
        book = {
            "hosts": "database",
            "gather_facts": False,
            "environment": "{{ aws_environment }}",
            "module_defaults": {"group/hasivu.ops.aws": {"region": "{{ aws_region }}"}},
            "tasks": [*tasks, {"ansible.builtin.copy": keep, "check_mode": False}],
        }
        (tmp_path / "play.yml").write_text(yaml.safe_dump([book]))
        check = ["--check"] if rehearse else []
        done = sandbox.ansible_playbook("-i", "inventory/sandbox", *check, str(tmp_path / "play.yml"))
        assert done.returncode == 0, done.stdout + done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        results: Results = json.loads((tmp_path / "results.json").read_text())
        return results

    return run


def test_a_rehearsal_tells_the_whole_call_and_writes_nothing(
    sandbox: Sandbox, instances: Instances, play: Steps
) -> None:
    before = len(sandbox.requests("aws"))
    fence = {"instance_id": SOURCE, "security_groups": [FENCE_GROUP], "new_identifier": "other", **QUICK}
    snapshot = {"instance_id": SOURCE, "snapshot_id": SNAPSHOT, "run_id": "run-1"}
    steps = ({"db_instance_restore": RESTORE}, {"db_instance_settings": fence}, {"db_instance_snapshot": snapshot})
    facts, planned, fenced, taken = play(CAPTURE, *steps, rehearse=True)
    assert facts["findings"] == []
    assert [one for one in facts["checks"] if not one["ok"]] == []
    assert (planned["state"], taken["state"], fenced["changed"]) == ("planned", "planned", True)
    assert all(one["origin"] for one in planned["parameters"])
    assert not [one for one in sandbox.requests("aws")[before:] if one["changing"]]
    assert NEW not in instances.names()


def test_an_instance_is_restored_completed_and_compared(instances: Instances, play: Steps) -> None:
    wait = {"db_instance_wait": {"instance_id": NEW, "restorable": True, **QUICK}}
    restores = [{"db_instance_restore": RESTORE}] * 2 + [{"db_instance_restore": {**RESTORE, "run_id": "another"}}]
    _, begun, again, foreign, waited, completed, twice = play(CAPTURE, *restores, wait, COMPLETE, COMPLETE)
    assert (begun["state"], again["state"], again["changed"]) == ("started", "continues", False)
    assert (foreign["failed"], foreign["stop"]) == (True, "refused")
    assert (waited["status"], waited["reached"]) == ("available", True)
    assert completed["unexplained"] == []
    assert completed["changed"]
    assert (twice["changed"], twice["changes"]) == (False, [])

    shown, source = instances.show(NEW), instances.show(SOURCE)
    carried = ("MonitoringInterval", "MonitoringRoleArn", "PerformanceInsightsEnabled", "MaxAllocatedStorage")
    carried += ("DBParameterGroups", "OptionGroupMemberships", "VpcSecurityGroups", "EnabledCloudwatchLogsExports")
    assert [shown[field] for field in carried] == [source[field] for field in carried]
    assert (shown["DeletionProtection"], shown["MultiAZ"]) == (True, False)
    assert instances.lets_in(NEW, "hasivu_app_a")


def test_password_fence_and_name_are_changed_once(sandbox: Sandbox, instances: Instances, play: Steps) -> None:
    secrets = client(sandbox, "secretsmanager")
    login = {"username": "hasivu_admin", "password": PASSWORD}
    secrets.create_secret(Name=SECRET, SecretString=json.dumps(login))
    new = {"instance_id": NEW, **QUICK}
    password = {"db_instance_settings": {**new, "master_secret": LOGIN}}
    fence = {"db_instance_settings": {**new, "security_groups": [FENCE_GROUP]}}
    name = {"db_instance_settings": {**new, "security_groups": [DATABASE_GROUP], "new_identifier": RENAMED}}
    try:
        set_once, again, fenced = play(password, password, fence)
    finally:
        secrets.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    assert (set_once["changed"], again["changed"], fenced["changed"]) == (True, False, True)
    assert not instances.lets_in(NEW, "hasivu_admin", PASSWORD)
    renamed, twice = play(name, name)
    assert (renamed["changed"], twice["changed"]) == (True, False)
    assert (instances.status(NEW), instances.status(RENAMED)) == ("gone", "available")
    assert instances.lets_in(RENAMED, "hasivu_admin", PASSWORD)


def test_what_is_stuck_or_broken_ends_in_time_and_a_snapshot_is_taken_once(
    sandbox: Sandbox, instances: Instances, play: Steps
) -> None:
    snapshot = {"instance_id": RENAMED, "snapshot_id": SNAPSHOT, "run_id": "run-1", **QUICK}
    impatient = {"db_instance_snapshot": {**snapshot, "deadline_seconds": 1}}
    how = {"TargetDBInstanceIdentifier": BROKEN, "UseLatestRestorableTime": True}
    with faults(sandbox, rds_snapshots_stuck=True, rds_restore_ends="incompatible-restore"):
        instances.rds.restore_db_instance_to_point_in_time(SourceDBInstanceIdentifier=SOURCE, **how)
        stuck, broken = play(impatient, {"db_instance_wait": {"instance_id": BROKEN, **QUICK, "deadline_seconds": 600}})
    (done,) = play({"db_instance_snapshot": snapshot})
    instances.rds.delete_db_snapshot(DBSnapshotIdentifier=SNAPSHOT)
    assert (stuck["failed"], stuck["stop"]) == (True, "budget")
    assert (broken["failed"], broken["status"]) == (True, "incompatible-restore")
    assert (done["state"], done["snapshot"]["Status"]) == ("present", "available")
