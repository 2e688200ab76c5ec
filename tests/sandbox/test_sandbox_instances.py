"""RDS does to real servers what it says: it restores to a second, renames, fences, keeps backups and lets go.

The tests tell one story of one copy of the database, in their order; each may be run alone.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from botocore.exceptions import ClientError
from support.aws import client
from support.instances import DATABASE_GROUP, FENCE_GROUP, Instances, faults
from support.killing import wait_for
from support.sandbox import Sandbox
from support.thorough import thorough

pytestmark = pytest.mark.xdist_group("instances")

SOURCE, COPY = "hasivu-sandbox", "trial-copy"
ADMITTED = {"VpcSecurityGroupIds": [DATABASE_GROUP]}
# Without backups of its own an instance is available sooner.
HURRIED = {**ADMITTED, "BackupRetentionPeriod": 0}
PASSWORD = "a-Password-that-nobody-keeps"


@pytest.fixture(scope="module")
def copy(sandbox: Sandbox) -> Iterator[Instances]:
    """Return the instances, with a copy of the database as it was before a bad deploy; what was made is removed."""
    instances = Instances(sandbox)
    before = instances.names()
    with faults(sandbox):
        restorable(instances, datetime.now(UTC))  # nothing is before the first base backup of a new sandbox
        instances.rows(SOURCE, "CREATE TABLE trial (n int)")
        instances.rows(SOURCE, "INSERT INTO trial SELECT generate_series(1, 5)")
        moment = datetime.now(UTC)
        instances.rows(SOURCE, "INSERT INTO trial VALUES (99)")
        instances.rows(SOURCE, "DELETE FROM trial WHERE n < 3")
        restorable(instances, moment)
        instances.rows(SOURCE, "DROP TABLE trial")
        restore(instances, COPY, RestoreTime=moment, **ADMITTED)
        instances.wait(COPY, "available")
        yield instances
        for name in instances.names() - before:
            instances.remove(name)


def restorable(instances: Instances, at: datetime) -> None:
    """Wait until a moment can be restored."""
    deadline = time.monotonic() + 60
    while instances.show(SOURCE).get("LatestRestorableTime", datetime.min.replace(tzinfo=UTC)) < at:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def restore(instances: Instances, name: str, **how: object) -> None:
    """Begin to restore to a point in time, from the sandbox's database unless something else is named."""
    source = {} if "SourceDbiResourceId" in how else {"SourceDBInstanceIdentifier": SOURCE}
    instances.rds.restore_db_instance_to_point_in_time(TargetDBInstanceIdentifier=name, **source, **how)


