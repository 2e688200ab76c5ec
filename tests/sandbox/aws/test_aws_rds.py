"""What RDS refuses, what it tells before a server stands behind it, and how its answers come in pages."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

SOURCE = {"SourceDBInstanceIdentifier": "hasivu-sandbox"}
LATEST = {"UseLatestRestorableTime": True}


def code(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


@pytest.fixture
def rds(aws):
    return aws.client("rds")


@pytest.fixture
def restored(rds, name):
    """Return an instance whose restore was begun; in this emulator no server stands behind it."""
    rds.restore_db_instance_to_point_in_time(TargetDBInstanceIdentifier=name, **SOURCE, **LATEST)
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({**SOURCE}, "InvalidParameterCombination"),
        ({**SOURCE, **LATEST, "RestoreTime": datetime(2026, 11, 1, tzinfo=UTC)}, "InvalidParameterCombination"),
        ({**LATEST}, "InvalidParameterCombination"),
        ({**SOURCE, "RestoreTime": datetime(2020, 1, 1, tzinfo=UTC)}, "InvalidParameterValue"),
        ({**SOURCE, "RestoreTime": datetime.now(UTC) + timedelta(hours=1)}, "InvalidParameterValue"),
        ({"SourceDBInstanceIdentifier": "absent", **LATEST}, "DBInstanceNotFound"),
        ({"SourceDbiResourceId": "db-ABSENT", **LATEST}, "DBInstanceAutomatedBackupNotFound"),
        ({**SOURCE, **LATEST, "DBParameterGroupName": "absent"}, "DBParameterGroupNotFound"),
        ({**SOURCE, **LATEST, "OptionGroupName": "absent"}, "OptionGroupNotFoundFault"),
        ({**SOURCE, **LATEST, "DBSubnetGroupName": "absent"}, "DBSubnetGroupNotFoundFault"),
        ({**SOURCE, **LATEST, "VpcSecurityGroupIds": ["sg-absent"]}, "InvalidParameterValue"),
        ({**SOURCE, **LATEST, "TargetDBInstanceIdentifier": "hasivu-sandbox"}, "DBInstanceAlreadyExists"),
        ({**SOURCE, **LATEST, "Domain": "d-1"}, "NotImplemented"),
    ],
)
def test_a_restore_that_cannot_be_is_refused(rds, name, parameters, expected):
    """The errors of RestoreDBInstanceToPointInTime (RDS API Reference); what is not known is refused too."""
    call = {"TargetDBInstanceIdentifier": name, **parameters}
    assert code(rds.restore_db_instance_to_point_in_time, **call) == expected


def test_a_restored_instance_has_the_defaults_that_the_call_does_not_name(rds, restored):
    """Default security, subnet and parameter group, and one zone (API Reference, RestoreDBInstanceToPointInTime)."""
    source = rds.describe_db_instances(DBInstanceIdentifier="hasivu-sandbox")["DBInstances"][0]
    assert restored["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in restored
    assert "LatestRestorableTime" not in restored
    assert restored["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres18"
    assert restored["OptionGroupMemberships"][0]["OptionGroupName"] == "default:postgres-18"
    assert restored["DBSubnetGroup"]["DBSubnetGroupName"] == "default"
    assert restored["VpcSecurityGroups"] != source["VpcSecurityGroups"]
    flags = ("MultiAZ", "DeletionProtection", "IAMDatabaseAuthenticationEnabled", "CopyTagsToSnapshot")
    assert [(source[flag], restored[flag]) for flag in flags] == [(True, False)] * 4
    assert restored["MonitoringInterval"] == 0
    assert "MaxAllocatedStorage" not in restored
    same = ("EngineVersion", "AllocatedStorage", "DBInstanceClass", "KmsKeyId", "MasterUsername", "StorageType")
    assert [restored[field] for field in same] == [source[field] for field in same]


def test_what_the_call_names_is_carried_over(rds, name):
    given = {"DBParameterGroupName": "hasivu-postgres18", "MultiAZ": True, "MaxAllocatedStorage": 300}
    lists = {"Tags": [{"Key": "run", "Value": "r & <d>"}], "EnableCloudwatchLogsExports": ["postgresql"]}
    made = rds.restore_db_instance_to_point_in_time(
        TargetDBInstanceIdentifier=name, **SOURCE, **LATEST, **given, **lists
    )["DBInstance"]
    assert made["DBParameterGroups"][0]["DBParameterGroupName"] == "hasivu-postgres18"
    assert (made["MultiAZ"], made["MaxAllocatedStorage"]) == (True, 300)
    assert (made["TagList"], made["EnabledCloudwatchLogsExports"]) == (lists["Tags"], ["postgresql"])
    assert rds.list_tags_for_resource(ResourceName=made["DBInstanceArn"])["TagList"] == lists["Tags"]


def test_an_instance_that_is_being_created_takes_no_change(rds, restored):
    """InvalidDBInstanceState (API Reference, ModifyDBInstance and DeleteDBInstance)."""
    name = {"DBInstanceIdentifier": restored["DBInstanceIdentifier"]}
    assert code(rds.modify_db_instance, **name, MultiAZ=True) == "InvalidDBInstanceState"
    assert code(rds.reboot_db_instance, **name) == "InvalidDBInstanceState"
    assert code(rds.delete_db_instance, **name, SkipFinalSnapshot=True) == "InvalidDBInstanceState"
    assert code(rds.create_db_snapshot, **name, DBSnapshotIdentifier="a") == "InvalidDBInstanceState"


def test_a_protected_instance_is_not_deleted(rds):
    """InvalidParameterCombination (RDS User Guide, Deleting a DB instance)."""
    call = {"DBInstanceIdentifier": "hasivu-sandbox", "SkipFinalSnapshot": True}
    assert code(rds.delete_db_instance, **call) == "InvalidParameterCombination"


def test_a_standby_is_in_another_zone(rds, restored):
    """SecondaryAvailabilityZone is told of an instance with Multi-AZ support alone (API Reference, DBInstance)."""
    source = rds.describe_db_instances(DBInstanceIdentifier="hasivu-sandbox")["DBInstances"][0]
    assert source["SecondaryAvailabilityZone"] != source["AvailabilityZone"]
    assert "SecondaryAvailabilityZone" not in restored


def test_without_immediate_application_a_value_waits(rds):
    """PendingModifiedValues (API Reference, ModifyDBInstance)."""
    name = {"DBInstanceIdentifier": "hasivu-sandbox"}
    rds.modify_db_instance(**name, DBInstanceClass="db.r6g.large")
    found = rds.describe_db_instances(**name)["DBInstances"][0]
    assert found["DBInstanceClass"] == "db.t4g.medium"
    assert found["PendingModifiedValues"] == {"DBInstanceClass": "db.r6g.large"}


def test_a_disabled_key_and_used_up_quotas_stop_a_restore(aws, rds, faults, name):
    """KMSKeyNotAccessibleFault, InstanceQuotaExceeded, StorageQuotaExceeded (API Reference, Errors)."""
    call = {"TargetDBInstanceIdentifier": name, **SOURCE, **LATEST}
    key = rds.describe_db_instances(DBInstanceIdentifier="hasivu-sandbox")["DBInstances"][0]["KmsKeyId"]
    aws.client("kms").disable_key(KeyId=key)
    refused = code(rds.restore_db_instance_to_point_in_time, **call)
    aws.client("kms").enable_key(KeyId=key)
    assert refused == "KMSKeyNotAccessibleFault"
    faults(rds_quota_instances=1)
    assert code(rds.restore_db_instance_to_point_in_time, **call) == "InstanceQuotaExceeded"
    quotas = {one["AccountQuotaName"]: one for one in rds.describe_account_attributes()["AccountQuotas"]}
    assert quotas["DBInstances"]["Max"] == 1
    faults(rds_quota_storage=10)
    assert code(rds.restore_db_instance_to_point_in_time, **call) == "StorageQuotaExceeded"


def test_throttling_has_the_code_of_rds(rds, faults):
    """Throttling (RDS API Reference, Common errors)."""
    faults(throttled={"rds:ModifyDBInstance": 1})
    assert code(rds.modify_db_instance, DBInstanceIdentifier="hasivu-sandbox") == "Throttling"


def test_answers_come_in_pages(rds, restored):
    """MaxRecords is at least 20, Marker goes on (API Reference, DescribeDBInstances)."""
    assert code(rds.describe_db_instances, MaxRecords=5) == "InvalidParameterValue"
    pages = rds.get_paginator("describe_db_instances").paginate(PaginationConfig={"PageSize": 20})
    every = [one["DBInstanceIdentifier"] for page in pages for one in page["DBInstances"]]
    assert {"hasivu-sandbox", restored["DBInstanceIdentifier"]} <= set(every)
    assert len(every) == len(set(every))
    found = rds.describe_db_instances(Filters=[{"Name": "dbi-resource-id", "Values": [restored["DbiResourceId"]]}])
    assert [one["DBInstanceIdentifier"] for one in found["DBInstances"]] == [restored["DBInstanceIdentifier"]]


def test_another_region_has_no_instances(aws):
    assert aws.client("rds", "ap-south-2").describe_db_instances()["DBInstances"] == []


def test_a_password_is_hidden_from_cloudtrail(aws, rds):
    """Sensitive parameters are not logged (RDS User Guide, Logging Amazon RDS API calls)."""
    password = "a-Password-for-the-trail"
    code(rds.modify_db_instance, DBInstanceIdentifier="hasivu-sandbox", MasterUserPassword=password)
    kept = (aws.directory / "state" / "cloudtrail.jsonl").read_text() + (aws.directory / "requests.jsonl").read_text()
    assert "ModifyDBInstance" in kept
    assert password not in kept


def arn_of(name):
    return f"arn:aws:rds:ap-south-1:204867531290:db:{name}"


def test_a_replication_of_backups_asks_for_a_source_elsewhere_and_a_key_of_its_own_region(aws, rds):
    """Sent to the destination Region, with the ARN of the source and a key of the destination Region.

    Source: API Reference, StartDBInstanceAutomatedBackupsReplication.
    """
    away = aws.client("rds", "ap-south-2")
    start, source = away.start_db_instance_automated_backups_replication, arn_of("hasivu-sandbox")
    home_key = rds.describe_db_instances(DBInstanceIdentifier="hasivu-sandbox")["DBInstances"][0]["KmsKeyId"]
    assert code(start, SourceDBInstanceArn=arn_of("absent")) == "DBInstanceNotFound"
    assert code(start, SourceDBInstanceArn=source) == "InvalidDBInstanceAutomatedBackupState"  # the seed began one
    away.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=source)
    assert code(start, SourceDBInstanceArn=source) == "InvalidParameterCombination"
    assert code(start, SourceDBInstanceArn=source, KmsKeyId=home_key) == "KMSKeyNotAccessibleFault"
    home = rds.start_db_instance_automated_backups_replication
    assert code(home, SourceDBInstanceArn=source, KmsKeyId=home_key) == "InvalidParameterValue"
    key = aws.client("kms", "ap-south-2").create_key()["KeyMetadata"]["Arn"]
    made = start(SourceDBInstanceArn=source, KmsKeyId=key, BackupRetentionPeriod=3)["DBInstanceAutomatedBackup"]
    assert (made["Status"], made["KmsKeyId"], made["BackupRetentionPeriod"]) == ("pending", key, 3)
    listed = away.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
    states = [one["Status"] for one in listed if one["DBInstanceIdentifier"] == "hasivu-sandbox"]
    assert states == ["retained", "pending"]
    shown = rds.describe_db_instances(DBInstanceIdentifier="hasivu-sandbox")["DBInstances"][0]
    replications = [one["DBInstanceAutomatedBackupsArn"] for one in shown["DBInstanceAutomatedBackupsReplications"]]
    assert replications == [made["DBInstanceAutomatedBackupsArn"]]
    assert "RestoreWindow" not in made  # nothing was copied yet


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"SourceDBInstanceIdentifier": "absent"}, "DBInstanceNotFound"),
        ({"DBInstanceIdentifier": "hasivu-sandbox"}, "DBInstanceAlreadyExists"),
        ({"VpcSecurityGroupIds": ["sg-absent"]}, "InvalidParameterValue"),
        ({"DBParameterGroupName": "absent"}, "DBParameterGroupNotFound"),
        ({"ReplicaMode": "mounted"}, "NotImplemented"),
    ],
)
def test_a_replica_that_cannot_be_is_refused(rds, name, parameters, expected):
    """The errors of CreateDBInstanceReadReplica (API Reference); what is not known is refused too."""
    call = {"DBInstanceIdentifier": name, "SourceDBInstanceIdentifier": "hasivu-sandbox", **parameters}
    assert code(rds.create_db_instance_read_replica, **call) == expected


def test_of_what_is_not_available_there_is_no_replica_and_nothing_else_is_promoted(rds, restored, name):
    """InvalidDBInstanceState (API Reference, CreateDBInstanceReadReplica and PromoteReadReplica)."""
    source = {"SourceDBInstanceIdentifier": restored["DBInstanceIdentifier"]}
    replica = {"DBInstanceIdentifier": f"{name}-replica", **source}
    assert code(rds.create_db_instance_read_replica, **replica) == "InvalidDBInstanceState"
    assert code(rds.promote_read_replica, DBInstanceIdentifier="hasivu-sandbox") == "InvalidDBInstanceState"


def test_a_replica_has_the_groups_of_its_source_and_no_backups(rds, name):
    """ "RDS creates read replicas with backups disabled. All other attributes ... are inherited" (API Reference)."""
    call = {"DBInstanceIdentifier": name, "SourceDBInstanceIdentifier": "hasivu-sandbox"}
    made = rds.create_db_instance_read_replica(**call)["DBInstance"]
    source = rds.describe_db_instances(DBInstanceIdentifier="hasivu-sandbox")["DBInstances"][0]
    same = ("DBInstanceClass", "DBParameterGroups", "OptionGroupMemberships", "EngineVersion", "KmsKeyId")
    assert [made[field] for field in same] == [source[field] for field in same]
    assert (made["BackupRetentionPeriod"], made["MultiAZ"], made["DeletionProtection"]) == (0, False, False)
    assert made["ReadReplicaSourceDBInstanceIdentifier"] == "hasivu-sandbox"
    assert name in source["ReadReplicaDBInstanceIdentifiers"]
    assert made["DbiResourceId"] != source["DbiResourceId"]
