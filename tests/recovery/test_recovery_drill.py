"""recovery-drill, looked at from outside: the copy was apart, was verified and is gone; production was only read.

The tests tell one story in their order: a drill whose copy is damaged is kept, and the next one deletes it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.copies import DAY, PRODUCTION, copies, tag, tags, untag, watched
from support.instances import Instances, faults
from support.killing import kill_after, lines, wait_for
from support.rotation import APPLICATION, aws, exit_of, http, stages
from support.sandbox import Sandbox
from support.thorough import thorough

pytestmark = pytest.mark.xdist_group("recovery-drill")

DRILL = ("run", "recovery-drill", "-e", "verify_profile=fast")
AVAILABLE = "Wait until the copy is available, twice as long as the last restores took"
STEPS = (
    "Begin to restore apart from production, with every setting of production but its place",
    "Give it what a restore cannot carry over, and the password of the master user",
    "Keep when the copy could have taken the place of production, and what it held",
    "Keep that the copy has served its purpose",
    "Delete the copy by the tags of this drill, without a last snapshot and with its backups",
)
GROUP = "sg-0d411b0c500000001"
DAMAGE = "DELETE FROM order_items WHERE order_id IN (SELECT id FROM orders ORDER BY id DESC LIMIT 3)"
WRITES = """
SELECT coalesce(sum(calls), 0) FROM pg_stat_statements AS s JOIN pg_roles AS r ON r.oid = s.userid
WHERE rolname = 'hasivu_maint' AND query ~* '^\\s*(insert|update|delete|merge|alter|create|drop|truncate|grant|vacuum)'
"""
# What a drill may ask of RDS beside reading, and of S3, where its lock stands.
CHANGES = {"rds:RestoreDBInstanceToPointInTime", "rds:ModifyDBInstance", "rds:DeleteDBInstance", "s3:PutObject"}
CHANGES |= {"s3:DeleteObject", "rds:RebootDBInstance"}

Gone = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def instances(sandbox: Sandbox) -> Iterator[Instances]:
    """Return the instances; whatever a test has made is removed at the end."""
    found = Instances(sandbox)
    with faults(sandbox):
        yield found
        for name in found.names() - {PRODUCTION}:
            found.remove(name)


@pytest.fixture
def gone(sandbox: Sandbox, tmp_path: Path) -> Gone:
    """Return how to call the module that deletes with some options after others; a failure is a result."""

    def call(*several: dict[str, Any]) -> list[dict[str, Any]]:
        usual = {"purpose": "drill", "never": [PRODUCTION], "secrets": [APPLICATION], "poll_seconds": 0.05}
        steps: list[dict[str, Any]] = [
            {
                "check_mode": options.pop("rehearse", False),
                "hasivu.ops.db_instance_gone": {**usual, "region": "{{ aws_region }}", **options},
                "register": f"result_{number}",
                "ignore_errors": True,
            }
            for number, options in enumerate(several)
        ]
        names = ", ".join(f"result_{number}" for number in range(len(several)))
        keep = {"content": "{{ [" + names + "] | to_json }}", "dest": str(tmp_path / "results.json")}
        book = {"hosts": "database", "gather_facts": False, "environment": "{{ aws_environment }}"}
        (tmp_path / "play.yml").write_text(
            yaml.safe_dump([{**book, "tasks": [*steps, {"ansible.builtin.copy": keep}]}])
        )
        done = sandbox.ansible_playbook("-i", "inventory/sandbox", str(tmp_path / "play.yml"))
        assert done.returncode == 0, done.stdout + done.stderr
        results: list[dict[str, Any]] = json.loads((tmp_path / "results.json").read_text())
        return results

    return call


def report_of(sandbox: Sandbox, run: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((sandbox.home / "runs" / run / "report.json").read_text())
    return found


def asked(sandbox: Sandbox, since: int) -> set[str]:
    """Return the changing calls to AWS that procedures have made."""
    sent = [one for one in sandbox.requests("aws")[since:] if one["changing"] and "hasivu-ops" in one["client"]]
    return {one["action"] for one in sent}


def test_a_rehearsal_tells_the_whole_restore_and_writes_nothing(sandbox: Sandbox, instances: Instances) -> None:
    before = len(sandbox.requests("aws"))
    result = sandbox.run("recovery-drill", "--check")
    assert result["exit_code"] == 0, result
    assert asked(sandbox, before) == set()
    assert instances.names() == {PRODUCTION}
    sections = {one["title"]: one["table"]["rows"] for one in report_of(sandbox, result["run"])["sections"]}
    told = {row["name"]: row for row in sections["Parameters of the restore"]}
    assert (told["DBSubnetGroupName"]["value"], told["PubliclyAccessible"]["value"]) == ("hasivu-drill", False)
    assert all(row["origin"] for row in told.values())


def test_a_place_that_is_not_apart_is_refused(sandbox: Sandbox, instances: Instances) -> None:
    ec2 = aws(sandbox, "ec2")
    group = GROUP
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.20.0.0/16"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    try:
        result = sandbox.run("recovery-drill", "--check")
    finally:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[rule])
    assert result["exit_code"] == 3
    assert "10.20.0.0/16" in result["message"]
    assert instances.names() == {PRODUCTION}


def test_a_damaged_copy_ends_the_drill_and_is_kept_to_be_looked_at(sandbox: Sandbox, instances: Instances) -> None:
    run = kill_after(sandbox, AVAILABLE, *DRILL)
    (copy,) = copies(instances)
    instances.rows(copy, DAMAGE)
    ended = exit_of(sandbox.play("resume", run.name, "--json"))
    assert ended["exit_code"] == 4, ended
    assert "public.order_items" in ended["message"] or "order-without-line" in ended["message"]
    assert tags(instances.show(copy))[DAY] in report_of(sandbox, ended["run"])["verdict"]
    assert copies(instances) == [copy]
    assert instances.status(copy) == "available"
    assert not (sandbox.home / "runs" / ended["run"] / "objectives.json").exists()


def test_what_is_protected_used_or_another_is_never_deleted(sandbox: Sandbox, instances: Instances, gone: Gone) -> None:
    (copy,) = copies(instances)
    run = tags(instances.show(copy))["hasivu-run"]
    secrets, name = aws(sandbox, "secretsmanager"), "hasivu/sandbox/database/trial-use"
    where = instances.show(copy)["Endpoint"]
    secrets.create_secret(Name=name, SecretString=json.dumps({"host": where["Address"], "port": where["Port"]}))
    instances.rds.modify_db_instance(DBInstanceIdentifier=copy, DeletionProtection=True)
    both = {"run_id": run, "secrets": [APPLICATION, name]}
    try:
        another, protected, named = gone({"run_id": "another"}, {"run_id": run}, both)
        instances.rds.modify_db_instance(DBInstanceIdentifier=copy, DeletionProtection=False)
        (used,) = gone(both)
    finally:
        secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    assert another["gone"] == []
    for refused, why in ((protected, "protected"), (named, name), (used, name)):
        assert (refused["failed"], refused["stop"], why in refused["msg"]) == (True, "decision", True)
    assert "protected" not in used["msg"]

    tag(instances, PRODUCTION, hasivu_purpose="drill", hasivu_run="trial", hasivu_delete_after="2026-01-01T00:00:00Z")
    try:
        rehearsal = {"run_id": run, "rehearse": True}
        unknown, named, late, rehearsed = gone(both, {"run_id": "trial"}, {"overdue": True}, rehearsal)
    finally:
        untag(instances, PRODUCTION)
    assert (unknown["failed"], unknown["stop"]) == (True, "resumable")  # that secret is not there any more
    assert (named["failed"], "database of the inventory" in named["msg"]) == (True, True)
    assert (late["gone"], [one["id"] for one in late["kept"]]) == ([], [PRODUCTION])
    assert [one["severity"] for one in late["findings"]] == ["high"]
    assert ([one["id"] for one in rehearsed["gone"]], rehearsed["changed"]) == ([copy], True)
    assert instances.names() == {PRODUCTION, copy}


def test_a_drill_is_apart_verified_measured_and_gone_and_production_was_only_read(
    sandbox: Sandbox, instances: Instances
) -> None:
    (old,) = copies(instances)
    tag(instances, old, hasivu_delete_after="2026-01-01T00:00:00Z")
    wait_for(lambda: f"{datetime.now(UTC):%Y%m%d%H%M}" not in old)  # a copy is named by the minute
    shown, held, wrote = picture(instances), stages(sandbox), sandbox.value(WRITES)
    before = len(sandbox.requests("aws"))
    http(sandbox, "/_traffic", {"per_second": 5})
    begun = datetime.now(UTC)
    try:
        with watched(instances) as seen:
            result = sandbox.run("recovery-drill")
    finally:
        http(sandbox, "/_traffic", {"per_second": 0})
    assert result["exit_code"] == 0, result
    assert copies(instances) == []
    assert (picture(instances), stages(sandbox), sandbox.value(WRITES)) == (shown, held, wrote)
    assert asked(sandbox, before) <= CHANGES

    made = seen[next(name for name in seen if name != old)]
    was_apart(instances, made)
    assert aws(sandbox, "rds").describe_db_snapshots(DbiResourceId=made["DbiResourceId"])["DBSnapshots"] == []
    report = report_of(sandbox, result["run"])
    assert [(one["key"], one["where"]) for one in report["findings"]] == [("drill-overdue", old)]
    sections = {one["title"]: one["table"]["rows"] for one in report["sections"]}
    checks = {row["name"]: row["ok"] for row in sections["Checks of the restored data"]}
    assert {"rows:public.orders", "heaps"} <= set(checks)
    assert all(checks.values())
    known = json.loads((sandbox.home / "runs" / result["run"] / "fingerprint.json").read_text())
    assert known["tables"]["public.menus"]["rows"] == sandbox.value("SELECT count(*) FROM menus")
    was_measured(sandbox, result["run"], begun)


def picture(instances: Instances) -> dict[str, Any]:
    """Return production as RDS shows it, but for what moves by itself."""
    shown = instances.show(PRODUCTION)
    return {name: value for name, value in shown.items() if name != "LatestRestorableTime"}


def was_apart(instances: Instances, made: dict[str, Any]) -> None:
    """Check that a copy had nothing in common with production but its data and settings."""
    live = instances.show(PRODUCTION)
    subnets = [{one["SubnetIdentifier"] for one in shown["DBSubnetGroup"]["Subnets"]} for shown in (made, live)]
    assert not subnets[0] & subnets[1]
    assert [one["VpcSecurityGroupId"] for one in made["VpcSecurityGroups"]] == [GROUP]
    assert (made["PubliclyAccessible"], made["DeletionProtection"], made["MultiAZ"]) == (False, False, False)
    assert tags(made)["hasivu-source"] == PRODUCTION
    for name in ("DBParameterGroups", "MonitoringInterval", "MaxAllocatedStorage"):
        assert made[name] == live[name]


def was_measured(sandbox: Sandbox, run: str, begun: datetime) -> None:
    """Check what a drill measured against the clock and its events, and that rto-rpo takes it."""
    folder = sandbox.home / "runs" / run
    measured = json.loads((folder / "objectives.json").read_text())
    assert (measured["drill"], measured["strategy"], measured["met"]) == (True, "pitr", {"rto": True, "rpo": True})
    ended = next(line["at"] for line in lines(folder) if line["event"] == "step_finished" and line["name"] == STEPS[2])
    assert 0 < measured["rto_s"] <= (datetime.fromisoformat(ended) - begun).total_seconds()
    restored_at = datetime.fromisoformat(measured["restored_at"])
    assert datetime.fromisoformat(ended) - restored_at < timedelta(seconds=5)
    orders = [measured["orders"][name] for name in ("last_of_production", "newest_of_copy")]
    assert orders[0] == orders[1]
    assert datetime.fromisoformat(orders[1]) <= datetime.fromisoformat(measured["restore_point"])
    assert 0 < measured["rpo_s"] < 300

    review = sandbox.run("rto-rpo")
    sections = {one["title"]: one for one in report_of(sandbox, review["run"])["sections"]}
    row = sections["Objectives: Objectives"]["table"]["rows"][0]
    assert (row["last_rto_s"], row["last_rpo_s"], row["gap"]) == (measured["rto_s"], measured["rpo_s"], "none")


@thorough
def test_a_drill_that_is_given_up_deletes_its_copy(sandbox: Sandbox, instances: Instances) -> None:
    run = kill_after(sandbox, STEPS[0], *DRILL)
    assert len(copies(instances)) == 1
    back = exit_of(sandbox.play("rollback", run.name, "--json"))
    assert back["exit_code"] == 0, back
    assert copies(instances) == []


@thorough
def test_killed_after_each_step_there_is_one_copy_and_it_is_deleted(sandbox: Sandbox, instances: Instances) -> None:
    restored = restores(sandbox)
    command = DRILL
    for step in STEPS:
        run = kill_after(sandbox, step, *command)
        command = ("resume", run.name)
    done = exit_of(sandbox.play(*command, "--json"))
    assert done["exit_code"] == 0, done
    assert restores(sandbox) == restored + 1
    wait_for(lambda: copies(instances) == [])
    assert json.loads((sandbox.home / "runs" / done["run"] / "objectives.json").read_text())["met"]["rto"]


def restores(sandbox: Sandbox) -> int:
    """Return how often a restore was begun."""
    return sum(one["action"] == "rds:RestoreDBInstanceToPointInTime" for one in sandbox.requests("aws"))
