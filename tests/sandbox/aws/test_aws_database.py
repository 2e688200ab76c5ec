"""What weekly-db reads of AWS: the identity, the instance, its metrics, its backups and its secrets."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

DIMENSIONS = [{"Name": "DBInstanceIdentifier", "Value": "hasivu-sandbox"}]
METRICS = ("FreeStorageSpace", "CPUUtilization", "ReplicaLag", "DatabaseConnections")


def instance(aws):
    return aws.client("rds").describe_db_instances(DBInstanceIdentifier="hasivu-sandbox")["DBInstances"][0]


def recent(aws, metric):
    now = datetime.now(UTC)
    query = {"Metric": {"Namespace": "AWS/RDS", "MetricName": metric, "Dimensions": DIMENSIONS}, "Period": 60}
    return aws.client("cloudwatch").get_metric_data(
        StartTime=now - timedelta(minutes=10),
        EndTime=now + timedelta(minutes=1),
        MetricDataQueries=[{"Id": "q", "MetricStat": {**query, "Stat": "Average"}}],
    )["MetricDataResults"][0]


def newest(aws, metric):
    return recent(aws, metric)["Timestamps"][0], recent(aws, metric)["Values"][0]


def test_the_caller_is_the_operator_of_the_sandbox_account(aws):
    """STS answers account, ARN and unique id of the IAM user whose key signed (API Reference, GetCallerIdentity)."""
    identity = aws.client("sts").get_caller_identity()
    assert identity["Account"] == "204867531290"
    assert identity["Arn"] == "arn:aws:iam::204867531290:user/hasivu-operator"


def test_the_endpoint_is_that_of_the_real_server_even_when_it_moves(aws):
    """RDS answers the address at which the instance accepts connections (API Reference, Endpoint)."""
    assert (instance(aws)["Endpoint"]["Address"], instance(aws)["Endpoint"]["Port"]) == ("127.0.0.1", 54321)
    endpoints = aws.layout.endpoints()
    aws.layout.write_endpoints({**endpoints, "postgresql": {"host": "127.0.0.1", "port": 54322}})
    assert instance(aws)["Endpoint"]["Port"] == 54322
    aws.layout.write_endpoints(endpoints)


def test_an_instance_without_a_server_is_being_created_and_has_no_endpoint(aws):
    """While an instance is created RDS leaves Endpoint out (RDS User Guide, Viewing DB instance status)."""
    endpoints = aws.layout.endpoints()
    aws.layout.write_endpoints({})
    found = instance(aws)
    aws.layout.write_endpoints(endpoints)
    assert found["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in found


def test_the_instance_is_described_as_the_manual_needs_it(aws):
    found = instance(aws)
    assert found["DBInstanceStatus"] == "available"
    assert found["MultiAZ"] is True
    assert found["BackupRetentionPeriod"] == 14
    assert found["PreferredBackupWindow"] == "22:00-22:30"
    assert found["PreferredMaintenanceWindow"] == "sat:23:30-sun:00:00"
    assert found["DbiResourceId"].startswith("db-")
    assert datetime.now(UTC) - found["LatestRestorableTime"] < timedelta(minutes=6)


def test_the_restorable_time_stands_still_while_the_archive_of_the_log_is_stuck(aws):
    """LatestRestorableTime is the latest moment to which a restore is possible (RDS User Guide, PITR)."""
    waiting = aws.layout.part("postgresql") / "data" / "pg_wal" / "archive_status"
    waiting.mkdir(parents=True)
    (aws.layout.part("postgresql") / "data" / "postgresql.conf").touch()
    stuck = waiting / "000000010000000000000001.ready"
    stuck.touch()
    os.utime(stuck, (0, datetime.now(UTC).timestamp() - 3600))
    lag = datetime.now(UTC) - instance(aws)["LatestRestorableTime"]
    stuck.unlink()
    assert timedelta(minutes=59) < lag < timedelta(minutes=66)


def test_base_backups_are_the_automated_snapshots(aws):
    """Automated snapshots are listed as `rds:<instance>-<date>` (RDS User Guide, Introduction to backups)."""
    found = aws.client("rds").describe_db_snapshots(DBInstanceIdentifier="hasivu-sandbox", SnapshotType="automated")[
        "DBSnapshots"
    ]
    assert [snapshot["DBSnapshotIdentifier"] for snapshot in found] == ["rds:hasivu-sandbox-2026-11-01-22-00"]
    assert found[0]["SnapshotCreateTime"] == datetime(2026, 11, 1, 22, tzinfo=UTC)


@pytest.mark.parametrize("metric", METRICS)
def test_a_metric_has_a_datapoint_of_this_minute_and_a_past(aws, metric):
    """RDS publishes each metric once a minute (RDS User Guide, Amazon CloudWatch metrics for Amazon RDS)."""
    moment, _ = newest(aws, metric)
    assert datetime.now(UTC) - moment < timedelta(minutes=2)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/RDS",
        MetricName=metric,
        Dimensions=DIMENSIONS,
        StartTime=datetime.now(UTC) - timedelta(minutes=11),
        EndTime=datetime.now(UTC),
        Period=60,
        Statistics=["Average", "Maximum"],
    )["Datapoints"]
    assert len(points) >= 10


def test_storage_is_measured(aws):
    before = newest(aws, "FreeStorageSpace")[1]
    data = aws.layout.part("postgresql") / "data"
    data.mkdir(exist_ok=True)
    (data / "postgresql.conf").touch()
    ballast = data / "ballast"
    ballast.write_bytes(b"x" * 5_000_000)
    after = newest(aws, "FreeStorageSpace")[1]
    ballast.unlink()
    assert before - after >= 4_000_000


@pytest.mark.parametrize(
    ("fault", "metric"),
    [
        ("free_storage_bytes", "FreeStorageSpace"),
        ("replica_lag_seconds", "ReplicaLag"),
        ("cpu_percent", "CPUUtilization"),
    ],
)
def test_a_fault_shows_in_its_metric_at_once_and_goes_with_it(aws, faults, fault, metric):
    faults(**{fault: 77})
    assert set(recent(aws, metric)["Values"]) == {77}
    faults()
    assert 77 not in recent(aws, metric)["Values"]


def test_a_fault_changes_the_status_of_the_instance(aws, faults):
    faults(rds_status="backing-up")
    assert instance(aws)["DBInstanceStatus"] == "backing-up"


def test_backup_jobs_answer_every_filter(aws, faults):
    """ListBackupJobs returns the jobs that all given filters fit (AWS Backup API Reference, ListBackupJobs)."""
    backup = aws.client("backup")
    jobs = backup.list_backup_jobs()["BackupJobs"]
    assert {job["State"] for job in jobs} == {"COMPLETED"}
    assert backup.list_backup_jobs(ByState="RUNNING")["BackupJobs"] == []
    recent = backup.list_backup_jobs(ByCreatedAfter=datetime.now(UTC) - timedelta(hours=30))["BackupJobs"]
    assert 0 < len(recent) < len(jobs)
    assert backup.list_backup_jobs(ByResourceType="S3")["BackupJobs"] == []
    assert backup.list_backup_jobs(ByResourceArn=instance(aws)["DBInstanceArn"])["BackupJobs"] == jobs
    faults(backup_running=True)
    assert len(backup.list_backup_jobs(ByState="RUNNING")["BackupJobs"]) == 1


def test_the_cache_endpoint_is_that_of_the_real_server(aws):
    """ElastiCache answers the primary endpoint of each node group (API Reference, DescribeReplicationGroups)."""
    group = aws.client("elasticache").describe_replication_groups()["ReplicationGroups"][0]
    assert group["NodeGroups"][0]["PrimaryEndpoint"] == {"Address": "127.0.0.1", "Port": 63791}


def test_secrets_hold_the_logins_and_their_stages_move_as_in_a_rotation(aws):
    """AWSPREVIOUS follows a move of AWSCURRENT by itself (Secrets Manager API, UpdateSecretVersionStage)."""
    client, secret = aws.client("secretsmanager"), "hasivu/sandbox/database/maintenance"
    old = client.get_secret_value(SecretId=secret)
    login = json.loads(old["SecretString"])
    assert (login["username"], login["password"]) == ("hasivu_maint", "second-secret-of-the-test")
    assert (login["engine"], login["host"], login["port"]) == ("postgres", "127.0.0.1", 54321)
    new = client.put_secret_value(SecretId=secret, SecretString="new", VersionStages=["AWSPENDING"])
    assert client.get_secret_value(SecretId=secret)["SecretString"] == old["SecretString"]
    assert client.get_secret_value(SecretId=secret, VersionStage="AWSPENDING")["SecretString"] == "new"
    move = {"SecretId": secret, "VersionStage": "AWSCURRENT"}
    client.update_secret_version_stage(**move, MoveToVersionId=new["VersionId"], RemoveFromVersionId=old["VersionId"])
    assert client.get_secret_value(SecretId=secret)["SecretString"] == "new"
    assert client.get_secret_value(SecretId=secret, VersionStage="AWSPREVIOUS")["VersionId"] == old["VersionId"]
    client.update_secret_version_stage(**move, MoveToVersionId=old["VersionId"], RemoveFromVersionId=new["VersionId"])
    assert client.get_secret_value(SecretId=secret)["SecretString"] == old["SecretString"]