def kill(folder: Path) -> None:
    """Kill the process of a part, and wait until it is gone."""
    process = json.loads((folder / "process.json").read_text())["pid"]
    os.kill(process, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while Path(f"/proc/{process}").exists() and "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_restore_brings_every_commit_up_to_the_second_and_none_after(copy: Instances) -> None:
    """The log is replayed to RestoreTime (RDS User Guide, Restoring a DB instance to a specified time)."""
    assert copy.rows(COPY, "SELECT n FROM trial ORDER BY n") == [(n,) for n in range(1, 6)]
    assert copy.rows(COPY, "SELECT pg_is_in_recovery()") == [(False,)]
    assert copy.rows(COPY, "SHOW fsync") == [("on",)]
    assert copy.show(COPY)["DbiResourceId"] != copy.show(SOURCE)["DbiResourceId"]
    assert copy.show(COPY)["LatestRestorableTime"] <= datetime.now(UTC)


def test_a_fenced_instance_refuses_new_logins_and_keeps_open_ones(copy: Instances) -> None:
    """A security group decides over new connections (RDS User Guide, Controlling access with security groups)."""
    assert copy.lets_in(COPY, "hasivu_app_a")
    with copy.connect(COPY, "hasivu_app_a") as session:
        change(copy, VpcSecurityGroupIds=[FENCE_GROUP])
        assert session.execute("SELECT 1").fetchone() == (1,)
    assert not copy.lets_in(COPY, "hasivu_app_a")
    change(copy, **ADMITTED)
    assert copy.lets_in(COPY, "hasivu_app_a")


def test_a_standby_takes_over_behind_the_same_address_and_only_where_there_is_one(copy: Instances) -> None:
    """ForceFailover (API Reference, RebootDBInstance), and its events (User Guide, Amazon RDS event categories).

    "You can't enable force failover if the instance isn't configured for Multi-AZ."
    """
    name = {"DBInstanceIdentifier": COPY, "ForceFailover": True}
    with pytest.raises(ClientError, match="InvalidParameterCombination"):
        copy.rds.reboot_db_instance(**name)
    change(copy, MultiAZ=True)
    before = copy.show(COPY)
    session = copy.connect(COPY)
    assert copy.rds.reboot_db_instance(**name)["DBInstance"]["DBInstanceStatus"] == "rebooting"
    copy.wait(COPY, "available")
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    after = copy.show(COPY)
    zones = ("AvailabilityZone", "SecondaryAvailabilityZone")
    assert [after[zone] for zone in zones] == [before[zone] for zone in reversed(zones)]
    assert (after["Endpoint"], after["DbiResourceId"]) == (before["Endpoint"], before["DbiResourceId"])
    assert copy.rows(COPY, "SELECT count(*) FROM trial") == [(5,)]
    told = {"SourceIdentifier": COPY, "SourceType": "db-instance", "EventCategories": ["failover"]}
    messages = [event["Message"] for event in copy.rds.describe_events(**told)["Events"]]
    assert messages == ["Multi-AZ instance failover started.", "Multi-AZ instance failover completed"]
    change(copy, MultiAZ=False)


def test_a_replica_follows_tells_how_far_it_is_behind_and_takes_writes_once_it_is_promoted(copy: Instances) -> None:
    """CreateDBInstanceReadReplica, PromoteReadReplica (API Reference); ReplicaLag (User Guide, CloudWatch metrics)."""
    replica = "trial-replica"
    named = {"DBInstanceIdentifier": replica, "SourceDBInstanceIdentifier": COPY}
    made = copy.rds.create_db_instance_read_replica(**named, **ADMITTED)["DBInstance"]
    assert made["DBInstanceStatus"] == "creating"
    copy.wait(replica, "available")
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        copy.rows(replica, "CREATE TABLE refused (n int)")
    copy.rows(COPY, "CREATE TABLE followed AS SELECT 3 AS n")
    seen = wait_for(lambda: copy.rows(replica, "SELECT to_regclass('followed')::text")[0][0])
    assert seen == "followed"
    wait_for(lambda: lag(copy, replica) == 0)
    promoted = copy.rds.promote_read_replica(DBInstanceIdentifier=replica, BackupRetentionPeriod=0)["DBInstance"]
    assert promoted["DBInstanceStatus"] == "modifying"
    copy.wait(replica, "available")
    assert "ReadReplicaSourceDBInstanceIdentifier" not in copy.show(replica)
    assert copy.show(COPY)["ReadReplicaDBInstanceIdentifiers"] == []
    copy.rows(COPY, "DROP TABLE followed")
    copy.rows(replica, "INSERT INTO followed VALUES (4)")
    assert copy.rows(replica, "SELECT sum(n) FROM followed") == [(7,)]
    copy.remove(replica)


def lag(copy: Instances, name: str) -> float:
    """Return the newest value of ReplicaLag."""
    now = datetime.now(UTC)
    metric = {"Namespace": "AWS/RDS", "MetricName": "ReplicaLag", "Period": 60, "Statistics": ["Maximum"]}
    span = {"StartTime": now - timedelta(minutes=5), "EndTime": now + timedelta(minutes=1)}
    where = [{"Name": "DBInstanceIdentifier", "Value": name}]
    found = client(copy.sandbox, "cloudwatch").get_metric_statistics(**metric, **span, Dimensions=where)["Datapoints"]
    return float(max(found, key=lambda point: point["Timestamp"])["Maximum"])


def change(copy: Instances, **settings: object) -> None:
    """Change the copy at once."""
    copy.rds.modify_db_instance(DBInstanceIdentifier=COPY, ApplyImmediately=True, **settings)
    copy.wait(COPY, "available")


def test_the_master_password_is_set_and_kept_in_no_file(sandbox: Sandbox, copy: Instances) -> None:
    """ "The password for the master user ... RDS never returns it" (API Reference, ModifyDBInstance)."""
    change(copy, MasterUserPassword=PASSWORD)
    assert copy.lets_in(COPY, "hasivu_admin", PASSWORD)
    assert not copy.lets_in(COPY, "hasivu_admin")
    files = [path for path in (sandbox.home / "sandbox" / "aws").rglob("*") if path.is_file()]
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []


def test_the_port_goes_with_the_name(sandbox: Sandbox, copy: Instances) -> None:
    """A rename reboots the instance and changes its endpoint (RDS User Guide, Renaming a DB instance)."""
    port = copy.show(COPY)["Endpoint"]["Port"]
    for old, new in ((COPY, "trial-renamed"), ("trial-renamed", COPY)):
        copy.rds.modify_db_instance(DBInstanceIdentifier=old, NewDBInstanceIdentifier=new, ApplyImmediately=True)
        copy.wait(new, "available")
        assert copy.status(old) == "gone"
        assert (copy.show(new)["Endpoint"]["Port"] == port) == (new == COPY)
        assert copy.rows(new, "SELECT count(*) FROM trial") == [(5,)]
    assert sandbox.status()[f"postgresql:{COPY}"]["healthy"]


def test_a_snapshot_restores_through_a_kill_of_the_emulator_and_of_the_server(
    sandbox: Sandbox, copy: Instances
) -> None:
    """A restore from a snapshot has the data of its moment (API Reference, RestoreDBInstanceFromDBSnapshot)."""
    copy.rds.create_db_snapshot(DBInstanceIdentifier=COPY, DBSnapshotIdentifier="trial-snapshot")
    copy.wait(COPY, "available")
    copy.rows(COPY, "CREATE TABLE late (n int)")
    named = {"DBInstanceIdentifier": "trial-killed", "DBSnapshotIdentifier": "trial-snapshot"}
    copy.rds.restore_db_instance_from_db_snapshot(**named, **HURRIED)
    kill(sandbox.home / "sandbox" / "aws")
    assert sandbox.play("sandbox", "up").returncode == 0
    copy.wait("trial-killed", "available")
    copy.rds.delete_db_snapshot(DBSnapshotIdentifier="trial-snapshot")
    kill(sandbox.home / "sandbox" / f"postgresql-{copy.show('trial-killed')['DbiResourceId'].lower()}")
    assert not sandbox.status()["postgresql:trial-killed"]["healthy"]
    assert sandbox.play("sandbox", "up").returncode == 0
    assert copy.rows("trial-killed", "SELECT count(*), to_regclass('late') FROM trial") == [(5, None)]
    copy.remove("trial-killed")
    assert "postgresql:trial-killed" not in sandbox.status()


def test_backups_of_a_deleted_instance_are_kept_where_asked(copy: Instances) -> None:
    """Retained automated backups restore an instance that is gone (User Guide, Retaining automated backups)."""
    copy.rows(COPY, "CREATE TABLE kept AS SELECT 7 AS n")
    resource = copy.show(COPY)["DbiResourceId"]
    copy.rds.delete_db_instance(DBInstanceIdentifier=COPY, SkipFinalSnapshot=True, DeleteAutomatedBackups=False)
    copy.wait(COPY, "gone")
    backups = copy.rds.describe_db_instance_automated_backups(DbiResourceId=resource)["DBInstanceAutomatedBackups"]
    assert [one["Status"] for one in backups] == ["retained"]
    restore(copy, "trial-found", SourceDbiResourceId=resource, UseLatestRestorableTime=True, **HURRIED)
    copy.wait("trial-found", "available")
    assert copy.rows("trial-found", "SELECT n FROM kept") == [(7,)]


@thorough
def test_the_snapshot_from_before_the_window_is_restored(copy: Instances) -> None:
    named = {"DBInstanceIdentifier": "trial-old", "DBSnapshotIdentifier": "hasivu-sandbox-start-of-term"}
    copy.rds.restore_db_instance_from_db_snapshot(**named, **HURRIED)
    copy.wait("trial-old", "available")
    assert copy.rows("trial-old", "SELECT count(*) > 0, to_regclass('trial') FROM orders") == [(True, None)]


@thorough
def test_a_stopped_instance_stays_stopped_through_up(sandbox: Sandbox, copy: Instances) -> None:
    """StopDBInstance and StartDBInstance (RDS User Guide, Stopping a DB instance temporarily)."""
    restore(copy, "trial-stopped", UseLatestRestorableTime=True, **HURRIED)
    copy.wait("trial-stopped", "available")
    copy.rds.stop_db_instance(DBInstanceIdentifier="trial-stopped")
    copy.wait("trial-stopped", "stopped")
    assert sandbox.play("sandbox", "up").returncode == 0
    status = sandbox.status()["postgresql:trial-stopped"]
    assert (status["healthy"], status["unwanted"]) == (False, True)
    copy.rds.start_db_instance(DBInstanceIdentifier="trial-stopped")
    copy.wait("trial-stopped", "available")
    assert copy.rows("trial-stopped", "SELECT 1") == [(1,)]
